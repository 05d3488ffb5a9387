"""Who rides: the manifest of a departure, boarding, no-shows."""
