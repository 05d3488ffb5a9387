"""Calling departures off, and looking at what comes of it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from kamhub.hub.departure.types import DepartureNotFound
from kamhub.hub.disruption import rules, store
from kamhub.hub.disruption.types import AffectedDeparture as Affected
from kamhub.hub.disruption.types import (
    Decision,
    Destination,
    DisruptedBooking,
    Disruption,
    DisruptionNotFound,
    Effect,
    NothingToCancel,
    Outcome,
    Party,
)
from kamhub.hub.move import store as trips
from kamhub.hub.move.types import Candidate, DepartureLeft, Wanted
from kamhub.hub.seats import actions as seats
from kamhub.hub.seats.types import LockedDeparture
from kamhub.hub.services import Hub
from kamhub.kit.ids import new_id
from kamhub.kit.money import Money
from kamhub.platform.audit import actions as audit
from kamhub.platform.database.pool import Connection
from kamhub.platform.job.queue import enqueue
from kamhub.platform.job.types import Kind, Queue
from kamhub.platform.person.types import Staff

# Before the refunds it makes: everybody is to know within seconds.
CARRY_OUT = Kind("disruption.carry_out", Queue.PAYMENTS, "tenant", frozenset({"disruption_id"}), priority=5)


async def decide(hub: Hub, staff: Staff, decision: Decision) -> Disruption:
    """Call departures off at once, and put the rest into the queue: everybody on them is moved, paid back or asked.

    Departures of the list that are cancelled already are left out. Raises ``DepartureNotFound``, ``DepartureLeft``,
    ``NothingToCancel``.
    """
    now = hub.clock.now()
    async with hub.database.tenant(staff.organisation_id) as connection:
        chosen = await _chosen(connection, staff.organisation_id, decision, now)
        made = await _call_off(connection, staff, decision, chosen, now)
        if made is None:
            raise NothingToCancel
        told = {"departures": made.departures, "rebook": made.rebook, "reason": made.reason}
        await audit.record(
            connection, staff.organisation_id, staff.trail, "disruption.decided", "disruption", made.id, now, after=told
        )
    return await disruption(hub, staff, made.id)


@dataclass(frozen=True, slots=True)
class Cancelled:
    """A cancelled departure. ``disruption_id`` is the decision that did it, None for one that nobody was booked on;
    ``fresh`` is false when it had been cancelled before."""

    departure_id: UUID
    disruption_id: UUID | None
    fresh: bool


async def cancel_departure(hub: Hub, staff: Staff, departure_id: UUID, decision: Decision) -> Cancelled:
    """Call one departure off; saying it again changes nothing.

    Raises ``DepartureNotFound``, ``DepartureLeft``.
    """
    now, organisation_id = hub.clock.now(), staff.organisation_id
    async with hub.database.tenant(organisation_id) as connection:
        made = await _call_off(connection, staff, decision, [departure_id], now)
        if made is None:
            known = await store.of_departure(connection, organisation_id, departure_id)
            return Cancelled(departure_id, known, fresh=False)
        await audit.record(
            connection, organisation_id, staff.trail, "departure.cancelled", "departure", departure_id, now,
            after={"rebook": made.rebook, "reason": made.reason, "disruption": str(made.id)},
        )  # fmt: skip
        return Cancelled(departure_id, made.id, fresh=True)


async def require_departure(hub: Hub, staff: Staff, departure_id: UUID) -> None:
    """Raise ``DepartureNotFound`` unless the departure is the operator's: that goes before what is wrong with the rest."""
    async with hub.database.tenant(staff.organisation_id) as connection:
        if not await store.running(connection, staff.organisation_id, [departure_id]):
            raise DepartureNotFound


async def _chosen(connection: Connection, organisation_id: UUID, decision: Decision, now: datetime) -> Collection[UUID]:
    """The departures a decision is about; those of a day are the ones that have not left."""
    if decision.day is None:
        return decision.departure_ids
    found = await store.affected_of_day(connection, organisation_id, decision.day, decision.route_id, now)
    return [departure.id for departure in found]


async def _call_off(
    connection: Connection, staff: Staff, decision: Decision, departure_ids: Collection[UUID], now: datetime
) -> Disruption | None:
    """Cancel them under their locks and write down whom it met; None when all of them were cancelled already."""
    locked = await seats.lock_many(connection, set(departure_ids), now)
    if locked.keys() != set(departure_ids):
        raise DepartureNotFound
    running = {number: one for number, one in locked.items() if one.seats.status != "cancelled"}
    if not running:
        return None
    if any(one.seats.departs_at <= now for one in running.values()):
        raise DepartureLeft
    for one in running.values():
        await seats.tidy(connection, one, now)
    made = _disruption(staff, decision, running, now)
    await store.insert(connection, made)
    await store.call_off(connection, made, running.keys())
    if await store.add_bookings(connection, made, running.keys()):
        await enqueue(
            connection,
            CARRY_OUT,
            organisation_id=staff.organisation_id,
            lock=f"disruption:{made.id}",
            disruption_id=str(made.id),
        )
    else:
        await store.finish(connection, staff.organisation_id, made.id, now)
    return made


def _disruption(staff: Staff, decision: Decision, running: Mapping[UUID, LockedDeparture], now: datetime) -> Disruption:
    first = min(one.seats.departs_at for one in running.values())
    return Disruption(
        organisation_id=staff.organisation_id,
        id=new_id(),
        rebook=decision.rebook,
        reason=decision.reason,
        weather=decision.weather,
        actor=staff.trail.actor,
        created_at=now,
        answer_until=rules.answer_until(now, first) if decision.rebook == "ask" else None,
        finished_at=None,
        departures=len(running),
    )


