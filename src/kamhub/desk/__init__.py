"""The AI desk. Nothing of it is built yet; the hub works without it."""
