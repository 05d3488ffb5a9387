"""What the process tells whoever watches it."""
