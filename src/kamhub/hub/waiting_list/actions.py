"""Joining and leaving the list, and offering what has come back."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from hashlib import sha256
from uuid import UUID

import structlog

from kamhub.hub.booking import actions as bookings
from kamhub.hub.booking.rules import effective_status
from kamhub.hub.booking.tokens import BookingAccess
from kamhub.hub.booking.types import Consent
from kamhub.hub.booking_office.actions import calls
from kamhub.hub.booking_office.actions.calls import Naming
from kamhub.hub.booking_office.types import NewBooking
from kamhub.hub.departure.types import DepartureNotFound
from kamhub.hub.services import Hub
from kamhub.hub.waiting_list import rules, store
from kamhub.hub.waiting_list.types import Awaited, Joining, ListedParty, Party, PartyFilter, PartyNotFound
from kamhub.kit.errors import Refusal
from kamhub.kit.ids import new_id
from kamhub.platform.audit import actions as audit
from kamhub.platform.audit.types import Trail
from kamhub.platform.database.pool import Connection
from kamhub.platform.person.types import Staff

log = structlog.get_logger(__name__)

_SYSTEM = Trail("system", None, "waiting list")
_AT_A_TIME = 500


async def departure(hub: Hub, departure_id: UUID) -> Awaited:
    """The departure somebody would wait for. Raises ``DepartureNotFound``."""
    async with hub.database.public() as connection:
        found = await store.awaited(connection, departure_id, hub.clock.now())
    if found is None:
        raise DepartureNotFound
    return found


async def join(hub: Hub, wanted: Joining, staff: Staff | None = None) -> UUID:
    """Put a party on the list; returns its id. Whoever waits already (by phone) keeps the place and changes the wish.

    Staff write down callers of their own departures. Raises ``DepartureNotFound``, ``StretchNotServed``, ``SeatsThere``,
    ``NothingToWaitFor``, ``TooLargeToWait``, ``WaitingListFull``.
    """
    now = hub.clock.now()
    found = await departure(hub, wanted.departure_id)
    if staff is not None and found.organisation_id != staff.organisation_id:
        raise DepartureNotFound
    stretch = rules.stretch_between(found, wanted.from_place, wanted.to_place)
    async with hub.database.tenant(found.organisation_id) as connection:
        await store.lock_list(connection, found.organisation_id, found.id)
        others = await store.waiting_of(connection, found.organisation_id, found.id)
        same = next((party for party in others if party.contact.phone == wanted.contact.phone), None)
        rules.require_reason_to_wait(found, stretch, wanted.passengers, 0 if same else len(others), now)
        party = _party(found, stretch, wanted, now)
        if same is not None:
            party = replace(party, id=same.id)
            await store.rewrite(connection, party)
        else:
            await store.insert(connection, party)
        if staff is not None:
            facts = {"departure_id": str(found.id), "passengers": party.passengers}
            await audit.record(
                connection, found.organisation_id, staff.trail, "waiting_party.joined", "waiting_party", party.id, now,
                after=facts,
            )  # fmt: skip
    return party.id


def _party(found: Awaited, stretch: tuple[int, int], wanted: Joining, now: datetime) -> Party:
    return Party(
        found.organisation_id,
        new_id(),
        found.id,
        *stretch,
        wanted.passengers,
        wanted.contact,
        "waiting",
        None,
        now,
        None,
        0,
        wanted.text_version,
    )


async def parties(
    hub: Hub, staff: Staff, wanted: PartyFilter, *, offset: int, limit: int
) -> tuple[list[ListedParty], int]:
    """A page of those who wait, the next departure first, and how many there are."""
    async with hub.database.tenant(staff.organisation_id) as connection:
        return await store.page(connection, staff.organisation_id, wanted, offset=offset, limit=limit)


async def one(hub: Hub, staff: Staff, party_id: UUID) -> ListedParty:
    """One party. Raises ``PartyNotFound``."""
    async with hub.database.tenant(staff.organisation_id) as connection:
        found = await store.one(connection, staff.organisation_id, party_id)
    if found is None:
        raise PartyNotFound
    return found


async def take_off(hub: Hub, staff: Staff, party_id: UUID) -> None:
    """Take a party off the list; the seats of an offer that was not answered go to the next one. May be said twice.

    Raises ``PartyNotFound``.
    """
    now, organisation_id = hub.clock.now(), staff.organisation_id
    async with hub.database.tenant(organisation_id) as connection:
        party = await store.lock(connection, organisation_id, party_id)
        if party is None:
            raise PartyNotFound
        if party.status in {"waiting", "offered"}:
            await store.set_status(connection, party, "left")
            await audit.record(
                connection, organisation_id, staff.trail, "waiting_party.left", "waiting_party", party.id, now,
                before={"status": party.status}, after={"status": "left"},
            )  # fmt: skip
    if party.status == "offered" and party.booking_id is not None:
        access = BookingAccess(organisation_id, party.booking_id, actor=staff.trail.actor)
        with suppress(Refusal):
            booking = await bookings.load(hub, access)
            if booking.status == "on_hold":
                await bookings.cancel(hub, access, "left_waiting_list")


async def offer_all(hub: Hub) -> int:
    """Look at every departure somebody waits for; returns how many offers went out. Safe to run twice at once."""
    async with hub.database.system() as connection:
        awaited = await store.departures_awaited(connection, _AT_A_TIME)
    offers = 0
    for organisation_id, departure_id in awaited:
        offers += await offer(hub, organisation_id, departure_id)
    return offers


async def offer(hub: Hub, organisation_id: UUID, departure_id: UUID) -> int:
    """Settle what became of earlier offers of a departure, and offer what is free; returns how many offers went out."""
    offers = 0
    passed_over: set[UUID] = set()
    while True:
        now = hub.clock.now()
        async with hub.database.tenant(organisation_id) as connection:
            found = await store.awaited(connection, departure_id, now)
            alive = await store.waiting_of(connection, organisation_id, departure_id)
            waiting = await _settled(connection, found, alive, now)
            left = [party for party in waiting if party.id not in passed_over]
            if found is None or not left or not rules.on_sale(found, now):
                return offers
            keys = {sha256(rules.key_of(party).encode()).digest(): party for party in left}
            half = await store.half_offered(connection, organisation_id, keys, now)
        party = half or rules.next_party(found, left)
        if party is None:
            return offers
        passed_over.add(party.id)
        offers += await _offer_to(hub, party, found)


async def _settled(connection: Connection, found: Awaited | None, alive: list[Party], now: datetime) -> list[Party]:
    """Write what became of offers, and of everybody once sales are over; those who still wait."""
    waiting = [party for party in alive if party.status == "waiting"]
    offered = {party.booking_id: party for party in alive if party.booking_id is not None}
    states = await store.booking_states(connection, alive[0].organisation_id, list(offered)) if offered else {}
    for booking_id, (status, expires_at) in states.items():
        became = rules.outcome(effective_status(status, expires_at, now))
        if became != "offered":
            await store.set_status(connection, offered[booking_id], became)
    if found is not None and not rules.is_over(found, now):
        return waiting
    for party in waiting:
        await store.set_status(connection, party, "lapsed")
    return []


async def _offer_to(hub: Hub, party: Party, found: Awaited) -> int:
    """Hold the party's seats and tell it, both or neither; 0 when somebody else was faster, or it has left."""
    try:
        held = await bookings.hold(
            hub,
            departure_id=party.departure_id,
            passengers=party.passengers,
            from_place=found.places[party.from_position],
            to_place=found.places[party.to_position],
            key=rules.key_of(party),
            channel="staff",
        )
    except Refusal as refusal:
        log.info("waiting_offer_refused", party=str(party.id), code=refusal.code)
        return 0
    access = BookingAccess(party.organisation_id, held.booking.id, actor="system")
    try:
        await calls.name(hub, access, _wanted(party), _naming(hub, party))
    except PartyNotFound:
        with suppress(Refusal):
            await bookings.cancel(hub, access, "left_waiting_list")
        return 0
    except Refusal as refusal:
        log.info("waiting_offer_lapsed", party=str(party.id), code=refusal.code)
        async with hub.database.tenant(party.organisation_id) as connection:
            await store.count_attempt(connection, party)
        return 0
    return 1


def _wanted(party: Party) -> NewBooking:
    return NewBooking(party.departure_id, party.passengers, party.contact, "online")


def _naming(hub: Hub, party: Party) -> Naming:
    async def mark(connection: Connection, booking_id: UUID) -> None:
        """In the transaction in which it is told: the party still waits, and has its offer from now on."""
        current = await store.lock(connection, party.organisation_id, party.id)
        if current is None or current.status != "waiting":
            raise PartyNotFound
        await store.set_status(connection, current, "offered", booking_id=booking_id, at=hub.clock.now())

    consent = Consent(party.text_version, party.contact.locale, "page") if party.text_version else None
    return Naming(_SYSTEM, "seats_offered", "waiting_party.offered", rules.OFFER_AT_LEAST, consent, mark)
