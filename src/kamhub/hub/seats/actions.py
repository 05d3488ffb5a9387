"""Giving and taking seats inside a caller's own transaction.

Used where seats change together with something else that must be saved or not be saved with them: a cancellation with
its refund, late money with its booking. The departure is locked first; lock the booking after it.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from kamhub.hub.seats import rules, store
from kamhub.hub.seats.types import DepartureSeats, LapsedBooking, SeatsTaken
from kamhub.platform.database.pool import Connection


@dataclass(frozen=True, slots=True)
class LockedDeparture:
    """A departure held by this transaction, its lapsed bookings, and the counters without them."""

    seats: DepartureSeats
    lapsed: tuple[LapsedBooking, ...]
    taken: tuple[int, ...]

    def free(self, stretch: SeatsTaken) -> int:
        """Seats free on the stretch."""
        return rules.free_seats(self.taken, self.seats.capacity, stretch.from_position, stretch.to_position)


async def lock(connection: Connection, departure_id: UUID, now: datetime) -> LockedDeparture:
    """Wait for the departure's lock and count its lapsed seats as free.

    Raises ``LookupError`` when it does not exist in this scope.
    """
    departure, lapsed = await store.lock_departure(connection, departure_id, now)
    if departure is None:
        raise LookupError(f"no departure {departure_id}")
    taken = rules.give_back(departure.taken, (booking.seats for booking in lapsed))
    return LockedDeparture(departure, tuple(lapsed), taken)


async def sweep(connection: Connection, departure: LockedDeparture, now: datetime) -> int:
    """Expire what has lapsed; returns how many bookings that were."""
    await store.save_counters(connection, departure.seats, departure.taken, departure.lapsed, now)
    return len(departure.lapsed)


async def release(
    connection: Connection, departure: LockedDeparture, booking_id: UUID, seats: SeatsTaken, now: datetime
) -> None:
    """Give back the seats of one booking that has them (and is not among the lapsed), and sweep."""
    if booking_id in _ids(departure.lapsed):
        raise ValueError("a lapsed booking has no seats to give back")
    taken = rules.give_back(departure.taken, (seats,))
    await store.save_counters(connection, departure.seats, taken, departure.lapsed, now)


async def retake(connection: Connection, departure: LockedDeparture, seats: SeatsTaken, now: datetime) -> bool:
    """Take seats for a booking that lost them, and sweep. False, with nothing taken, when they are gone."""
    if departure.free(seats) < seats.passengers:
        await sweep(connection, departure, now)
        return False
    taken = rules.take(departure.taken, seats)
    await store.save_counters(connection, departure.seats, taken, departure.lapsed, now)
    return True


def _ids(lapsed: Collection[LapsedBooking]) -> set[UUID]:
    return {booking.id for booking in lapsed}
