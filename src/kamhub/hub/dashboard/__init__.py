"""Figures of an organisation. No table of its own."""
