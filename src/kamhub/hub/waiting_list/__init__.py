"""Parties that wait for seats on a full departure.

Tables: waiting_parties. States::

    waiting ──► offered ──► booked
       ╲           │
        ► left     ▼
        ► lapsed  lapsed

When seats come back, the party that has waited longest and fits gets an ordinary hold and a message with the link to pay;
when that hold lapses the next one is asked. Everybody may buy meanwhile: nothing is kept back for those who wait.
"""
