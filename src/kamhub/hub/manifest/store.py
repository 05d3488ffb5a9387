"""SQL of manifests and boarding."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from kamhub.hub.departure.types import Reach
from kamhub.hub.manifest.rules import amount_due
from kamhub.hub.manifest.types import ManifestParty, Party, PassengerNamed
from kamhub.kit.money import Money
from kamhub.platform.database.pool import Connection

_BOARDED_AT = """(SELECT max(e.at) FROM booking_events e WHERE e.organisation_id = b.organisation_id
  AND e.booking_id = b.id AND e.to_status = 'redeemed')"""
_PARTY = f"""SELECT b.id, b.code, b.departure_id, d.status,
  CASE WHEN b.status IN ('on_hold', 'pending') AND b.expires_at <= %(now)s THEN 'expired' ELSE b.status END,
  b.passengers, d.departs_at, s.offset_minutes, p.time_zone, {_BOARDED_AT}, b.no_show_at
FROM bookings b JOIN departures d ON d.organisation_id = b.organisation_id AND d.id = b.departure_id
JOIN route_stops s ON s.organisation_id = d.organisation_id AND s.route_id = d.route_id AND s.position = b.from_position
JOIN places p ON p.organisation_id = s.place_organisation_id AND p.id = s.place_id
WHERE b.organisation_id = %(organisation)s AND b.id = %(id)s AND (%(everything)s OR d.driver_id = %(reach)s)"""
_MANIFEST = f"""SELECT b.id, b.code, b.status, b.contact_name, b.contact_phone, b.passengers, b.from_position, b.to_position,
  b.special_requests, {_BOARDED_AT}, b.no_show_at, b.total, b.paid, b.collected, b.pay_by, b.currency
FROM bookings b WHERE b.organisation_id = %s AND b.departure_id = %s AND b.status IN ('confirmed', 'redeemed')
ORDER BY b.id"""
_NAMES = """SELECT n.booking_id, n.name, n.kind FROM bookings b
JOIN booking_passengers n ON n.organisation_id = b.organisation_id AND n.booking_id = b.id
WHERE b.organisation_id = %s AND b.departure_id = %s AND b.status IN ('confirmed', 'redeemed')
ORDER BY n.booking_id, n.position"""


async def party(
    connection: Connection, organisation_id: UUID, reach: Reach, booking_id: UUID, now: datetime, *, lock: bool = False
) -> Party | None:
    """A booking on a departure within reach, its state as people are told it; locked when asked."""
    parameters = {
        "organisation": organisation_id,
        "id": booking_id,
        "everything": reach.everything,
        "reach": reach.driver_id,
        "now": now,
    }
    query = _PARTY + (" FOR NO KEY UPDATE OF b" if lock else "")
    row = await (await connection.execute(query.encode(), parameters)).fetchone()
    if row is None:
        return None
    number, code, departure_id, running, status, passengers, departs_at, minutes, zone, boarded_at, missed_at = row
    boards_at = (departs_at + timedelta(minutes=minutes)).astimezone(ZoneInfo(zone))
    return Party(number, code, departure_id, running, status, passengers, boards_at, boarded_at, missed_at)


async def parties(connection: Connection, organisation_id: UUID, departure_id: UUID) -> list[ManifestParty]:
    """Bookings that ride on the departure, with their travellers. One round trip."""
    key = (organisation_id, departure_id)
    async with connection.pipeline():
        rows = await connection.execute(_MANIFEST.encode(), key)
        names = await connection.execute(_NAMES, key)
        named: dict[UUID, list[PassengerNamed]] = {}
        for booking_id, name, kind in await names.fetchall():
            named.setdefault(booking_id, []).append(PassengerNamed(name, kind))
        return [_party(row, named.get(row[0], [])) for row in await rows.fetchall()]


def _party(row: Sequence[Any], named: list[PassengerNamed]) -> ManifestParty:
    number, code, status, name, phone, passengers, start, end, wishes, boarded_at, missed_at, *money = row
    total, paid, collected, pay_by, currency = money
    due = amount_due(total, paid, collected, pay_by)
    return ManifestParty(
        number,
        code,
        status,
        name or code,
        phone,
        passengers,
        tuple(named),
        start,
        end,
        wishes,
        boarded_at,
        missed_at,
        Money(due, currency) if due else None,
    )


async def note_missing(connection: Connection, organisation_id: UUID, booking_id: UUID, at: datetime | None) -> None:
    """Note that the party did not come; None takes it back."""
    await connection.execute(
        "UPDATE bookings SET no_show_at = %s WHERE organisation_id = %s AND id = %s", (at, organisation_id, booking_id)
    )
