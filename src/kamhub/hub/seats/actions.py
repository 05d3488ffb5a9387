"""Giving and taking seats inside a caller's own transaction.

Used where seats change together with something else that must be saved or not be saved with them: a cancellation with
its refund, late money with its booking. The departure is locked first; lock the booking after it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from kamhub.hub.seats import rules, store
from kamhub.hub.seats.types import LapsedBooking, LockedDeparture, SeatsTaken, SoldOut
from kamhub.platform.database.pool import Connection


async def lock(connection: Connection, departure_id: UUID, now: datetime) -> LockedDeparture:
    """Wait for the departure's lock and count its lapsed seats as free.

    Raises ``LookupError`` when it does not exist in this scope.
    """
    departure, lapsed = await store.lock_departure(connection, departure_id, now)
    if departure is None:
        raise LookupError(f"no departure {departure_id}")
    taken = rules.give_back(departure.taken, (booking.seats for booking in lapsed))
    return LockedDeparture(departure, tuple(lapsed), taken)


async def lock_many(
    connection: Connection, departure_ids: Collection[UUID], now: datetime
) -> dict[UUID, LockedDeparture]:
    """Wait for the locks of several departures, taken in id order; lapsed seats count as free. Unknown ids are left out."""
    departures, lapsed = await store.lock_departures(connection, departure_ids, now)
    gone: dict[UUID, list[LapsedBooking]] = {}
    for booking in lapsed:
        gone.setdefault(booking.departure_id, []).append(booking)
    return {
        number: LockedDeparture(
            departure,
            tuple(gone.get(number, ())),
            rules.give_back(departure.taken, (booking.seats for booking in gone.get(number, ()))),
        )
        for number, departure in departures.items()
    }


@dataclass(frozen=True, slots=True)
class Transfer:
    """Seats of one booking that go from a departure to another: the new ones are taken before the old ones are given back."""

    booking_id: UUID
    source: LockedDeparture
    target: LockedDeparture
    leaves: SeatsTaken
    takes: SeatsTaken


async def transfer(connection: Connection, moving: Transfer, now: datetime) -> tuple[LockedDeparture, LockedDeparture]:
    """Carry it out and sweep both departures; returns them as they are then, still locked, so that more may follow.

    Raises ``SoldOut`` with nothing written, and ``ValueError`` for a booking that has lapsed.
    """
    source, target = moving.source, moving.target
    if moving.booking_id in _ids(source.lapsed):
        raise ValueError("a lapsed booking has no seats to move")
    free = target.free(moving.takes)
    if free < moving.takes.passengers:
        raise SoldOut(free)
    lapsed = (*source.lapsed, *target.lapsed)
    after = _swept(target, rules.take(target.taken, moving.takes))
    before = _swept(source, rules.give_back(source.taken, (moving.leaves,)))
    changed = [(target.seats, after.taken), (source.seats, before.taken)]
    await store.save_all(connection, changed, lapsed, now)
    return before, after


def _swept(departure: LockedDeparture, taken: tuple[int, ...]) -> LockedDeparture:
    return LockedDeparture(replace(departure.seats, taken=taken), (), taken)


async def sweep(connection: Connection, departure: LockedDeparture, now: datetime) -> int:
    """Expire what has lapsed; returns how many bookings that were."""
    await store.save_counters(connection, departure.seats, departure.taken, departure.lapsed, now)
    return len(departure.lapsed)


async def tidy(connection: Connection, departure: LockedDeparture, now: datetime) -> LockedDeparture:
    """Expire what has lapsed; returns the departure as it is then, still locked."""
    await sweep(connection, departure, now)
    return _swept(departure, departure.taken)


async def release(
    connection: Connection, departure: LockedDeparture, booking_id: UUID, seats: SeatsTaken, now: datetime
) -> LockedDeparture:
    """Give back the seats of one booking that has them (and is not among the lapsed), and sweep.

    Returns the departure as it is then, still locked.
    """
    if booking_id in _ids(departure.lapsed):
        raise ValueError("a lapsed booking has no seats to give back")
    taken = rules.give_back(departure.taken, (seats,))
    await store.save_counters(connection, departure.seats, taken, departure.lapsed, now)
    return _swept(departure, taken)


async def retake(connection: Connection, departure: LockedDeparture, seats: SeatsTaken, now: datetime) -> bool:
    """Take seats for a booking that lost them, and sweep. False, with nothing taken, when they are gone."""
    if departure.free(seats) < seats.passengers:
        await sweep(connection, departure, now)
        return False
    taken = rules.take(departure.taken, seats)
    await store.save_counters(connection, departure.seats, taken, departure.lapsed, now)
    return True


async def resize(connection: Connection, departure: LockedDeparture, capacity: int, now: datetime) -> LockedDeparture:
    """Give the departure so many seats, and sweep. Returns it as it is then, still locked.

    Raises ``ValueError``, with nothing written, when more are sold on some leg.
    """
    if max(departure.taken) > capacity:
        raise ValueError("more seats are sold than the departure would have")
    await store.save_counters(connection, departure.seats, departure.taken, departure.lapsed, now)
    await store.save_capacity(connection, departure.seats, capacity)
    swept = _swept(departure, departure.taken)
    return replace(swept, seats=replace(swept.seats, capacity=capacity))


async def fit(connection: Connection, organisation_id: UUID, capacities: Mapping[UUID, int]) -> None:
    """Give departures that this transaction has locked and swept, and on which nobody has a seat, another capacity."""
    await store.fit(connection, organisation_id, capacities)


def _ids(lapsed: Collection[LapsedBooking]) -> set[UUID]:
    return {booking.id for booking in lapsed}
