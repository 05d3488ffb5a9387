"""SQL of the waiting list."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from kamhub.hub.booking.types import BookingStatus, Contact
from kamhub.hub.departure import store as departures
from kamhub.hub.search.store import LAPSED, counters
from kamhub.hub.waiting_list.types import Awaited, ListedParty, Party, PartyFilter, PartyStatus
from kamhub.platform.database.pool import Connection

_PARTY = (
    "w.organisation_id, w.id, w.departure_id, w.from_position, w.to_position, w.passengers, w.name, w.phone, w.email, "
    "w.locale, w.status, w.booking_id, w.created_at, w.offered_at, w.attempts, w.text_version"
)
_WIDTH = 16
_ALIVE = "w.status IN ('waiting', 'offered')"
_AWAITED = f"""
SELECT d.organisation_id, d.id, d.status, d.capacity, d.taken, d.departs_at, d.sales_close_at, {LAPSED},
  ARRAY(SELECT s.place_id FROM route_stops s WHERE s.organisation_id = d.organisation_id AND s.route_id = d.route_id
        ORDER BY s.position)
FROM departures d WHERE d.id = %(id)s"""
_LIST = f"""
SELECT {_PARTY}, (SELECT b.code FROM bookings b WHERE b.organisation_id = w.organisation_id AND b.id = w.booking_id),
  d.id, d.departs_at, {departures.OPERATOR}, {departures.VEHICLE},
  {departures.STOP.format(s="fs", p="fp")}, {departures.STOP.format(s="ts", p="tp")}
