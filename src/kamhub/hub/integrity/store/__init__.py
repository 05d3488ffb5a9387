"""SQL of the promises and of what their checks found."""
