"""What people are shown of decisions, and what the job works through."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from kamhub.hub.disruption.store.decisions import OVER
from kamhub.hub.disruption.types import (
    AffectedDeparture,
    DisruptedBooking,
    Disruption,
    Outcome,
    Party,
    Progress,
)
from kamhub.kit.money import Money
from kamhub.platform.database.pool import Connection

# What the outcome is, also where somebody settled it otherwise and the job has not come by yet.
_OUTCOME = f"""CASE WHEN x.outcome IN ('waiting', 'asked') AND b.departure_id <> x.departure_id THEN 'moved'
    WHEN x.outcome IN ('waiting', 'asked') AND {OVER} THEN 'already_over' ELSE x.outcome END"""

_AFFECTED = f"""
SELECT d.id, d.route_id, r.name, d.departs_at, d.status, d.capacity, v.model || ', ' || v.plate, count(b.id),
       coalesce(sum(b.passengers), 0)::int, p.time_zone
FROM departures d
JOIN routes r ON r.organisation_id = d.organisation_id AND r.id = d.route_id
JOIN vehicles v ON v.organisation_id = d.organisation_id AND v.id = d.vehicle_id
JOIN route_stops s ON s.organisation_id = d.organisation_id AND s.route_id = d.route_id AND s.position = 0
JOIN places p ON p.organisation_id = s.place_organisation_id AND p.id = s.place_id
LEFT JOIN bookings b ON b.departure_id = d.id AND b.organisation_id = d.organisation_id AND NOT {OVER}
WHERE d.organisation_id = %(organisation)s AND %(which)s
GROUP BY d.organisation_id, d.id, r.name, v.model, v.plate, p.time_zone ORDER BY d.departs_at, d.id"""
_BY_ID = "d.id = ANY(%(ids)s)"
_BY_DAY = """d.departs_at >= %(from)s AND d.departs_at < %(to)s AND d.departs_at > %(now)s AND d.status <> 'cancelled'
  AND (d.departs_at AT TIME ZONE p.time_zone)::date = %(day)s
  AND (%(route)s::uuid IS NULL OR d.route_id = %(route)s)"""


def _departure(row: Sequence[Any]) -> AffectedDeparture:
    at = row[3].astimezone(ZoneInfo(row[9]))
    return AffectedDeparture(row[0], row[1], row[2], at, row[4], row[5], row[6], row[7], row[8])


async def affected(
    connection: Connection, organisation_id: UUID, departure_ids: Collection[UUID], now: datetime
) -> list[AffectedDeparture]:
    """These departures with who is on them, in order of departure."""
    values = {"organisation": organisation_id, "ids": list(departure_ids), "now": now}
    return await _affected(connection, _BY_ID, values)


async def affected_of_day(
    connection: Connection, organisation_id: UUID, day: date, route_id: UUID | None, now: datetime
) -> list[AffectedDeparture]:
    """What still runs on a day (of the place where it begins), of one route or of all."""
    midnight = datetime(day.year, day.month, day.day, tzinfo=ZoneInfo("UTC"))
    values = {
        "organisation": organisation_id,
        "from": midnight - timedelta(days=1),
        "to": midnight + timedelta(days=2),
        "day": day,
        "route": route_id,
        "now": now,
    }
    return await _affected(connection, _BY_DAY, values)


async def _affected(connection: Connection, which: str, values: dict[str, object]) -> list[AffectedDeparture]:
    query = _AFFECTED.replace("%(which)s", which)
    return [_departure(row) for row in await (await connection.execute(query.encode(), values)).fetchall()]


_DISRUPTION = """
SELECT d.organisation_id, d.id, d.rebook, d.reason, d.weather, d.actor, d.created_at, d.answer_until, d.finished_at,
       count(e.id), min(e.departs_at), max(e.departs_at)
