"""Carrying a decision out: some bookings at a time, each time in one transaction, safe to begin again at any moment.

What is locked is what will be written: the cancelled departure and those that somebody goes to, in id order, then the
bookings. Who goes where is worked out beforehand from what is seen without locks, and decided again under them.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from kamhub.hub.booking import store as bookings
from kamhub.hub.booking.rules import CANCELLABLE, effective_status
from kamhub.hub.booking.store import BookingRow
from kamhub.hub.disruption import rules, settling, store
from kamhub.hub.disruption.settling import Settling
from kamhub.hub.disruption.store import Settlement
from kamhub.hub.disruption.types import Disruption, DisruptionNotFound, Outcome, Party
from kamhub.hub.move import store as trips
from kamhub.hub.move.store import StopTime
from kamhub.hub.move.types import Candidate, Wanted
from kamhub.hub.seats import actions as seats
from kamhub.hub.seats.types import LockedDeparture
from kamhub.hub.services import Hub
from kamhub.platform.database.pool import Connection, is_outage


class StepFailed(Exception):
    """A fault met some of these bookings; nothing of the step was written."""

    def __init__(self, booking_ids: Sequence[UUID]) -> None:
        super().__init__(f"{len(booking_ids)} booking(s) could not be settled")
        self.booking_ids = tuple(booking_ids)


async def step(
    hub: Hub,
    organisation_id: UUID,
    disruption_id: UUID,
    *,
    limit: int,
    without: Collection[UUID] = (),
    final: bool = False,
    met: int = 1,
) -> list[UUID]:
    """Settle the next bookings of a decision; returns whom it took up, none when nobody is left to be taken up.

    Somebody whose seats were bought by others between the look and the lock is left for the next step, unless it is
    ``final``: then they get their money back. ``without``: bookings that are left alone. ``met``: how many bookings
    the decision met in all.
    Raises ``DisruptionNotFound``, ``StepFailed``.
    """
    now = hub.clock.now()
    async with hub.database.tenant(organisation_id) as connection:
        decision = await store.disruption(connection, organisation_id, disruption_id, now, counted=False)
        if decision is None:
            raise DisruptionNotFound
        wanted: tuple[Outcome, ...] = ("waiting", "asked") if decision.answers_are_over(now) else ("waiting",)
        departure_id = await store.next_departure(connection, organisation_id, disruption_id, wanted, without)
        if departure_id is None:
            return []
        parties = await store.parties(connection, organisation_id, disruption_id, departure_id, wanted, without, limit)
        batch = _Batch(
            Settling(connection, decision, now, decision.actor, met),
            departure_id,
            await trips.stops(connection, organisation_id, departure_id),
            offers_seats=decision.rebook == "nearest" or (decision.rebook == "ask" and decision.answers_are_over(now)),
            final=final,
        )
        try:
            await batch.settle(parties)
        except Exception as error:
            if is_outage(error):
                raise
            raise StepFailed([party.booking_id for party in parties]) from error
        return [party.booking_id for party in parties]


@dataclass(slots=True)
class _Batch:
    """Bookings of one cancelled departure, settled together."""

    work: Settling
    departure_id: UUID
    stops: Mapping[int, StopTime]
    offers_seats: bool
    final: bool
    candidates: list[Candidate] = field(default_factory=list)
    locked: dict[UUID, LockedDeparture] = field(default_factory=dict)

    async def settle(self, parties: Sequence[Party]) -> None:
        """Lock what is needed, decide booking by booking, write what became of each."""
        connection, decision, now = self.work.connection, self.work.decision, self.work.now
        planned = await self._plan(parties) if self.offers_seats else {}
        targets = {one.departure_id for one in planned.values() if one is not None}
        self.locked = await seats.lock_many(connection, {self.departure_id, *targets}, now)
        self.locked[self.departure_id] = await seats.tidy(connection, self.locked[self.departure_id], now)
        self.candidates = [
            one
            for one in self.candidates
            if one.departure_id in self.locked and self.locked[one.departure_id].seats.status == "open"
        ]
        met = [party.booking_id for party in parties]
        rows = await bookings.lock_many(connection, decision.organisation_id, met)
        settled = []
        for party in parties:
            may_wait = planned.get(party.booking_id) is not None and not self.final
            settlement = await self._one(party, rows[party.booking_id], may_wait=may_wait)
            if settlement is not None:
                settled.append(settlement)
        await store.settle(connection, decision.organisation_id, decision.id, settled, now)

    async def _plan(self, parties: Sequence[Party]) -> dict[UUID, Candidate | None]:
        """Who would go where by what is seen now; keeps the candidates."""
        decision, now = self.work.decision, self.work.now
        departs_at = await trips.departs_at(self.work.connection, decision.organisation_id, self.departure_id)
        here = [party for party in parties if {party.from_position, party.to_position} <= self.stops.keys()]
        wanted = [
            Wanted(self.stops[start].place_id, self.stops[end].place_id, max(now, self.stops[start].at(departs_at)))
            for start, end in sorted({party.stretch for party in here})
        ]
        self.candidates = await trips.candidates(
            self.work.connection, decision.organisation_id, wanted, until=max(now, departs_at) + rules.HORIZON, now=now
        )
        return rules.assign(here, self.candidates, {}, self._places())

    def _places(self) -> dict[int, UUID]:
        return {position: stop.place_id for position, stop in self.stops.items()}

    async def _one(self, party: Party, row: BookingRow, *, may_wait: bool) -> Settlement | None:
        """What becomes of one booking, by what it is under its lock; None when it waits for the next step."""
        if row.departure_id != self.departure_id:
            return Settlement(row.id, "moved", row.departure_id)
        if effective_status(row.status, row.expires_at, self.work.now) not in CANCELLABLE:
            return Settlement(row.id, "already_over")
        source = self.locked[self.departure_id]
        left_at = self.stops[row.from_position].at(source.seats.departs_at)
        if row.contact is not None and not self.offers_seats and self.work.decision.rebook == "ask":
            return await settling.ask(self.work, row, left_at)
        if row.contact is not None and self.offers_seats:
            found = self._room(party, row)
            if found is not None:
                return await self._ride_on(row, source, found, left_at)
            if may_wait:
                return None
        settlement, self.locked[self.departure_id] = await settling.call_off(self.work, row, source, left_at)
        return settlement

    def _room(self, party: Party, row: BookingRow) -> Candidate | None:
        """The first locked departure with room, by the counters as they are now."""
        places = self._places()
        stretch = places[row.from_position], places[row.to_position]
        serving = [one for one in self.candidates if (one.from_place, one.to_place) == stretch]
        counters = {number: departure.taken for number, departure in self.locked.items()}
        return rules.first_fit(serving, party.passengers, counters)

    async def _ride_on(
        self, row: BookingRow, source: LockedDeparture, candidate: Candidate, left_at: datetime
    ) -> Settlement:
        target = self.locked[candidate.departure_id]
        settlement, before, after = await settling.ride_on(self.work, row, source, target, candidate, left_at)
        self.locked[self.departure_id], self.locked[candidate.departure_id] = before, after
        return settlement


async def finish(connection: Connection, decision: Disruption, now: datetime) -> bool:
    """Write down who settled it otherwise, and whether the decision is carried out; whether it is."""
    await store.settle_leftovers(connection, decision.organisation_id, decision.id, now)
    return await store.finish(connection, decision.organisation_id, decision.id, now)


async def state(hub: Hub, organisation_id: UUID, disruption_id: UUID) -> Disruption:
    """The decision and how far it is. Raises ``DisruptionNotFound``."""
    async with hub.database.tenant(organisation_id) as connection:
        found = await store.disruption(connection, organisation_id, disruption_id, hub.clock.now())
    if found is None:
        raise DisruptionNotFound
    return found
