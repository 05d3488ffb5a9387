"""One statement an invariant, so that each sees one moment even while seats are being sold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import LiteralString

from kamhub.platform.database.pool import Connection


@dataclass(frozen=True, slots=True)
class Invariant:
    """A promise and the query that counts its breaches."""

    name: str
    promise: str
    query: LiteralString


INVARIANTS: tuple[Invariant, ...] = (
    Invariant(
        "no_oversold_leg",
        "no leg of a departure has more seats taken than there are",
        "SELECT count(*) FROM departures WHERE NOT (0 <= ALL (taken) AND capacity >= ALL (taken))",
    ),
    Invariant(
        "counters_equal_rows",
        "the seats counted on every leg are exactly those of its bookings",
        """
        WITH booked AS (
          SELECT b.organisation_id, b.departure_id, leg, sum(b.passengers) AS seats
          FROM bookings b CROSS JOIN LATERAL generate_series(b.from_position + 1, b.to_position) AS leg
          WHERE b.status IN ('on_hold', 'pending', 'confirmed', 'redeemed')
          GROUP BY b.organisation_id, b.departure_id, leg
        ), counted AS (
          SELECT d.organisation_id, d.id, leg, d.taken[leg] AS seats
          FROM departures d CROSS JOIN LATERAL generate_subscripts(d.taken, 1) AS leg WHERE d.taken[leg] <> 0
        )
        SELECT count(*) FROM counted FULL JOIN booked ON booked.organisation_id = counted.organisation_id
          AND booked.departure_id = counted.id AND booked.leg = counted.leg
        WHERE coalesce(counted.seats, 0) <> coalesce(booked.seats, 0)""",
    ),
    Invariant(
        "no_orphan_hold",
        "every booking has a history, and its last entry is its state",
        """
        SELECT count(*) FROM bookings b LEFT JOIN LATERAL (
          SELECT e.to_status FROM booking_events e
          WHERE e.organisation_id = b.organisation_id AND e.booking_id = b.id ORDER BY e.id DESC LIMIT 1
        ) last ON true
        WHERE last.to_status IS DISTINCT FROM b.status""",
    ),
    Invariant(
        "paid_equals_payments",
        "what a booking says was paid is what its counted payment brought",
        """
        SELECT count(*) FROM bookings b LEFT JOIN payments p
          ON p.organisation_id = b.organisation_id AND p.booking_id = b.id AND p.accepted AND p.status = 'completed'
        WHERE b.paid IS DISTINCT FROM p.amount""",
    ),
    Invariant(
        "refunded_equals_refunds",
        "what a booking says went back is what its refunds add up to, and never more than was paid",
        """
        SELECT count(*) FROM bookings b LEFT JOIN LATERAL (
          SELECT sum(r.amount) AS returned FROM refunds r
          JOIN payments p ON p.organisation_id = r.organisation_id AND p.id = r.payment_id AND p.accepted
          WHERE r.organisation_id = b.organisation_id AND r.booking_id = b.id AND r.status <> 'refused'
        ) sums ON true
        WHERE b.refunded IS DISTINCT FROM sums.returned OR b.refunded > b.paid""",
    ),
    Invariant(
        "no_booking_paid_twice",
        "of all the payments of a booking one counts, the others are on their way back or before a person",
        """
        SELECT count(*) FROM (
          SELECT 1 FROM payments WHERE accepted AND status = 'completed' AND booking_id IS NOT NULL
          GROUP BY organisation_id, booking_id HAVING count(*) > 1
        ) twice""",
    ),
    Invariant(
        "confirmed_once",
        "a confirmed booking was confirmed exactly once",
        """
        SELECT count(*) FROM bookings b WHERE b.status IN ('confirmed', 'redeemed') AND 1 <> (
          SELECT count(*) FROM booking_events e
          WHERE e.organisation_id = b.organisation_id AND e.booking_id = b.id AND e.to_status = 'confirmed')""",
    ),
    Invariant(
        "no_silent_money",
        "money of a booking that is not confirmed has been returned or is on its way back",
        """
        SELECT count(*) FROM bookings b WHERE b.status IN ('expired', 'rejected') AND b.paid IS NOT NULL
          AND NOT EXISTS (SELECT FROM refunds r WHERE r.organisation_id = b.organisation_id AND r.booking_id = b.id)""",
    ),
)


async def count_breaches(connection: Connection, invariant: Invariant) -> int:
    """How many rows break the invariant (system scope)."""
    row = await (await connection.execute(invariant.query)).fetchone()
    return int(row[0]) if row else 0