FROM disruptions d
LEFT JOIN disrupted_departures t ON t.organisation_id = d.organisation_id AND t.disruption_id = d.id
LEFT JOIN departures e ON e.organisation_id = t.organisation_id AND e.id = t.departure_id
WHERE d.organisation_id = %s"""
_GROUPED = " GROUP BY d.organisation_id, d.id"


async def disruption(
    connection: Connection, organisation_id: UUID, disruption_id: UUID, now: datetime, *, counted: bool = True
) -> Disruption | None:
    """One decision; with how far it is, unless it is not to be ``counted``."""
    query = f"{_DISRUPTION} AND d.id = %s{_GROUPED}"
    row = await (await connection.execute(query.encode(), (organisation_id, disruption_id))).fetchone()
    if row is None or not counted:
        return None if row is None else _disruption(row, {})
    progress = await _progress(connection, organisation_id, [disruption_id], now)
    return _disruption(row, progress)


async def disruptions(
    connection: Connection, organisation_id: UUID, now: datetime, *, offset: int, limit: int
) -> tuple[list[Disruption], int]:
    """A page of decisions, the newest first, and how many there are."""
    query = f"{_DISRUPTION}{_GROUPED} ORDER BY d.created_at DESC, d.id DESC OFFSET %s LIMIT %s"
    rows = await (await connection.execute(query.encode(), (organisation_id, offset, limit))).fetchall()
    total = await (
        await connection.execute("SELECT count(*) FROM disruptions WHERE organisation_id = %s", (organisation_id,))
    ).fetchone()
    progress = await _progress(connection, organisation_id, [row[1] for row in rows], now)
    return [_disruption(row, progress) for row in rows], int(total[0]) if total else 0


def _disruption(row: Sequence[Any], progress: dict[UUID, Progress]) -> Disruption:
    return Disruption(
        organisation_id=row[0],
        id=row[1],
        rebook=row[2],
        reason=row[3],
        weather=row[4],
        actor=row[5],
        created_at=row[6],
        answer_until=row[7],
        finished_at=row[8],
        departures=row[9],
        progress=progress.get(row[1], Progress({})),
        first_at=row[10],
        last_at=row[11],
    )


async def _progress(
    connection: Connection, organisation_id: UUID, ids: Collection[UUID], now: datetime
) -> dict[UUID, Progress]:
    cursor = await connection.execute(
        f"""SELECT x.disruption_id, {_OUTCOME}, count(*) FROM disrupted_bookings x
            JOIN bookings b ON b.organisation_id = x.organisation_id AND b.id = x.booking_id
            WHERE x.organisation_id = %(organisation)s AND x.disruption_id = ANY(%(ids)s) GROUP BY 1, 2""".encode(),
        {"organisation": organisation_id, "ids": list(ids), "now": now},
    )
    counts: dict[UUID, dict[Outcome, int]] = {}
    for number, outcome, count in await cursor.fetchall():
        counts.setdefault(number, {})[outcome] = count
    return {number: Progress(found) for number, found in counts.items()}


_BOOKINGS = f"""
SELECT b.id, b.code, b.contact_name, b.contact_phone, b.passengers, x.departure_id, d.departs_at, {_OUTCOME},
       coalesce(x.moved_to, nullif(b.departure_id, x.departure_id)), m.departs_at, b.refunded, b.currency, x.settled_at,
       p.time_zone, count(*) OVER ()
FROM disrupted_bookings x
JOIN bookings b ON b.organisation_id = x.organisation_id AND b.id = x.booking_id
JOIN departures d ON d.organisation_id = x.organisation_id AND d.id = x.departure_id
JOIN route_stops s ON s.organisation_id = d.organisation_id AND s.route_id = d.route_id AND s.position = 0
JOIN places p ON p.organisation_id = s.place_organisation_id AND p.id = s.place_id
LEFT JOIN departures m ON m.organisation_id = x.organisation_id
  AND m.id = coalesce(x.moved_to, nullif(b.departure_id, x.departure_id))
WHERE x.organisation_id = %(organisation)s AND x.disruption_id = %(disruption)s
  AND (%(outcome)s::text IS NULL OR {_OUTCOME} = %(outcome)s)
