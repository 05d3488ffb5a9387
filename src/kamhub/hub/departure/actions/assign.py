"""Putting a vehicle and a driver on a departure."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

import psycopg

from kamhub.hub.booking import store as bookings
from kamhub.hub.booking.messages import tell_booker
from kamhub.hub.departure import rules
from kamhub.hub.departure.actions import read
from kamhub.hub.departure.actions.sales import Version
from kamhub.hub.departure.store import staff as store
from kamhub.hub.departure.types import (
    Assignment,
    Choice,
    Conflict,
    DepartureEvent,
    DepartureNotFound,
    DriverUnknown,
    Resource,
    StaffDeparture,
    TooSmall,
    VehicleUnknown,
)
from kamhub.hub.seats import actions as seats
from kamhub.hub.seats.types import LockedDeparture
from kamhub.hub.services import Hub
from kamhub.platform.audit import actions as audit
from kamhub.platform.database.pool import Connection
from kamhub.platform.person.types import Staff
from kamhub.platform.web.versions import require_version

_BUSY: dict[str, Resource] = {"departures_vehicle_free": "vehicle", "departures_driver_free": "driver"}
# Two who assign across each other: one of them is told to wait, and then finds what the other has done.
_ATTEMPTS = 3
Wanted = Callable[[StaffDeparture], Assignment]


async def assign(hub: Hub, staff: Staff, departure_id: UUID, wanted: Wanted, version: Version = None) -> StaffDeparture:
    """Put on the departure what ``wanted`` makes of what is on it now.

    A vehicle that changes brings its own number of seats; travellers with a confirmed booking are told of it.
    Raises ``DepartureNotFound``, ``VersionStale``, ``DepartureCancelled``, ``VehicleUnknown``, ``DriverUnknown``,
    ``TooSmall``, ``Conflict``.
    """
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            return await _assign(hub, staff, departure_id, wanted, version)
        except psycopg.errors.ExclusionViolation as busy:
            refused = await _other(hub, staff, departure_id, wanted, _BUSY[busy.diag.constraint_name or ""])
            if refused.departure_id is not None or attempt == _ATTEMPTS:
                raise refused from None
        except psycopg.errors.DeadlockDetected:
            if attempt == _ATTEMPTS:
                raise
    raise AssertionError("the last attempt returns or raises")


async def _assign(hub: Hub, staff: Staff, departure_id: UUID, wanted: Wanted, version: Version) -> StaffDeparture:
    now, organisation = hub.clock.now(), staff.organisation_id
    async with hub.database.tenant(organisation) as connection:
        await read.require(connection, staff, departure_id, now)
        try:
            locked = await seats.lock(connection, departure_id, now)
        except LookupError:
            raise DepartureNotFound from None
        found = await read.require(connection, staff, departure_id, now)
        require_version(version, found.version)
        rules.require_running(found.status)
        new = wanted(found)
        if new == Assignment(found.vehicle_id, found.driver_id):
            return found
        if new.driver_id is not None and new.driver_id != found.driver_id:
            await require_rested(connection, organisation, new, found.departs_at, found.arrives_at, found.id)
        if new.vehicle_id != found.vehicle_id:
            await _resize(connection, found, locked, new.vehicle_id, now)
        await store.assign(connection, organisation, departure_id, new, found.arrives_at)
        await _write_down(connection, staff, found, new, now)
        if new.vehicle_id != found.vehicle_id:
            await _tell(connection, found, now)
        return await read.require(connection, staff, departure_id, now)


async def require_rested(
    connection: Connection, organisation_id: UUID, new: Assignment, start: datetime, end: datetime, beside: UUID
) -> None:
    """Raise ``DriverUnknown``, or ``Conflict`` when the driver is busy or would rest too little. Locks the driver's plan."""
    if new.driver_id is None:
        return
    if await store.driver_works(connection, organisation_id, new.driver_id) is None:
        raise DriverUnknown
    await store.lock_driver(connection, new.driver_id)
    rest = await store.rest_minutes(connection, organisation_id)
    for other, departs_at, _, drives in await store.in_the_way(
        connection, organisation_id, new, start, end, beside, rest
    ):
        if drives:
            overlaps = await store.in_the_way(connection, organisation_id, new, start, end, beside)
            busy = any(one == other and driving for one, _, _, driving in overlaps)
            raise Conflict("driver", "busy" if busy else "rest", other, departs_at)


