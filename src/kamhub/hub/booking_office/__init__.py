"""Bookings as the operator works with them: lists, callers, notes. Tables: booking_notes."""