ORDER BY d.departs_at, d.id, b.created_at, b.id OFFSET %(offset)s LIMIT %(limit)s"""


async def bookings(
    connection: Connection,
    organisation_id: UUID,
    disruption_id: UUID,
    now: datetime,
    *,
    outcome: Outcome | None = None,
    offset: int,
    limit: int,
) -> tuple[list[DisruptedBooking], int]:
    """A page of the bookings a decision met, as they are served, and how many there are."""
    cursor = await connection.execute(
        _BOOKINGS.encode(),
        {
            "organisation": organisation_id,
            "disruption": disruption_id,
            "outcome": outcome,
            "offset": offset,
            "limit": limit,
            "now": now,
        },
    )
    rows = await cursor.fetchall()
    return [_booking(row) for row in rows], rows[0][14] if rows else 0


def _booking(row: Sequence[Any]) -> DisruptedBooking:
    zone = ZoneInfo(row[13])
    return DisruptedBooking(
        booking_id=row[0],
        code=row[1],
        name=row[2],
        phone=row[3],
        passengers=row[4],
        departure_id=row[5],
        departed_at=row[6].astimezone(zone),
        outcome=row[7],
        moved_to=row[8],
        moved_to_at=row[9].astimezone(zone) if row[9] else None,
        refunded=Money(row[10], row[11]) if row[10] else None,
        settled_at=row[12].astimezone(zone) if row[12] else None,
    )


async def next_departure(
    connection: Connection,
    organisation_id: UUID,
    disruption_id: UUID,
    outcomes: Collection[Outcome],
    without: Collection[UUID],
) -> UUID | None:
    """The earliest cancelled departure with bookings of these outcomes; ``without``: bookings that are left alone."""
    row = await (
        await connection.execute(
            """SELECT d.id FROM disrupted_bookings x
               JOIN departures d ON d.organisation_id = x.organisation_id AND d.id = x.departure_id
               WHERE x.organisation_id = %s AND x.disruption_id = %s AND x.outcome = ANY(%s) AND x.booking_id <> ALL(%s)
               ORDER BY d.departs_at, d.id LIMIT 1""",
            (organisation_id, disruption_id, list(outcomes), list(without)),
        )
    ).fetchone()
    found: UUID | None = row[0] if row else None
    return found


async def parties(
    connection: Connection,
    organisation_id: UUID,
    disruption_id: UUID,
    departure_id: UUID,
    outcomes: Collection[Outcome],
    without: Collection[UUID],
    limit: int,
) -> list[Party]:
    """Bookings of one cancelled departure with these outcomes, first come first served."""
    cursor = await connection.execute(
        f"""SELECT {_PARTY} FROM disrupted_bookings x
            JOIN bookings b ON b.organisation_id = x.organisation_id AND b.id = x.booking_id
            WHERE x.organisation_id = %s AND x.disruption_id = %s AND x.departure_id = %s AND x.outcome = ANY(%s)
              AND x.booking_id <> ALL(%s)
            ORDER BY b.created_at, b.id LIMIT %s""".encode(),
        (organisation_id, disruption_id, departure_id, list(outcomes), list(without), limit),
    )
    return [Party(*row) for row in await cursor.fetchall()]


_PARTY = """b.id, b.passengers, b.from_position, b.to_position, b.contact_email IS NOT NULL,
    coalesce(b.paid, 0) - coalesce(b.refunded, 0), b.currency"""


async def parties_on(connection: Connection, organisation_id: UUID, departure_id: UUID, now: datetime) -> list[Party]:
    """Who is on a departure that still runs, first come first served."""
    cursor = await connection.execute(
        f"""SELECT {_PARTY} FROM bookings b
            WHERE b.organisation_id = %(organisation)s AND b.departure_id = %(departure)s AND NOT {OVER}
            ORDER BY b.created_at, b.id""".encode(),
        {"organisation": organisation_id, "departure": departure_id, "now": now},
    )
    return [Party(*row) for row in await cursor.fetchall()]
