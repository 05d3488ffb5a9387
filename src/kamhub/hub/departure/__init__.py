"""Dated departures and what people are told of them.

Tables: departures. States of a departure: open → closed ↔ open → cancelled. Seats on it are written by hub/seats only.
"""
