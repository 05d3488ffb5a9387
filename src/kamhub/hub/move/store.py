"""SQL of moves: where a booking could go, and where it went."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from kamhub.hub.booking.store import BookingRow
from kamhub.hub.booking.types import TripMove
from kamhub.hub.move.types import Candidate, Wanted
from kamhub.hub.search.store import LAPSED, counters
from kamhub.hub.seats.types import DepartureSeats, LockedDeparture, SeatsTaken
from kamhub.kit.money import Money
from kamhub.platform.database.pool import Connection

_SEATS = """d.organisation_id, d.id, d.route_id, d.tariff_id, d.status, d.capacity, d.taken, d.departs_at,
    d.sales_close_at, o.hold_minutes"""
_SEATS_WIDTH = 10

_CANDIDATES = f"""
WITH pair AS (
  SELECT w.from_place, w.to_place, w.after, f.route_id, f.position AS from_position, t.position AS to_position,
         make_interval(mins => f.offset_minutes) AS from_offset, make_interval(mins => t.offset_minutes) AS to_offset,
         p.time_zone
  FROM unnest(%(from)s::uuid[], %(to)s::uuid[], %(after)s::timestamptz[]) AS w(from_place, to_place, after)
  JOIN route_stops f ON f.organisation_id = %(organisation)s AND f.place_id = w.from_place
  JOIN route_stops t ON t.organisation_id = f.organisation_id AND t.route_id = f.route_id AND t.place_id = w.to_place
    AND t.position > f.position
  JOIN places p ON p.organisation_id = f.place_organisation_id AND p.id = f.place_id
)
SELECT pair.from_place, pair.to_place, pair.from_position, pair.to_position, d.departs_at + pair.from_offset AS leaves_at,
       d.departs_at + pair.to_offset, pair.time_zone, {_SEATS}, {LAPSED}
FROM pair
JOIN departures d ON d.organisation_id = %(organisation)s AND d.route_id = pair.route_id AND d.status = 'open'
  AND d.departs_at > pair.after - pair.from_offset AND d.departs_at <= %(until)s