FROM waiting_parties w
JOIN departures d ON d.organisation_id = w.organisation_id AND d.id = w.departure_id
JOIN organisations o ON o.id = d.organisation_id
JOIN vehicles v ON v.organisation_id = d.organisation_id AND v.id = d.vehicle_id
JOIN route_stops fs ON fs.organisation_id = d.organisation_id AND fs.route_id = d.route_id AND fs.position = w.from_position
JOIN places fp ON fp.organisation_id = fs.place_organisation_id AND fp.id = fs.place_id
JOIN route_stops ts ON ts.organisation_id = d.organisation_id AND ts.route_id = d.route_id AND ts.position = w.to_position
JOIN places tp ON tp.organisation_id = ts.place_organisation_id AND tp.id = ts.place_id"""


def _party(row: Sequence[Any]) -> Party:
    organisation_id, number, departure_id, start, end, passengers, name, phone, email, locale, *rest = row[:_WIDTH]
    contact = Contact(name, phone, email, "en" if locale == "en" else "ru")
    return Party(organisation_id, number, departure_id, start, end, passengers, contact, *rest)


async def awaited(connection: Connection, departure_id: UUID, now: datetime) -> Awaited | None:
    """A departure with its free seats, in whatever scope."""
    row = await (await connection.execute(_AWAITED.encode(), {"id": departure_id, "now": now})).fetchone()
    if row is None:
        return None
    organisation_id, number, status, capacity, taken, departs_at, sales_close_at, lapsed, places = row
    return Awaited(
        organisation_id, number, status, capacity, counters(taken, lapsed), departs_at, sales_close_at, tuple(places)
    )


async def lock_list(connection: Connection, organisation_id: UUID, departure_id: UUID) -> None:
    """Parties of one departure join one after the other, or the list could grow beyond its end."""
    await connection.execute(
        "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", (f"waiting|{organisation_id}|{departure_id}",)
    )


async def waiting_of(connection: Connection, organisation_id: UUID, departure_id: UUID) -> list[Party]:
    """Those who wait or have an offer, whoever has waited longest first."""
    rows = await connection.execute(
        f"SELECT {_PARTY} FROM waiting_parties w WHERE w.departure_id = %s AND w.organisation_id = %s AND {_ALIVE} "
        "ORDER BY w.created_at, w.id".encode(),
        (departure_id, organisation_id),
    )
    return [_party(row) for row in await rows.fetchall()]


async def insert(connection: Connection, party: Party) -> None:
    """Add a party."""
    contact = party.contact
    await connection.execute(
        "INSERT INTO waiting_parties (organisation_id, id, departure_id, from_position, to_position, passengers, name, "
        "phone, email, locale, created_at, text_version) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        (
            party.organisation_id,
            party.id,
            party.departure_id,
            party.from_position,
            party.to_position,
            party.passengers,
            contact.name,
            contact.phone,
            contact.email,
            contact.locale,
            party.created_at,
            party.text_version,
        ),
    )


async def rewrite(connection: Connection, party: Party) -> None:
    """A party that waits already wants something else, or spells its name otherwise; it keeps its place."""
    contact = party.contact
    await connection.execute(
        "UPDATE waiting_parties SET from_position = %s, to_position = %s, passengers = %s, name = %s, email = %s, locale = %s "
        "WHERE organisation_id = %s AND id = %s AND status = 'waiting'",
        (
            party.from_position,
            party.to_position,
            party.passengers,
            contact.name,
            contact.email,
            contact.locale,
            party.organisation_id,
            party.id,
        ),
    )


async def lock(connection: Connection, organisation_id: UUID, party_id: UUID) -> Party | None:
    """One party, locked."""
    rows = await connection.execute(
        f"SELECT {_PARTY} FROM waiting_parties w WHERE w.organisation_id = %s AND w.id = %s FOR UPDATE".encode(),
        (organisation_id, party_id),
    )
    row = await rows.fetchone()
    return _party(row) if row else None


async def set_status(
    connection: Connection,
    party: Party,
    status: PartyStatus,
    *,
    booking_id: UUID | None = None,
    at: datetime | None = None,
) -> None:
    """Write what became of a party, unless something else did meanwhile; an offer with its booking and its moment."""
    await connection.execute(
        "UPDATE waiting_parties SET status = %s, booking_id = coalesce(%s, booking_id), offered_at = coalesce(%s, offered_at) "
        "WHERE organisation_id = %s AND id = %s AND status = %s",
        (status, booking_id, at, party.organisation_id, party.id, party.status),
    )


async def half_offered(
    connection: Connection, organisation_id: UUID, keys: Mapping[bytes, Party], now: datetime
) -> Party | None:
    """A party whose seats are held already though it was not told: a run was killed in between. ``keys`` are SHA-256."""
    rows = await connection.execute(
        """SELECT k.key_hash FROM idempotency_keys k
           JOIN bookings b ON b.organisation_id = k.organisation_id AND b.id = k.booking_id
           WHERE k.key_hash = ANY (%s) AND k.organisation_id = %s AND b.status = 'on_hold' AND b.expires_at > %s
             AND b.contact_name IS NULL LIMIT 1""",
        (list(keys), organisation_id, now),
    )
    row = await rows.fetchone()
    return keys[row[0]] if row else None


async def count_attempt(connection: Connection, party: Party) -> None:
    """An offer came to nothing before the party was told of it; the next one is another."""
    await connection.execute(
        "UPDATE waiting_parties SET attempts = attempts + 1 WHERE organisation_id = %s AND id = %s AND attempts = %s",
        (party.organisation_id, party.id, party.attempts),
    )


async def departures_awaited(connection: Connection, limit: int) -> list[tuple[UUID, UUID]]:
    """``(organisation, departure)`` of all that somebody waits for (system scope), the next to leave first."""
    rows = await connection.execute(
        f"""SELECT w.organisation_id, w.departure_id FROM waiting_parties w
            JOIN departures d ON d.organisation_id = w.organisation_id AND d.id = w.departure_id
            WHERE {_ALIVE} GROUP BY 1, 2 ORDER BY min(d.departs_at) LIMIT %s""".encode(),
        (limit,),
    )
    return [(row[0], row[1]) for row in await rows.fetchall()]


async def booking_states(
    connection: Connection, organisation_id: UUID, bookings: Sequence[UUID]
) -> dict[UUID, tuple[BookingStatus, datetime | None]]:
    """``status, expires_at`` of those bookings."""
    rows = await connection.execute(
        "SELECT id, status, expires_at FROM bookings WHERE organisation_id = %s AND id = ANY (%s)",
        (organisation_id, list(bookings)),
    )
    return {row[0]: (row[1], row[2]) for row in await rows.fetchall()}


def _narrowed(wanted: PartyFilter) -> str:
    conditions = ["w.organisation_id = %(organisation)s"]
    if wanted.status is not None:
        conditions.append("w.status = %(status)s")
    elif wanted.alive:
        conditions.append(_ALIVE)
    if wanted.departure_id is not None:
        conditions.append("w.departure_id = %(departure)s")
    return " AND ".join(conditions)


async def page(
    connection: Connection, organisation_id: UUID, wanted: PartyFilter, *, offset: int, limit: int
) -> tuple[list[ListedParty], int]:
    """A page of parties: by departure, whoever has waited longest first; and how many there are."""
    narrowed = _narrowed(wanted)
    parameters = {
        "organisation": organisation_id,
        "status": wanted.status,
        "departure": wanted.departure_id,
        "offset": offset,
        "limit": limit,
    }
    rows = await connection.execute(
        f"{_LIST} WHERE {narrowed} ORDER BY d.departs_at, d.id, w.created_at, w.id OFFSET %(offset)s LIMIT %(limit)s".encode(),
        parameters,
    )
    found = [_listed(row) for row in await rows.fetchall()]
    counted = await connection.execute(f"SELECT count(*) FROM waiting_parties w WHERE {narrowed}".encode(), parameters)
    row = await counted.fetchone()
    return found, row[0] if row else 0


async def one(connection: Connection, organisation_id: UUID, party_id: UUID) -> ListedParty | None:
    """One party."""
    rows = await connection.execute(
        f"{_LIST} WHERE w.organisation_id = %s AND w.id = %s".encode(), (organisation_id, party_id)
    )
    row = await rows.fetchone()
    return _listed(row) if row else None


def _listed(row: Sequence[Any]) -> ListedParty:
    return ListedParty(_party(row), departures.stretch_from(row[_WIDTH + 1 :]), row[_WIDTH])


async def delete_departed(connection: Connection, before: datetime, limit: int) -> int:
    """Remove parties whose departure was before that moment (system scope); returns how many."""
    rows = await connection.execute(
        """DELETE FROM waiting_parties WHERE (organisation_id, id) IN (
             SELECT w.organisation_id, w.id FROM waiting_parties w
             JOIN departures d ON d.organisation_id = w.organisation_id AND d.id = w.departure_id
             WHERE d.departs_at < %s LIMIT %s)""",
        (before, limit),
    )
    return rows.rowcount
