"""The AI desk: what an organisation's agents know. The hub works without it."""
