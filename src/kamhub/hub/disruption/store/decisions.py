"""Taking a decision, and writing what came of it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from kamhub.hub.booking.types import Disrupted
from kamhub.hub.disruption.types import Disruption, Outcome
from kamhub.platform.database.pool import Connection

# Whom the decision met and nobody has to settle any more: moved by hand meanwhile, or no longer a booking that travels.
OVER = """(b.status NOT IN ('on_hold', 'pending', 'confirmed')
    OR (b.status IN ('on_hold', 'pending') AND b.expires_at <= %(now)s))"""


async def running(connection: Connection, organisation_id: UUID, departure_ids: Collection[UUID]) -> dict[UUID, str]:
    """The status of these departures; those of others are left out."""
    cursor = await connection.execute(
        "SELECT id, status FROM departures WHERE organisation_id = %s AND id = ANY(%s)",
        (organisation_id, list(departure_ids)),
    )
    return {row[0]: row[1] for row in await cursor.fetchall()}


async def insert(connection: Connection, disruption: Disruption) -> None:
    """Write the decision."""
    await connection.execute(
        "INSERT INTO disruptions (organisation_id, id, rebook, reason, weather, actor, created_at, answer_until) "
        "VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
        (
            disruption.organisation_id,
            disruption.id,
            disruption.rebook,
            disruption.reason,
            disruption.weather,
            disruption.actor,
            disruption.created_at,
            disruption.answer_until,
        ),
    )


async def call_off(connection: Connection, disruption: Disruption, departure_ids: Collection[UUID]) -> None:
    """Cancel locked departures, with the event that says so, and tie them to the decision."""
    await connection.execute(
        """WITH called_off AS (
             UPDATE departures d SET status = 'cancelled', version = d.version + 1
             FROM departures old WHERE d.organisation_id = %(organisation)s AND d.id = ANY(%(ids)s)
               AND old.organisation_id = d.organisation_id AND old.id = d.id
             RETURNING d.organisation_id, d.id, old.status AS before
           ), noted AS (
             INSERT INTO departure_events (organisation_id, departure_id, at, what, before, after, actor, reason)
             SELECT organisation_id, id, %(at)s, 'cancelled', before, 'cancelled', %(actor)s, %(reason)s FROM called_off
           )
           INSERT INTO disrupted_departures (organisation_id, disruption_id, departure_id)
           SELECT organisation_id, %(disruption)s, id FROM called_off""",
        {
            "organisation": disruption.organisation_id,
            "ids": list(departure_ids),
            "at": disruption.created_at,
            "actor": disruption.actor,
            "reason": disruption.reason,
            "disruption": disruption.id,
        },
    )


async def add_bookings(connection: Connection, disruption: Disruption, departure_ids: Collection[UUID]) -> int:
    """Write down every booking on these (locked) departures that somebody has to settle; returns how many that are.

    Who has boarded already is written down too, as over: a person sees them in the list.
    """
    cursor = await connection.execute(
        """WITH met AS (
             INSERT INTO disrupted_bookings (organisation_id, disruption_id, booking_id, departure_id, outcome, settled_at)
             SELECT b.organisation_id, %(disruption)s, b.id, b.departure_id,
                    CASE b.status WHEN 'redeemed' THEN 'already_over' ELSE 'waiting' END,
                    CASE b.status WHEN 'redeemed' THEN %(at)s::timestamptz END
             FROM bookings b WHERE b.organisation_id = %(organisation)s AND b.departure_id = ANY(%(ids)s)
               AND b.status IN ('on_hold', 'pending', 'confirmed', 'redeemed')
             RETURNING outcome
           )
           SELECT count(*) FROM met WHERE outcome = 'waiting'""",
        {
            "disruption": disruption.id,
            "organisation": disruption.organisation_id,
            "ids": list(departure_ids),
            "at": disruption.created_at,
        },
    )
    row = await cursor.fetchone()
    return int(row[0]) if row else 0


@dataclass(frozen=True, slots=True)
class Settlement:
    """What became of one booking. ``settled_at`` is None for one that is only asked."""

    booking_id: UUID
    outcome: Outcome
    moved_to: UUID | None = None


async def settle(
    connection: Connection, organisation_id: UUID, disruption_id: UUID, settled: Sequence[Settlement], at: datetime
) -> int:
    """Write what became of (locked) bookings that were open; returns how many were."""
    cursor = await connection.execute(
        """UPDATE disrupted_bookings x SET outcome = u.outcome, moved_to = u.moved_to,
             settled_at = CASE u.outcome WHEN 'asked' THEN NULL ELSE %s::timestamptz END
           FROM unnest(%s::uuid[], %s::text[], %s::uuid[]) AS u(booking_id, outcome, moved_to)
           WHERE x.organisation_id = %s AND x.disruption_id = %s AND x.booking_id = u.booking_id
             AND x.outcome IN ('waiting', 'asked')""",
        (
            at,
            [one.booking_id for one in settled],
            [one.outcome for one in settled],
            [one.moved_to for one in settled],
            organisation_id,
            disruption_id,
        ),
    )
    return cursor.rowcount


async def settle_leftovers(connection: Connection, organisation_id: UUID, disruption_id: UUID, now: datetime) -> None:
    """Write down who settled it otherwise: moved by hand, cancelled by the traveller, lapsed."""
    await connection.execute(
        f"""UPDATE disrupted_bookings x SET settled_at = %(now)s,
              outcome = CASE WHEN b.departure_id <> x.departure_id THEN 'moved' ELSE 'already_over' END,
              moved_to = nullif(b.departure_id, x.departure_id)
            FROM bookings b
            WHERE x.organisation_id = %(organisation)s AND x.disruption_id = %(disruption)s
              AND x.outcome IN ('waiting', 'asked') AND b.organisation_id = x.organisation_id AND b.id = x.booking_id
              AND (b.departure_id <> x.departure_id OR {OVER})""".encode(),
        {"now": now, "organisation": organisation_id, "disruption": disruption_id},
    )


async def finish(connection: Connection, organisation_id: UUID, disruption_id: UUID, now: datetime) -> bool:
    """Mark a decision as carried out when no booking of it is open any more. Whether it is."""
    await connection.execute(
        """UPDATE disruptions d SET finished_at = %s WHERE d.organisation_id = %s AND d.id = %s AND d.finished_at IS NULL
           AND NOT EXISTS (SELECT FROM disrupted_bookings x WHERE x.organisation_id = d.organisation_id
                             AND x.disruption_id = d.id AND x.outcome IN ('waiting', 'asked'))""",
        (now, organisation_id, disruption_id),
    )
    row = await (
        await connection.execute(
            "SELECT finished_at IS NOT NULL FROM disruptions WHERE organisation_id = %s AND id = %s",
            (organisation_id, disruption_id),
        )
    ).fetchone()
    return row is not None and bool(row[0])


async def of_departure(connection: Connection, organisation_id: UUID, departure_id: UUID) -> UUID | None:
    """The decision that called the departure off, None when none did."""
    row = await (
        await connection.execute(
            "SELECT disruption_id FROM disrupted_departures WHERE organisation_id = %s AND departure_id = %s",
            (organisation_id, departure_id),
        )
    ).fetchone()
    found: UUID | None = row[0] if row else None
    return found


_OPEN_QUESTION = """
SELECT x.id, x.rebook = 'ask', x.answer_until FROM disrupted_bookings b
JOIN disruptions x ON x.organisation_id = b.organisation_id AND x.id = b.disruption_id
JOIN bookings k ON k.organisation_id = b.organisation_id AND k.id = b.booking_id
  AND k.departure_id = b.departure_id AND k.status IN ('on_hold', 'pending', 'confirmed')
WHERE b.organisation_id = %s AND b.booking_id = %s AND b.outcome IN ('waiting', 'asked')"""


async def open_question(connection: Connection, organisation_id: UUID, booking_id: UUID) -> Disrupted | None:
    """The decision that has not settled yet what becomes of the booking, None when there is none."""
    row = await (await connection.execute(_OPEN_QUESTION, (organisation_id, booking_id))).fetchone()
    return Disrupted(*row) if row else None


async def require_asked(connection: Connection, organisation_id: UUID, booking_id: UUID) -> UUID | None:
    """The decision whose question the booking may still answer; asked again under the booking's lock."""
    question = await open_question(connection, organisation_id, booking_id)
    return question.disruption_id if question is not None and question.asked else None
