"""Locking a booking together with the departure it is on, although it may be moved to another one at any moment."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from uuid import UUID

from psycopg import Rollback

from kamhub.hub.booking import store
from kamhub.hub.booking.store import BookingRow
from kamhub.hub.seats import actions as seats
from kamhub.hub.seats.types import LockedDeparture
from kamhub.platform.database.pool import Connection


async def lock_booking(
    connection: Connection, organisation_id: UUID, booking_id: UUID, now: datetime
) -> tuple[BookingRow, LockedDeparture] | None:
    """The booking and its departure, locked in that order: departure, booking. None when there is no such booking."""
    locked = await lock_booking_beside(connection, organisation_id, booking_id, (), now)
    return None if locked is None else (locked[0], locked[1][locked[0].departure_id])


async def lock_booking_beside(
    connection: Connection, organisation_id: UUID, booking_id: UUID, others: Collection[UUID], now: datetime
) -> tuple[BookingRow, Mapping[UUID, LockedDeparture]] | None:
    """The same with other departures, all of them locked in id order, before the booking; unknown ones are left out.

    Whoever moves a booking locks both departures first. When that happened between our look and our lock, the locks are
    given up again (a savepoint) before the right ones are taken: nobody waits crosswise.
    """
    while True:
        async with connection.transaction() as attempt:
            found = await store.load(connection, organisation_id, booking_id)
            if found is None:
                return None
            departures = await seats.lock_many(connection, {found.departure_id, *others}, now)
            row = await store.load(connection, organisation_id, booking_id, lock=True)
            if row is not None and row.departure_id == found.departure_id:
                return row, departures
            raise Rollback(attempt)
