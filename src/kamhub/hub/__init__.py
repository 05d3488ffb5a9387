"""The booking business: places, departures, seats, bookings, payments, tickets, notices."""
