"""Job libraries side by side: the same jobs, the same kills, the same table.

A contestant is one file (``on_….py``) that holds both its ``Contestant`` and its worker program; the list of them is in
``contest.py``.
"""
