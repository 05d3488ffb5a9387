"""The manifest, boarding, and who did not come."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from kamhub.hub.booking import store as bookings
from kamhub.hub.booking.types import BookingNotFound
from kamhub.hub.departure import actions as departures
from kamhub.hub.manifest import rules, store
from kamhub.hub.manifest.types import Manifest, Party
from kamhub.hub.services import Hub
from kamhub.kit.ids import normalise_code
from kamhub.kit.text import mark
from kamhub.platform.audit import actions as audit
from kamhub.platform.database.pool import Connection
from kamhub.platform.live import store as live
from kamhub.platform.live.types import Change
from kamhub.platform.person.types import Staff

_NOT_HERE = mark("No booking of this departure has this code")


async def manifest(hub: Hub, staff: Staff, departure_id: UUID) -> Manifest:
    """Who rides on the departure. Raises ``DepartureNotFound``."""
    async with hub.database.tenant(staff.organisation_id) as connection:
        departure = await departures.require(connection, staff, departure_id, hub.clock.now())
        parties = await store.parties(connection, staff.organisation_id, departure_id)
    return Manifest(departure, tuple(parties), rules.rows_of(parties, departure.stops))


async def board(hub: Hub, staff: Staff, booking_id: UUID) -> Party:
    """The party is on board; may be said twice.

    Raises ``BookingNotFound``, ``BookingHasNoSeats``, ``DepartureCancelled``, ``BoardingTooEarly``.
    """
    now, organisation = hub.clock.now(), staff.organisation_id
    async with hub.database.tenant(organisation) as connection:
        party = await _require(connection, staff, booking_id, now)
        if party.status == "redeemed":
            return party
        rules.require_boarding(party, now)
        row = await bookings.load(connection, organisation, booking_id)
        if row is None:
            raise BookingNotFound
        await bookings.set_status(connection, row, "redeemed", now, staff.trail.actor, "boarded")
        if party.missed_at is not None:
            await store.note_missing(connection, organisation, booking_id, None)
        await live.tell(connection, organisation, Change("departure", party.departure_id))
        await audit.record(
            connection,
            organisation,
            staff.trail,
            "booking.boarded",
            "booking",
            booking_id,
            now,
            before={"status": party.status},
            after={"status": "redeemed"},
        )
        return await _require(connection, staff, booking_id, now)


async def board_by_code(hub: Hub, staff: Staff, departure_id: UUID, scanned: str) -> Party:
    """The same by what was scanned or typed, on that departure alone. Raises ``BookingNotFound`` besides."""
    found = await manifest(hub, staff, departure_id)
    code = normalise_code(rules.code_of(scanned))
    party = next((one for one in found.parties if one.code == code), None)
    if party is None:
        raise BookingNotFound(_NOT_HERE)
    return await board(hub, staff, party.id)


async def miss(hub: Hub, staff: Staff, booking_id: UUID) -> Party:
    """The party did not come; may be said twice. Raises ``BookingNotFound`` and what ``require_missing`` raises."""
    now = hub.clock.now()
    async with hub.database.tenant(staff.organisation_id) as connection:
        party = await _require(connection, staff, booking_id, now)
        rules.require_missing(party, now)
        if party.missed_at is None:
            await _note(connection, staff, party, now, now)
        return await _require(connection, staff, booking_id, now)


async def unmiss(hub: Hub, staff: Staff, booking_id: UUID) -> None:
    """It came after all, or was noted by mistake; may be said twice. Raises ``BookingNotFound``."""
    now = hub.clock.now()
    async with hub.database.tenant(staff.organisation_id) as connection:
        party = await _require(connection, staff, booking_id, now)
        if party.missed_at is not None:
            await _note(connection, staff, party, None, now)


async def find_party(hub: Hub, staff: Staff, booking_id: UUID) -> Party:
    """A booking at the door. Raises ``BookingNotFound``."""
    async with hub.database.tenant(staff.organisation_id) as connection:
        reach = await departures.reach_of(connection, staff)
        party = await store.party(connection, staff.organisation_id, reach, booking_id, hub.clock.now())
    if party is None:
        raise BookingNotFound
    return party


async def _require(connection: Connection, staff: Staff, booking_id: UUID, now: datetime) -> Party:
    reach = await departures.reach_of(connection, staff)
    party = await store.party(connection, staff.organisation_id, reach, booking_id, now, lock=True)
    if party is None:
        raise BookingNotFound
    return party


async def _note(connection: Connection, staff: Staff, party: Party, at: datetime | None, now: datetime) -> None:
    await store.note_missing(connection, staff.organisation_id, party.id, at)
    await audit.record(
        connection,
        staff.organisation_id,
        staff.trail,
        "booking.missed" if at else "booking.not_missed",
        "booking",
        party.id,
        now,
        before={"no_show": party.missed_at is not None},
        after={"no_show": at is not None},
    )
