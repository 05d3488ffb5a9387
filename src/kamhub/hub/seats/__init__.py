"""The seat engine: the only writer of ``departures.taken``.

Requests queue in memory by departure; a lane takes all that wait, locks their departures in id order (skipping those
another process has), releases what has lapsed, lets ``rules`` allocate request by request, writes everything in a few
set-based statements, commits once and answers every caller. The row locks and the CHECK are the truth, memory is only
a queue, so any number of processes may run engines against one database.

``engine`` serves new holds. ``actions`` gives and takes seats inside a caller's own transaction (cancel, expire,
revive). Everybody locks the departure first and the booking second.
"""
