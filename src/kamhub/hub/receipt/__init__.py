"""Receipts of 54-FZ through the cash register of the payment service (CloudKassir). Tables: receipts.

A service that is paid ahead has two: ``prepayment`` when the money comes (method 1), ``full`` when the trip has run
(method 4, paid from the advance). Money that goes back has a ``refund`` (IncomeReturn). Only accounts with ``receipts``
have any. States: requested → queued → done | refused. One that nobody answered for is not asked for
again after the time the provider remembers it: its notification settles it, or a person.
"""
