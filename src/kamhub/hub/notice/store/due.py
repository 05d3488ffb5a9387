"""SQL that finds which messages the clock asks for; across organisations, in the system scope.

Each looks at the departures of a window by the index on organisation and time, so that it costs what those cost.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import LiteralString

from kamhub.hub.notice.types import Due, MessageKind
from kamhub.platform.database.pool import Connection

# The longest way from the first stop to any other; of a departure only the first stop's time is indexed.
_LONGEST_WAY = timedelta(days=2)

# Booked before the reminder was due: whoever books for the next hours has the ticket before their eyes.
REMINDERS: LiteralString = """
SELECT b.organisation_id, b.id, b.contact_locale, b.contact_email,
  d.id || ':' || extract(epoch FROM own.at)::bigint, jsonb_build_object('departs_at', own.at)
FROM organisations o
JOIN departures d ON d.organisation_id = o.id AND d.departs_at > %(first)s::timestamptz - %(way)s
  AND d.departs_at <= %(last)s AND d.status <> 'cancelled'
JOIN bookings b ON b.departure_id = d.id AND b.organisation_id = d.organisation_id AND b.status = 'confirmed'
JOIN route_stops r ON r.organisation_id = d.organisation_id AND r.route_id = d.route_id AND r.position = b.from_position
CROSS JOIN LATERAL (SELECT d.departs_at + make_interval(mins => r.offset_minutes) AS at) AS own
WHERE own.at > %(first)s AND own.at <= %(last)s AND b.contact_email IS NOT NULL AND b.created_at < own.at - %(lead)s
  AND NOT EXISTS (SELECT FROM messages m WHERE m.organisation_id = b.organisation_id AND m.booking_id = b.id
    AND m.kind = %(kind)s AND m.occasion = d.id || ':' || extract(epoch FROM own.at)::bigint)
ORDER BY own.at, b.id LIMIT %(limit)s"""

REVIEWS: LiteralString = """
SELECT b.organisation_id, b.id, b.contact_locale, b.contact_email, '', '{}'::jsonb
FROM organisations o
LEFT JOIN notice_settings s ON s.organisation_id = o.id
JOIN departures d ON d.organisation_id = o.id AND d.departs_at > %(first)s::timestamptz - %(way)s
  AND d.departs_at <= %(last)s AND d.status <> 'cancelled'
JOIN bookings b ON b.departure_id = d.id AND b.organisation_id = d.organisation_id
  AND b.status IN ('confirmed', 'redeemed') AND b.no_show_at IS NULL
JOIN route_stops r ON r.organisation_id = d.organisation_id AND r.route_id = d.route_id AND r.position = b.to_position
CROSS JOIN LATERAL (SELECT d.departs_at + make_interval(mins => r.offset_minutes) AS at) AS own
WHERE coalesce(s.reviews, true) AND own.at > %(first)s AND own.at <= %(last)s AND b.contact_email IS NOT NULL
  AND NOT EXISTS (SELECT FROM messages m WHERE m.organisation_id = b.organisation_id AND m.booking_id = b.id
    AND m.kind = 'review_request')
  AND NOT EXISTS (SELECT FROM reviews v WHERE v.organisation_id = b.organisation_id AND v.booking_id = b.id)
ORDER BY own.at, b.id LIMIT %(limit)s"""


async def reminders(
    connection: Connection, kind: MessageKind, first: datetime, last: datetime, lead: timedelta, limit: int
) -> list[Due]:
    """Confirmed bookings whose own departure is in ``(first, last]`` and that have not been reminded of it."""
    asked = {"kind": kind, "first": first, "last": last, "lead": lead, "way": _LONGEST_WAY, "limit": limit}
    return [Due(*row) for row in await (await connection.execute(REMINDERS, asked)).fetchall()]


async def review_requests(connection: Connection, first: datetime, last: datetime, limit: int) -> list[Due]:
    """Bookings that arrived in ``(first, last]`` and have neither a review nor been asked for one."""
    asked = {"first": first, "last": last, "way": _LONGEST_WAY, "limit": limit}
    return [Due(*row) for row in await (await connection.execute(REVIEWS, asked)).fetchall()]
