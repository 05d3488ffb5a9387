"""What the office does with bookings: finds them, makes them for callers, changes, cancels and remarks on them."""
