"""What the verbs share: the terms of a timetable, the plan for its departures, carrying it out."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TypeVar
from uuid import UUID

import psycopg

from kamhub.hub.seats import actions as seats
from kamhub.hub.timetable import rules
from kamhub.hub.timetable.store import departures, network
from kamhub.hub.timetable.types import (
    Conflict,
    Existing,
    NewDeparture,
    OutsideHours,
    Plan,
    RouteLine,
    Terms,
    Timetable,
    TimetableBusy,
    VehicleSeats,
)
from kamhub.kit.ids import new_id
from kamhub.platform.database.pool import Connection
from kamhub.platform.organisation import store as organisations

Result = TypeVar("Result")

# Somebody took a vehicle, a driver or a seat between our look and our write: look again.
_OVERTAKEN = (
    psycopg.errors.ExclusionViolation,
    psycopg.errors.ForeignKeyViolation,
    psycopg.errors.DeadlockDetected,
)
_ATTEMPTS = 4


@dataclass(frozen=True, slots=True)
class State:
    """A timetable with what its departures need to be told."""

    timetable: Timetable
    line: RouteLine
    vehicle: VehicleSeats

    @property
    def terms(self) -> Terms:
        timetable = self.timetable
        return Terms(
            route_id=timetable.route_id,
            vehicle_id=timetable.vehicle_id,
            driver_id=timetable.driver_id,
            tariff_id=timetable.tariff_id,
            capacity=self.vehicle.capacity,
            sales_cutoff=timedelta(minutes=timetable.sales_cutoff_minutes),
            length=self.line.length,
            legs=self.line.legs,
        )

    def wanted(self, now: datetime) -> list[datetime]:
        """Every departure it calls for from now to the horizon; none when it is archived."""
        timetable = self.timetable
        if timetable.archived_at is not None:
            return []
        until = now + rules.HORIZON
        return rules.slots(timetable.pattern, timetable.exceptions_by_date, self.line.zone, now, until)


async def undisturbed(work: Callable[[], Awaitable[Result]]) -> Result:
    """Do that work, again when somebody else was faster. Raises ``TimetableBusy`` when they always are."""
    for _ in range(_ATTEMPTS):
        try:
            return await work()
        except _OVERTAKEN:
            continue
    raise TimetableBusy


async def outside_hours(connection: Connection, state: State, now: datetime) -> OutsideHours | None:
    """What the timetable asks of its driver outside their hours, which count by the organisation's clock."""
    timetable = state.timetable
    if timetable.driver_id is None:
        return None
    hours = await network.driver_hours(connection, timetable.organisation_id, timetable.driver_id)
    if hours is None:
        return None
    zone = await organisations.zone(connection, timetable.organisation_id)
    return rules.outside_hours(state.wanted(now), state.line.length, state.line.zone, hours, zone)


async def plan(
    connection: Connection, before: State, after: State, existing: Sequence[Existing], now: datetime
) -> Plan:
    """What becomes of the departures of a timetable that was ``before`` and is ``after``."""
    organisation, terms = after.timetable.organisation_id, after.terms
    wanted = after.wanted(now)
    off = await departures.called_off(connection, organisation, after.timetable.id, now)
    off -= {one.departs_at for one in existing}
    vehicles = {terms.vehicle_id} | {one.vehicle_id for one in existing}
    drivers = {terms.driver_id} | {one.driver_id for one in existing}
    roads = await _roads(connection, after, vehicles, drivers, wanted, now)
    kept = [moment for moment in wanted if moment not in off]
    return rules.plan(kept, existing, before.terms, terms, roads, after.line.zone, new_id)


async def plan_missing(connection: Connection, state: State, existing: Sequence[Existing], now: datetime) -> Plan:
    """What the timetable calls for and is not there: to be made, or in conflict. What is there stays as it is."""
    terms, wanted = state.terms, state.wanted(now)
    off = await departures.called_off(connection, state.timetable.organisation_id, state.timetable.id, now)
    there = off | {one.departs_at for one in existing}
    open_slots = [moment for moment in wanted if moment not in there]
    roads = await _roads(connection, state, {terms.vehicle_id}, {terms.driver_id}, open_slots, now, own=True)
    return rules.plan(open_slots, (), terms, terms, roads, state.line.zone, new_id)


async def _roads(
    connection: Connection,
    state: State,
    vehicles: set[UUID],
    drivers: set[UUID | None],
    wanted: Sequence[datetime],
    now: datetime,
    *,
    own: bool = False,
) -> rules.Roads:
    """Everything else that these vehicles and drivers have to do; with ``own`` also what they do for this timetable."""
    organisation = state.timetable.organisation_id
    rest, _ = await network.operating_rules(connection, organisation)
    busy = await departures.busy(
        connection,
        organisation,
        sorted(vehicles),
        sorted(driver for driver in drivers if driver is not None),
        now,
        wanted[-1] if wanted else now,
        beside=None if own else state.timetable.id,
    )
    return rules.Roads(busy, rest)


async def lock_departures(connection: Connection, state: State, now: datetime) -> list[Existing]:
    """Lock what has not left yet, in id order, expire what has lapsed on it, and read it as it is then.

    What was sold before the lock is seen; what wants to be sold afterwards waits for the end of this transaction.
    """
    timetable = state.timetable
    seen = await departures.existing(connection, timetable.organisation_id, timetable.id, now)
    locked = await seats.lock_many(connection, [one.id for one in seen], now)
    for departure in locked.values():
        if departure.lapsed:
            await seats.sweep(connection, departure, now)
    return await departures.existing(connection, timetable.organisation_id, timetable.id, now)


async def carry_out(connection: Connection, state: State, planned: Plan, now: datetime, actor: str) -> Plan:
    """Write what was planned; returns what has come of it."""
    organisation, terms = state.timetable.organisation_id, state.terms
    await departures.remove(connection, organisation, planned.removed, now, actor)
    written = [one for one in planned.followed if one.changed]
    await departures.follow(connection, organisation, written, terms.length, now, actor)
    sizes = {one.before.id: one.capacity for one in written if one.capacity != one.before.capacity}
    if sizes:
        await seats.fit(connection, organisation, sizes)
    made = await departures.insert(connection, organisation, state.timetable.id, terms, planned.created, now, actor)
    lost = [one for one in planned.created if one.id not in made]
    if not lost:
        return planned
    conflicts = await _overtaken(connection, state, lost, now)
    return replace(
        planned,
        created=tuple(one for one in planned.created if one.id in made),
        conflicts=tuple(sorted((*planned.conflicts, *conflicts), key=lambda one: one.departs_at)),
    )


async def _overtaken(
    connection: Connection, state: State, lost: Sequence[NewDeparture], now: datetime
) -> list[Conflict]:
    """What others put on the road while the plan was made."""
    terms = state.terms
    roads = await _roads(
        connection, state, {terms.vehicle_id}, {terms.driver_id}, [one.departs_at for one in lost], now, own=True
    )
    found = []
    for one in lost:
        obstacle = roads.obstacle(terms.vehicle_id, terms.driver_id, one.departs_at, one.departs_at + terms.length)
        if obstacle:
            found.append(Conflict(one.departs_at, *obstacle))
    return found
