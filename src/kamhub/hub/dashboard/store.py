"""SQL of the figures; every query is bounded by days and served by an index on time."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from kamhub.hub.booking.types import Channel
from kamhub.hub.dashboard.types import Made, Running
from kamhub.platform.database.pool import Connection

_RUNNING = """
SELECT (d.departs_at AT TIME ZONE %(zone)s)::date,
       count(*) FILTER (WHERE d.status <> 'cancelled'),
       count(*) FILTER (WHERE d.status = 'cancelled'),
       coalesce(sum(d.capacity * cardinality(d.taken)) FILTER (WHERE d.status <> 'cancelled'), 0)::bigint,
       coalesce(sum(legs.taken) FILTER (WHERE d.status <> 'cancelled'), 0)::bigint
FROM departures d CROSS JOIN LATERAL (SELECT sum(seats) AS taken FROM unnest(d.taken) AS seats) legs
WHERE d.organisation_id = %(organisation)s AND d.departs_at >= %(since)s AND d.departs_at < %(until)s
GROUP BY 1"""

_MADE = """
SELECT (created_at AT TIME ZONE %(zone)s)::date, channel,
       count(*),
       count(*) FILTER (WHERE contact_name IS NOT NULL),
       count(*) FILTER (WHERE status IN ('confirmed', 'redeemed')),
       count(*) FILTER (WHERE status = 'cancelled' AND contact_name IS NOT NULL),
       coalesce(sum(total) FILTER (WHERE status IN ('confirmed', 'redeemed')), 0)::bigint,
       coalesce(sum(refunded), 0)::bigint
FROM bookings
WHERE organisation_id = %(organisation)s AND created_at >= %(since)s AND created_at < %(until)s
GROUP BY 1, 2"""


async def running(
    connection: Connection, organisation_id: UUID, since: datetime, until: datetime, zone: str
) -> dict[date, Running]:
    """Departures by their day in that zone."""
    cursor = await connection.execute(
        _RUNNING, {"organisation": organisation_id, "since": since, "until": until, "zone": zone}
    )
    return {row[0]: Running(*row[1:]) for row in await cursor.fetchall()}


async def made(
    connection: Connection, organisation_id: UUID, since: datetime, until: datetime, zone: str
) -> dict[tuple[date, Channel], Made]:
    """Bookings by the day they were made and the way they came."""
    cursor = await connection.execute(
        _MADE, {"organisation": organisation_id, "since": since, "until": until, "zone": zone}
    )
    return {(row[0], row[1]): Made(*row[2:]) for row in await cursor.fetchall()}


async def currency(connection: Connection, organisation_id: UUID) -> str:
    """The currency the organisation sells in."""
    cursor = await connection.execute("SELECT currency FROM organisations WHERE id = %s", (organisation_id,))
    row = await cursor.fetchone()
    return str(row[0]) if row else "RUB"
