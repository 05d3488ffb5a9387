"""Departures that do not run, and what becomes of everyone who was booked on them: a weather day, a broken bus.

Tables: disruptions, disrupted_departures, disrupted_bookings. One decision cancels departures and writes down every booking
it met (``waiting``), in one transaction; a job then settles booking by booking::

    waiting ──► moved | refunded | cancelled | already_over
       ╲
        ► asked ──► moved | refunded | cancelled | already_over

Who is asked and does not answer in time is moved to the next departure with room, or gets everything back: nobody is
dropped in silence. A disruption is finished when no outcome is open.
"""
