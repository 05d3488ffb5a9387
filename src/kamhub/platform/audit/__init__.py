"""Who did what to what, from where, before and after.

Owns the table audit_events. A line is written in the transaction of what it tells of; no role of the running program may
change or remove one. What belongs to no organisation is not written: there is nobody to read it.
"""