async def _resize(
    connection: Connection, found: StaffDeparture, locked: LockedDeparture, vehicle_id: UUID, now: datetime
) -> None:
    vehicle = await store.vehicle(connection, found.organisation_id, vehicle_id)
    if vehicle is None:
        raise VehicleUnknown
    capacity = vehicle[0]
    if max(locked.taken) > capacity:
        parties = await store.parties(connection, found.organisation_id, found.id, now)
        raise TooSmall(capacity, rules.left_out(parties, capacity, len(locked.taken)))
    await seats.resize(connection, locked, capacity, now)


async def _write_down(
    connection: Connection, staff: Staff, found: StaffDeparture, new: Assignment, now: datetime
) -> None:
    changes = [
        ("vehicle", str(found.vehicle_id), str(new.vehicle_id)),
        ("driver", _text(found.driver_id), _text(new.driver_id)),
    ]
    for what, before, after in changes:
        if before != after:
            event = DepartureEvent(now, what, before, after, staff.trail.actor, None)
            await store.add_event(connection, found.organisation_id, found.id, event)
    await audit.record(
        connection,
        found.organisation_id,
        staff.trail,
        "departure.assigned",
        "departure",
        found.id,
        now,
        before={f"{what}_id": before for what, before, _ in changes},
        after={f"{what}_id": after for what, _, after in changes},
    )


def _text(number: UUID | None) -> str | None:
    return None if number is None else str(number)


async def _tell(connection: Connection, found: StaffDeparture, now: datetime) -> None:
    """Whoever looks for a white minibus should know that a blue bus comes."""
    if found.departs_at <= now:
        return
    for booking_id in await store.told_of_changes(connection, found.organisation_id, found.id):
        row = await bookings.load(connection, found.organisation_id, booking_id)
        if row is not None:
            occasion = f"{found.id}:{found.version + 1}"
            await tell_booker(connection, row, "changed", now, occasion=occasion, facts={"what": "vehicle"})


async def _other(hub: Hub, staff: Staff, departure_id: UUID, wanted: Wanted, what: Resource) -> Conflict:
    """Who was in the way, as it is now that the attempt has been rolled back."""
    async with hub.database.tenant(staff.organisation_id) as connection:
        found = await read.require(connection, staff, departure_id, hub.clock.now())
        return await conflict_with(
            connection, staff.organisation_id, wanted(found), found.departs_at, found.arrives_at, found.id, what
        )


async def conflict_with(
    connection: Connection,
    organisation_id: UUID,
    new: Assignment,
    start: datetime,
    end: datetime,
    beside: UUID,
    what: Resource,
) -> Conflict:
    """The refusal that names the departure in the way."""
    rows = await store.in_the_way(connection, organisation_id, new, start, end, beside)
    mine = [(one, at) for one, at, rides, drives in rows if (rides if what == "vehicle" else drives)]
    return Conflict(what, "busy", *mine[0]) if mine else Conflict(what)


async def choices(hub: Hub, staff: Staff, departure: StaffDeparture) -> tuple[list[Choice], list[Choice]]:
    """Vehicles and drivers that could be put on it, with those marked that are busy then."""
    async with hub.database.tenant(staff.organisation_id) as connection:
        span = (departure.departs_at, departure.arrives_at, departure.id)
        return (
            await store.vehicle_choices(connection, staff.organisation_id, *span),
            await store.driver_choices(connection, staff.organisation_id, *span),
        )
