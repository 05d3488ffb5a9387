"""Vehicles of an organisation.

Owns the table vehicles. In use → archived (it stays for the departures that ran with it); one that nothing refers to is
removed for good. A changed capacity counts for departures made from then on.
"""