JOIN organisations o ON o.id = d.organisation_id
WHERE d.sales_close_at > %(now)s
ORDER BY leaves_at, d.id LIMIT %(limit)s"""

_STOPS = """
SELECT s.position, s.place_id, s.offset_minutes, p.time_zone FROM departures d
JOIN route_stops s ON s.organisation_id = d.organisation_id AND s.route_id = d.route_id
JOIN places p ON p.organisation_id = s.place_organisation_id AND p.id = s.place_id
WHERE d.organisation_id = %s AND d.id = %s"""


async def candidates(
    connection: Connection,
    organisation_id: UUID,
    wanted: Sequence[Wanted],
    *,
    until: datetime,
    now: datetime,
    limit: int = 1_000,
) -> list[Candidate]:
    """Departures on sale for these stretches, the next first; those without a free seat too."""
    cursor = await connection.execute(
        _CANDIDATES.encode(),
        {
            "organisation": organisation_id,
            "from": [one.from_place for one in wanted],
            "to": [one.to_place for one in wanted],
            "after": [one.after for one in wanted],
            "until": until,
            "now": now,
            "limit": limit,
        },
    )
    return [_candidate(row) for row in await cursor.fetchall()]


def _candidate(row: Sequence[Any]) -> Candidate:
    zone = ZoneInfo(row[6])
    columns = row[7 : 7 + _SEATS_WIDTH]
    organisation_id, departure_id, route_id, tariff_id, status, capacity, taken = columns[:7]
    departure = DepartureSeats(
        organisation_id, departure_id, route_id, tariff_id, status, capacity, tuple(taken), *columns[7:]
    )
    seen = LockedDeparture(departure, (), counters(departure.taken, row[7 + _SEATS_WIDTH]))
    return Candidate(row[0], row[1], row[2], row[3], row[4].astimezone(zone), row[5].astimezone(zone), seen)


@dataclass(frozen=True, slots=True)
class StopTime:
    """A stop of a departure: its place, and when the departure is there, in the zone of the place."""

    position: int
    place_id: UUID
    offset: timedelta
    zone: ZoneInfo

    def at(self, departs_at: datetime) -> datetime:
        """When a departure that begins then is here."""
        return (departs_at + self.offset).astimezone(self.zone)


async def stops(connection: Connection, organisation_id: UUID, departure_id: UUID) -> Mapping[int, StopTime]:
    """The stops of a departure by position."""
    rows = await (await connection.execute(_STOPS, (organisation_id, departure_id))).fetchall()
    return {row[0]: StopTime(row[0], row[1], timedelta(minutes=row[2]), ZoneInfo(row[3])) for row in rows}


async def put_on(
    connection: Connection, row: BookingRow, departure_id: UUID, seats: SeatsTaken, expires_at: datetime | None
) -> None:
    """Write that a locked booking is on that departure from now on."""
    await connection.execute(
        "UPDATE bookings SET departure_id = %s, from_position = %s, to_position = %s, expires_at = %s, "
        "version = version + 1 WHERE organisation_id = %s AND id = %s",
        (departure_id, seats.from_position, seats.to_position, expires_at, row.organisation_id, row.id),
    )


async def add_move(connection: Connection, row: BookingRow, move: TripMove) -> None:
    """Keep where the booking was."""
    await connection.execute(
        "INSERT INTO booking_moves (organisation_id, booking_id, id, at, from_departure_id, to_departure_id, left_at_before, "
        "left_at_after, total_before, total_after, actor, reason) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        (
            row.organisation_id,
            row.id,
            move.id,
            move.at,
            move.from_departure_id,
            move.to_departure_id,
            move.left_at_before,
            move.left_at_after,
            move.total_before.amount,
            move.total_after.amount,
            move.actor,
            move.reason,
        ),
    )


async def moves_of(connection: Connection, row: BookingRow) -> tuple[TripMove, ...]:
    """Where the booking was before, the first move first; times in the zone of its stop."""
    cursor = await connection.execute(
        """SELECT m.id, m.at, m.from_departure_id, m.to_departure_id, m.left_at_before, m.left_at_after, m.total_before,
                  m.total_after, m.actor, m.reason, p.time_zone
           FROM booking_moves m
           JOIN departures d ON d.organisation_id = m.organisation_id AND d.id = %s
           JOIN route_stops s ON s.organisation_id = d.organisation_id AND s.route_id = d.route_id AND s.position = %s
           JOIN places p ON p.organisation_id = s.place_organisation_id AND p.id = s.place_id
           WHERE m.organisation_id = %s AND m.booking_id = %s ORDER BY m.id""",
        (row.departure_id, row.from_position, row.organisation_id, row.id),
    )
    return tuple(_move(found, row.currency) for found in await cursor.fetchall())


def _move(row: Sequence[Any], currency: str) -> TripMove:
    zone = ZoneInfo(row[10])
    before, after = row[4].astimezone(zone), row[5].astimezone(zone)
    return TripMove(
        row[0], row[1], row[2], row[3], before, after, Money(row[6], currency), Money(row[7], currency), row[8], row[9]
    )


async def collected(connection: Connection, row: BookingRow) -> int:
    """Money that was taken for the booking outside the payment service, minor units."""
    found = await (
        await connection.execute(
            "SELECT collected FROM bookings WHERE organisation_id = %s AND id = %s", (row.organisation_id, row.id)
        )
    ).fetchone()
    return int(found[0]) if found else 0


async def departs_at(connection: Connection, organisation_id: UUID, departure_id: UUID) -> datetime:
    """When a departure leaves its first stop. Raises ``LookupError`` when it does not exist in this scope."""
    row = await (
        await connection.execute(
            "SELECT departs_at FROM departures WHERE organisation_id = %s AND id = %s", (organisation_id, departure_id)
        )
    ).fetchone()
    if row is None:
        raise LookupError(f"no departure {departure_id}")
    at: datetime = row[0]
    return at
