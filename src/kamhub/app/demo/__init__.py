"""What only the demo needs: stand-ins of outside systems, never part of a production run."""
