"""SQL of the booking office."""
