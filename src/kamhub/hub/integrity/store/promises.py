"""Every promise of the product, and the one statement that counts its breaches.

One statement each, so that each sees one moment even while seats are being sold. It takes no lock.
"""

from __future__ import annotations

from kamhub.hub.integrity.types import Invariant
from kamhub.kit.text import mark
from kamhub.platform.database.pool import Connection

LEDGER: tuple[Invariant, ...] = (
    Invariant(
        "ledger_sums_to_zero",
        mark("the lines of every entry of the ledger sum to zero"),
        """
        SELECT count(*) FROM ledger_entries e WHERE NOT EXISTS (
          SELECT FROM ledger_lines l WHERE l.organisation_id = e.organisation_id AND l.entry_id = e.id
        ) OR EXISTS (
          SELECT FROM ledger_lines l WHERE l.organisation_id = e.organisation_id AND l.entry_id = e.id
          GROUP BY l.currency HAVING sum(l.amount) <> 0)""",
    ),
    Invariant(
        "closings_equal_lines",
        mark("what the books were closed with is what the lines entered before add up to"),
        """
        WITH spans AS (
          SELECT at, organisation_id, lag(at) OVER (PARTITION BY organisation_id ORDER BY at) AS before
          FROM (SELECT DISTINCT organisation_id, at FROM ledger_closings) closings
        ), brought AS (
          SELECT s.organisation_id, s.at, l.account, l.currency, sum(l.amount) AS amount FROM spans s
          JOIN ledger_entries e ON e.organisation_id = s.organisation_id AND e.at < s.at
            AND e.at >= coalesce(s.before, '-infinity')
          JOIN ledger_lines l ON l.organisation_id = e.organisation_id AND l.entry_id = e.id
          GROUP BY s.organisation_id, s.at, l.account, l.currency
        ), said AS (
          SELECT organisation_id, at, account, currency, amount - coalesce(lag(amount) OVER (
            PARTITION BY organisation_id, account, currency ORDER BY at), 0) AS amount FROM ledger_closings
        )
        SELECT count(*) FROM said FULL JOIN brought USING (organisation_id, at, account, currency)
        WHERE coalesce(said.amount, 0) <> coalesce(brought.amount, 0)""",
    ),
    Invariant(
        "money_is_entered",
        mark("no payment and no refund is completed without its entry, but for test money that was refused"),
        """
        SELECT (SELECT count(*) FROM payments p WHERE p.status = 'completed' AND NOT (p.test AND NOT p.accepted)
                AND NOT EXISTS (SELECT FROM ledger_entries e
                                WHERE e.organisation_id = p.organisation_id AND e.source = 'payment:' || p.id))
          + (SELECT count(*) FROM refunds r
             JOIN ledger_entries e ON e.organisation_id = r.organisation_id AND e.source = 'payment:' || r.payment_id
             WHERE r.status = 'completed' AND NOT EXISTS (
               SELECT FROM ledger_entries b WHERE b.organisation_id = r.organisation_id AND b.source = 'refund:' || r.id))""",
    ),
    Invariant(
        "travellers_are_owed",
        mark("what the ledger owes the travellers of a booking is what it had and has not earned or returned"),
        """
        WITH sums AS (
          SELECT e.organisation_id, e.booking_id, sum(l.amount) FILTER (WHERE l.account = 'travellers') AS travellers,
            -sum(l.amount) FILTER (WHERE l.account = 'revenue') AS earned,
            sum(l.amount) FILTER (WHERE l.account = 'receivable') AS receivable
          FROM ledger_entries e JOIN ledger_lines l ON l.organisation_id = e.organisation_id AND l.entry_id = e.id
          WHERE e.booking_id IS NOT NULL GROUP BY e.organisation_id, e.booking_id
        ), returned AS (
          SELECT r.organisation_id, r.booking_id, sum(r.amount) AS amount FROM refunds r
          JOIN payments p ON p.organisation_id = r.organisation_id AND p.id = r.payment_id AND p.accepted
          WHERE r.status = 'completed' GROUP BY r.organisation_id, r.booking_id
        )
        SELECT count(*) FROM bookings b
        LEFT JOIN sums s ON s.organisation_id = b.organisation_id AND s.booking_id = b.id
        LEFT JOIN returned r ON r.organisation_id = b.organisation_id AND r.booking_id = b.id
        WHERE coalesce(s.travellers, 0) <> coalesce(s.earned, 0) - coalesce(s.receivable, 0) - coalesce(b.paid, 0)
          - b.collected + coalesce(r.amount, 0)""",
    ),
    Invariant(
        "provider_holds_the_rest",
        mark(
            "what the ledger says the payment service holds is what came in less refunds, fees, chargebacks and payouts"
        ),
        """
        WITH held AS (
          SELECT organisation_id, sum(amount) FILTER (WHERE account = 'provider') AS provider,
            sum(amount) FILTER (WHERE account = 'provider_fees') AS fees FROM ledger_lines GROUP BY organisation_id
        ), entered AS (
          SELECT e.organisation_id, sum(p.amount - p.charged_back - coalesce((
            SELECT sum(r.amount) FROM refunds r WHERE r.organisation_id = p.organisation_id AND r.payment_id = p.id
              AND r.status = 'completed'), 0)) AS amount
          FROM ledger_entries e JOIN payments p ON p.organisation_id = e.organisation_id AND p.id = e.payment_id
          WHERE e.kind IN ('charge', 'charge_unmatched') GROUP BY e.organisation_id
        ), paid AS (SELECT organisation_id, sum(amount) AS amount FROM payouts GROUP BY organisation_id)
        SELECT count(*) FROM held
        LEFT JOIN entered ON entered.organisation_id = held.organisation_id
        LEFT JOIN paid ON paid.organisation_id = held.organisation_id
        WHERE coalesce(held.provider, 0) <>
          coalesce(entered.amount, 0) - coalesce(held.fees, 0) - coalesce(paid.amount, 0)""",
    ),
    Invariant(
        "commission_of_what_was_earned",
        mark("the platform gets nothing of a booking that earned nothing"),
        """
        SELECT count(*) FROM (
          SELECT e.booking_id FROM ledger_entries e
          JOIN ledger_lines l ON l.organisation_id = e.organisation_id AND l.entry_id = e.id
          WHERE e.booking_id IS NOT NULL GROUP BY e.organisation_id, e.booking_id
          HAVING coalesce(sum(l.amount) FILTER (WHERE l.account = 'commission'), 0) NOT BETWEEN 0
            AND coalesce(-sum(l.amount) FILTER (WHERE l.account = 'revenue'), 0)
        ) wrong""",
    ),
)