async def disruption(hub: Hub, staff: Staff, disruption_id: UUID) -> Disruption:
    """One decision with how far it is. Raises ``DisruptionNotFound``."""
    async with hub.database.tenant(staff.organisation_id) as connection:
        found = await store.disruption(connection, staff.organisation_id, disruption_id, hub.clock.now())
    if found is None:
        raise DisruptionNotFound
    return found


async def disruptions(hub: Hub, staff: Staff, *, offset: int, limit: int) -> tuple[list[Disruption], int]:
    """A page of decisions, the newest first, and how many there are."""
    async with hub.database.tenant(staff.organisation_id) as connection:
        return await store.disruptions(connection, staff.organisation_id, hub.clock.now(), offset=offset, limit=limit)


async def bookings(
    hub: Hub, staff: Staff, disruption_id: UUID, *, outcome: Outcome | None = None, offset: int, limit: int
) -> tuple[list[DisruptedBooking], int]:
    """A page of the bookings a decision met. Raises ``DisruptionNotFound``."""
    now, organisation_id = hub.clock.now(), staff.organisation_id
    async with hub.database.tenant(organisation_id) as connection:
        if await store.disruption(connection, organisation_id, disruption_id, now, counted=False) is None:
            raise DisruptionNotFound
        return await store.bookings(
            connection, organisation_id, disruption_id, now, outcome=outcome, offset=offset, limit=limit
        )


async def affected(hub: Hub, staff: Staff, decision: Decision) -> list[Affected]:
    """What a decision would call off, with who is on it; of a list, those that still run. Raises ``DepartureNotFound``."""
    now = hub.clock.now()
    async with hub.database.tenant(staff.organisation_id) as connection:
        return await _affected(connection, staff.organisation_id, decision, now)


async def _affected(connection: Connection, organisation_id: UUID, decision: Decision, now: datetime) -> list[Affected]:
    if decision.day is not None:
        return await store.affected_of_day(connection, organisation_id, decision.day, decision.route_id, now)
    found = await store.affected(connection, organisation_id, decision.departure_ids, now)
    if {one.id for one in found} != set(decision.departure_ids):
        raise DepartureNotFound
    return [one for one in found if one.status != "cancelled" and one.departs_at > now]


async def preview(hub: Hub, staff: Staff, decision: Decision, *, noted: bool = False) -> list[Effect]:
    """What a decision would do, departure by departure, by what is sold this moment. Nothing is changed.

    ``noted``: the log says who looked.

    Raises ``DepartureNotFound``.
    """
    now, organisation_id = hub.clock.now(), staff.organisation_id
    async with hub.database.tenant(organisation_id) as connection:
        departures = await _affected(connection, organisation_id, decision, now)
        gone, taken = {one.id for one in departures}, rules.Counters()
        effects = []
        for departure in departures:
            parties = await store.parties_on(connection, organisation_id, departure.id, now)
            chosen: Mapping[UUID, Candidate | None] = {}
            if decision.rebook == "nearest" and parties:
                chosen = await _assigned(connection, organisation_id, departure, parties, gone, taken, now)
            effects.append(_effect(decision, departure, parties, chosen))
        if noted:
            told = {"departures": len(departures), "rebook": decision.rebook}
            await audit.record(
                connection, organisation_id, staff.trail, "disruption.previewed", "disruption", None, now, after=told
            )
    return effects


async def _assigned(
    connection: Connection,
    organisation_id: UUID,
    departure: Affected,
    parties: Sequence[Party],
    gone: Collection[UUID],
    taken: rules.Counters,
    now: datetime,
) -> dict[UUID, Candidate | None]:
    """Who would go where; whoever cannot be reached is not moved."""
    stops = await trips.stops(connection, organisation_id, departure.id)
    wanted = [
        Wanted(stops[start].place_id, stops[end].place_id, stops[start].at(departure.departs_at))
        for start, end in sorted({party.stretch for party in parties})
    ]
    found = await trips.candidates(
        connection, organisation_id, wanted, until=departure.departs_at + rules.HORIZON, now=now
    )
    places = {position: stop.place_id for position, stop in stops.items()}
    reachable = [party for party in parties if party.reachable]
    return rules.assign(reachable, [one for one in found if one.departure_id not in gone], taken, places)


def _effect(
    decision: Decision, departure: Affected, parties: Sequence[Party], chosen: Mapping[UUID, Candidate | None]
) -> Effect:
    asked = [party for party in parties if decision.rebook == "ask" and party.reachable]
    moved: dict[UUID, Destination] = {}
    returned = []
    for party in parties:
        to = chosen.get(party.booking_id)
        if to is not None:
            before = moved.get(to.departure_id, Destination(to.departure_id, to.leaves_at, 0, 0))
            moved[to.departure_id] = Destination(
                to.departure_id, before.departs_at, before.bookings + 1, before.passengers + party.passengers
            )
        elif party not in asked:
            returned.append(party)
    currency = parties[0].currency if parties else "RUB"
    return Effect(
        departure,
        tuple(sorted(moved.values(), key=lambda one: one.departs_at)),
        len(returned),
        len(asked),
        Money(sum(party.left for party in returned), currency),
    )
