"""The traveller's answer: another departure, or the money back. One tap, and the seats are those of this moment."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from kamhub.hub.booking import store as bookings
from kamhub.hub.booking.locks import lock_booking_beside
from kamhub.hub.booking.rules import CANCELLABLE, effective_status
from kamhub.hub.booking.store import BookingRow
from kamhub.hub.booking.tokens import BookingAccess
from kamhub.hub.booking.types import BookingNotFound
from kamhub.hub.disruption import carry, rules, settling, store
from kamhub.hub.disruption.settling import Settling
from kamhub.hub.disruption.types import ChoiceOver, Disruption, OptionGone, Question
from kamhub.hub.move import actions as moves
from kamhub.hub.move import store as trips
from kamhub.hub.move.types import Candidate, Wanted
from kamhub.hub.seats.types import SoldOut
from kamhub.hub.services import Hub
from kamhub.platform.database.pool import Connection

OFFERED = 3


async def question(hub: Hub, access: BookingAccess) -> Question:
    """What the traveller of a disrupted booking may choose. Raises ``BookingNotFound``, ``ChoiceOver``."""
    now = hub.clock.now()
    async with hub.database.tenant(access.organisation_id) as connection:
        row = await bookings.load(connection, access.organisation_id, access.booking_id)
        if row is None:
            raise BookingNotFound
        decision = await _open(connection, row, now)
        left_at, candidates = await _ways_on(connection, row, now)
        with_room = [one for one in candidates if one.free >= row.passengers]
        return Question(decision, decision.rebook == "ask", left_at, tuple(with_room[:OFFERED]), row.left)


async def _open(connection: Connection, row: BookingRow, now: datetime) -> Disruption:
    """The decision that waits for an answer of this booking, or is being carried out. Raises ``ChoiceOver``."""
    found = await store.open_question(connection, row.organisation_id, row.id)
    if found is None or effective_status(row.status, row.expires_at, now) not in CANCELLABLE:
        raise ChoiceOver
    decision = await store.disruption(connection, row.organisation_id, found.disruption_id, now, counted=False)
    if decision is None:
        raise ChoiceOver
    return decision


async def _ways_on(connection: Connection, row: BookingRow, now: datetime) -> tuple[datetime, Sequence[Candidate]]:
    """When the party was to leave, and the departures of its stretch after that."""
    organisation_id = row.organisation_id
    stops = await trips.stops(connection, organisation_id, row.departure_id)
    start, end = stops[row.from_position], stops[row.to_position]
    left_at = start.at(await trips.departs_at(connection, organisation_id, row.departure_id))
    after = max(now, left_at)
    wanted = [Wanted(start.place_id, end.place_id, after)]
    return left_at, await trips.candidates(connection, organisation_id, wanted, until=after + rules.HORIZON, now=now)


async def go_on(hub: Hub, access: BookingAccess, departure_id: UUID) -> None:
    """Move to that departure, at the price that was paid.

    Raises ``BookingNotFound``, ``ChoiceOver``; ``OptionGone`` or ``SoldOut`` with nothing changed.
    """
    now, organisation_id = hub.clock.now(), access.organisation_id
    async with hub.database.tenant(organisation_id) as connection:
        locked = await lock_booking_beside(connection, organisation_id, access.booking_id, (departure_id,), now)
        if locked is None:
            raise BookingNotFound
        row, departures = locked
        decision = await _asked(connection, row, now)
        left_at, candidates = await _ways_on(connection, row, now)
        chosen = next((one for one in candidates if one.departure_id == departure_id), None)
        if chosen is None or departure_id not in departures:
            raise OptionGone
        target = departures[departure_id]
        free = target.free(chosen.seats(row.passengers))
        if free < row.passengers:
            raise SoldOut(free)
        work = Settling(connection, decision, now, access.actor)
        settled, _, _ = await settling.ride_on(work, row, departures[row.departure_id], target, chosen, left_at)
        await store.settle(connection, organisation_id, decision.id, [settled], now)
        await carry.finish(connection, decision, now)
    await moves.link_again(hub, access)


async def take_money(hub: Hub, access: BookingAccess) -> None:
    """End the booking and give everything back. Raises ``BookingNotFound``, ``ChoiceOver``."""
    now, organisation_id = hub.clock.now(), access.organisation_id
    async with hub.database.tenant(organisation_id) as connection:
        locked = await lock_booking_beside(connection, organisation_id, access.booking_id, (), now)
        if locked is None:
            raise BookingNotFound
        row, departures = locked
        decision = await _asked(connection, row, now)
        left_at, _ = await _ways_on(connection, row, now)
        work = Settling(connection, decision, now, access.actor)
        settled, _ = await settling.call_off(work, row, departures[row.departure_id], left_at)
        await store.settle(connection, organisation_id, decision.id, [settled], now)
        await carry.finish(connection, decision, now)


async def _asked(connection: Connection, row: BookingRow, now: datetime) -> Disruption:
    """The decision, under the booking's lock, if its travellers are asked. Raises ``ChoiceOver``."""
    decision = await _open(connection, row, now)
    if decision.rebook != "ask":
        raise ChoiceOver
    return decision