INVARIANTS: tuple[Invariant, ...] = (
    Invariant(
        "no_oversold_leg",
        mark("no leg of a departure has more seats taken than there are"),
        "SELECT count(*) FROM departures WHERE NOT (0 <= ALL (taken) AND capacity >= ALL (taken))",
    ),
    Invariant(
        "counters_equal_rows",
        mark("the seats counted on every leg are exactly those of its bookings"),
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
        mark("every booking has a history, and its last entry is its state"),
        """
        SELECT count(*) FROM bookings b LEFT JOIN LATERAL (
          SELECT e.to_status FROM booking_events e
          WHERE e.organisation_id = b.organisation_id AND e.booking_id = b.id ORDER BY e.id DESC LIMIT 1
        ) last ON true
        WHERE last.to_status IS DISTINCT FROM b.status""",
    ),
    Invariant(
        "paid_equals_payments",
        mark("what a booking says was paid is what its counted payment brought"),
        """
        SELECT count(*) FROM bookings b LEFT JOIN payments p
          ON p.organisation_id = b.organisation_id AND p.booking_id = b.id AND p.accepted AND p.status = 'completed'
        WHERE b.paid IS DISTINCT FROM p.amount""",
    ),
    Invariant(
        "refunded_equals_refunds",
        mark("what a booking says went back is what its refunds add up to, and never more than was paid"),
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
        mark("of all the payments of a booking one counts, the others are on their way back or before a person"),
        """
        SELECT count(*) FROM (
          SELECT 1 FROM payments WHERE accepted AND status = 'completed' AND booking_id IS NOT NULL
          GROUP BY organisation_id, booking_id HAVING count(*) > 1
        ) twice""",
    ),
    Invariant(
        "promo_within_discount",
        mark("what a promo code took off a booking is part of its discount"),
        """
        SELECT count(*) FROM promo_code_uses u
        JOIN bookings b ON b.organisation_id = u.organisation_id AND b.id = u.booking_id
        WHERE u.amount > b.discount""",
    ),
    Invariant(
        "confirmed_once",
        mark("a confirmed booking was confirmed exactly once"),
        """
        SELECT count(*) FROM bookings b WHERE b.status IN ('confirmed', 'redeemed') AND 1 <> (
          SELECT count(*) FROM booking_events e
          WHERE e.organisation_id = b.organisation_id AND e.booking_id = b.id AND e.to_status = 'confirmed')""",
    ),
    Invariant(
        "no_one_dropped",
        mark("whoever is booked on a cancelled departure is being moved, paid back or asked"),
        """
        SELECT count(*) FROM bookings b
        JOIN departures d ON d.organisation_id = b.organisation_id AND d.id = b.departure_id AND d.status = 'cancelled'
        WHERE (b.status = 'confirmed' OR (b.status IN ('on_hold', 'pending') AND b.expires_at > now()))
          AND NOT EXISTS (
            SELECT FROM disrupted_bookings x JOIN disruptions y
              ON y.organisation_id = x.organisation_id AND y.id = x.disruption_id AND y.finished_at IS NULL
            WHERE x.organisation_id = b.organisation_id AND x.booking_id = b.id AND x.outcome IN ('waiting', 'asked'))""",
    ),
    Invariant(
        "no_silent_money",
        mark("money of a booking that is not confirmed has been returned or is on its way back"),
        """
        SELECT count(*) FROM bookings b WHERE b.status IN ('expired', 'rejected') AND b.paid IS NOT NULL
          AND NOT EXISTS (SELECT FROM refunds r WHERE r.organisation_id = b.organisation_id AND r.booking_id = b.id)""",
    ),
    *LEDGER,
)


async def count_breaches(connection: Connection, invariant: Invariant) -> int:
    """How many rows break the invariant (system scope)."""
    row = await (await connection.execute(invariant.query)).fetchone()
    return int(row[0]) if row else 0
