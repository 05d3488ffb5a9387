"""SQL of the ledger. Entries are only ever added: the roles of the program may neither change nor remove one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, LiteralString
from uuid import UUID

from kamhub.hub.ledger.types import Account, Entry, EntryQuery, EntryRow, Payout, Period, Standing, Statement
from kamhub.kit.ids import new_id
from kamhub.kit.money import Money
from kamhub.platform.database.batches import Position
from kamhub.platform.database.pool import Connection

MOST_COUNTED = 10_000


async def insert(connection: Connection, entry: Entry) -> bool:
    """Enter it with its lines. False when an entry of that source is there already."""
    cursor = await connection.execute(
        """WITH entry AS (
             INSERT INTO ledger_entries (organisation_id, id, at, kind, source, booking_id, payment_id, refund_id, memo)
             VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)
             ON CONFLICT (organisation_id, source) DO NOTHING RETURNING organisation_id, id)
           INSERT INTO ledger_lines (organisation_id, entry_id, account, amount, currency)
           SELECT entry.organisation_id, entry.id, line.account, line.amount, %s
           FROM entry, unnest(%s::text[], %s::bigint[]) AS line (account, amount)""",
        (
            entry.organisation_id,
            new_id(),
            entry.at,
            entry.kind,
            entry.source,
            entry.booking_id,
            entry.payment_id,
            entry.refund_id,
            entry.memo,
            entry.currency,
            list(entry.lines),
            list(entry.lines.values()),
        ),
    )
    return cursor.rowcount > 0


async def has(connection: Connection, organisation_id: UUID, source: str) -> bool:
    """Whether something of that source was entered."""
    query = "SELECT 1 FROM ledger_entries WHERE organisation_id = %s AND source = %s"
    return await (await connection.execute(query, (organisation_id, source))).fetchone() is not None


_STANDING: LiteralString = """
SELECT b.organisation_id, b.id, b.currency, b.pay_by, b.status IN ('confirmed', 'redeemed'), b.total, coalesce(b.paid, 0),
  b.collected, coalesce(b.refunded, 0),
  coalesce((SELECT sum(p.charged_back) FROM payments p WHERE p.organisation_id = b.organisation_id
            AND p.booking_id = b.id AND p.accepted), 0)::bigint,
  coalesce(said.receivable, 0)::bigint, coalesce(-said.revenue, 0)::bigint, coalesce(said.commission, 0)::bigint,
  coalesce(said.entries, 0)::int, o.commission_basis_points
FROM bookings b JOIN organisations o ON o.id = b.organisation_id
LEFT JOIN LATERAL (
  SELECT sum(l.amount) FILTER (WHERE l.account = 'receivable') AS receivable,
    sum(l.amount) FILTER (WHERE l.account = 'revenue') AS revenue,
    sum(l.amount) FILTER (WHERE l.account = 'commission') AS commission,
    count(DISTINCT e.id) FILTER (WHERE e.kind IN ('earned', 'commission', 'invoiced')) AS entries
  FROM ledger_entries e JOIN ledger_lines l ON l.organisation_id = e.organisation_id AND l.entry_id = e.id
  WHERE e.organisation_id = b.organisation_id AND e.booking_id = b.id
) said ON true
WHERE b.organisation_id = %s AND b.id = %s"""


async def standing(connection: Connection, organisation_id: UUID, booking_id: UUID) -> Standing | None:
    """What the books of a booking are made from; lock the booking before."""
    row = await (await connection.execute(_STANDING, (organisation_id, booking_id))).fetchone()
    return Standing(*row) if row else None


async def paid_by(connection: Connection, organisation_id: UUID, booking_id: UUID) -> tuple[UUID, UUID] | None:
    """``(payment, account)`` of the payment that counts for the booking, or None."""
    row = await (
        await connection.execute(
            "SELECT id, account_id FROM payments WHERE organisation_id = %s AND booking_id = %s AND accepted "
            "AND status = 'completed'",
            (organisation_id, booking_id),
        )
    ).fetchone()
    return (row[0], row[1]) if row else None


async def lock_bookings(connection: Connection, organisation_id: UUID, bookings: Sequence[UUID]) -> None:
    """Lock those bookings, in the order of their ids."""
    await connection.execute(
        "SELECT id FROM bookings WHERE organisation_id = %s AND id = ANY (%s) ORDER BY id FOR NO KEY UPDATE",
        (organisation_id, list(bookings)),
    )


async def has_earned(connection: Connection, organisation_id: UUID, booking_id: UUID) -> bool:
    """Whether what the booking earned was entered already."""
    query = "SELECT 1 FROM ledger_entries WHERE organisation_id = %s AND booking_id = %s AND kind = 'earned' LIMIT 1"
    return await (await connection.execute(query, (organisation_id, booking_id))).fetchone() is not None


async def unearned(
    connection: Connection, now: datetime, after: tuple[UUID, UUID] | None, limit: int
) -> list[tuple[UUID, UUID]]:
    """``(organisation, booking)`` in order, whose trip has run and whose money is still entered as the travellers' (system)."""
    organisation_id, booking_id = after or (UUID(int=0), UUID(int=0))
    cursor = await connection.execute(
        """SELECT b.organisation_id, b.id FROM bookings b
           JOIN departures d ON d.organisation_id = b.organisation_id AND d.id = b.departure_id
           WHERE (b.organisation_id, b.id) > (%s, %s) AND b.status NOT IN ('on_hold', 'pending')
             AND coalesce(upper(d.on_road), d.departs_at + interval '12 hours') <= %s
             AND (coalesce(b.paid, 0) + b.collected - coalesce(b.refunded, 0) > 0
                  OR b.pay_by = 'invoice' AND b.status IN ('confirmed', 'redeemed'))
             AND NOT EXISTS (SELECT FROM ledger_entries e WHERE e.organisation_id = b.organisation_id
                             AND e.booking_id = b.id AND e.kind = 'earned')
           ORDER BY b.organisation_id, b.id LIMIT %s""",
        (organisation_id, booking_id, now, limit),
    )
    return [(row[0], row[1]) for row in await cursor.fetchall()]


_ENTRIES: LiteralString = """
FROM ledger_entries e
WHERE e.organisation_id = %(organisation)s
  AND (%(since)s::timestamptz IS NULL OR e.at >= %(since)s) AND (%(until)s::timestamptz IS NULL OR e.at < %(until)s)
  AND (%(kind)s::text IS NULL OR e.kind = %(kind)s) AND (%(booking)s::uuid IS NULL OR e.booking_id = %(booking)s)
  AND (%(payment)s::uuid IS NULL OR e.payment_id = %(payment)s)"""
# Not behind an OR like the others: only then it can be looked for by its index.
_OF_ACCOUNT: LiteralString = """
  AND EXISTS (SELECT FROM ledger_lines x WHERE x.organisation_id = e.organisation_id AND x.entry_id = e.id AND x.account = %(account)s)"""
_WITH_LINES: LiteralString = """
SELECT e.id, e.at, e.kind, e.source, e.booking_id, b.code, e.payment_id, e.refund_id, e.memo, l.currency, l.lines
FROM page e
LEFT JOIN bookings b ON b.organisation_id = e.organisation_id AND b.id = e.booking_id
JOIN LATERAL (
  SELECT min(l.currency) AS currency, json_agg(json_build_array(l.account, l.amount) ORDER BY l.amount DESC, l.account) AS lines
  FROM ledger_lines l WHERE l.organisation_id = e.organisation_id AND l.entry_id = e.id
) l ON true ORDER BY e.at DESC, e.id DESC"""


def _narrowed(query: EntryQuery) -> LiteralString:
    return _ENTRIES if query.account is None else _ENTRIES + _OF_ACCOUNT


def _bound(organisation_id: UUID, query: EntryQuery, **more: object) -> dict[str, object]:
    return {
        "organisation": organisation_id,
        "since": query.since,
        "until": query.until,
        "kind": query.kind,
        "account": query.account,
        "booking": query.booking_id,
        "payment": query.payment_id,
        **more,
    }


def _entry(row: Sequence[Any]) -> EntryRow:
    values: list[Any] = [*row[:10], tuple((account, amount) for account, amount in row[10])]
    return EntryRow(*values)


async def entries(
    connection: Connection, organisation_id: UUID, query: EntryQuery, *, offset: int, limit: int
) -> list[EntryRow]:
    """Those entries with their lines, the newest first."""
    cursor = await connection.execute(
        f"WITH page AS (SELECT e.* {_narrowed(query)} ORDER BY e.at DESC, e.id DESC LIMIT %(limit)s OFFSET %(offset)s) {_WITH_LINES}",
        _bound(organisation_id, query, limit=limit, offset=offset),
        prepare=False,  # the best plan depends on what is asked for
    )
    return [_entry(row) for row in await cursor.fetchall()]


async def entries_after(
    connection: Connection, organisation_id: UUID, query: EntryQuery, after: Position, limit: int
) -> list[EntryRow]:
    """Those entries after a place in the list of the latest first."""
    cursor = await connection.execute(
        f"WITH page AS (SELECT e.* {_ENTRIES} AND (e.at, e.id) < (%(after)s, %(after_id)s) "
        f"ORDER BY e.at DESC, e.id DESC LIMIT %(limit)s) {_WITH_LINES}",
        _bound(organisation_id, query, limit=limit, after=after[0], after_id=after[1]),
    )
    return [_entry(row) for row in await cursor.fetchall()]


async def count_entries(connection: Connection, organisation_id: UUID, query: EntryQuery) -> int:
    """How many there are, counted up to ``MOST_COUNTED``."""
    cursor = await connection.execute(
        f"SELECT count(*) FROM (SELECT 1 {_narrowed(query)} LIMIT %(most)s) counted",
        _bound(organisation_id, query, most=MOST_COUNTED),
        prepare=False,
    )
    row = await cursor.fetchone()
    return int(row[0]) if row else 0


async def entry(connection: Connection, organisation_id: UUID, entry_id: UUID) -> EntryRow | None:
    """One entry with its lines."""
    cursor = await connection.execute(
        f"WITH page AS (SELECT * FROM ledger_entries WHERE organisation_id = %s AND id = %s) {_WITH_LINES}",
        (organisation_id, entry_id),
    )
    row = await cursor.fetchone()
    return _entry(row) if row else None


# What each account holds, of what was entered before a moment (NULL: of all): the last closing before it, and what was
# entered since. A closing has a row for every account there was, so that a month with none is no gap. When that closing was
# is a value, not a subquery: the planner then sees how few entries it has to read (108 ms became 1 with a million of them).
_HELD: LiteralString = """
SELECT account, currency, sum(amount)::bigint AS amount FROM (
  SELECT c.account, c.currency, c.amount FROM ledger_closings c
  WHERE c.organisation_id = %(organisation)s AND c.at = %(closed)s
  UNION ALL
  SELECT l.account, l.currency, l.amount FROM ledger_entries e
  JOIN ledger_lines l ON l.organisation_id = e.organisation_id AND l.entry_id = e.id
  WHERE e.organisation_id = %(organisation)s AND e.at >= coalesce(%(closed)s::timestamptz, '-infinity')
    AND (%(until)s::timestamptz IS NULL OR e.at < %(until)s)
) parts GROUP BY account, currency"""


async def _spans(connection: Connection, organisation_id: UUID, until: datetime | None) -> dict[str, object]:
    """What ``_HELD`` has to know."""
    closed = await latest_closing(connection, organisation_id, until)
    return {"organisation": organisation_id, "until": until, "closed": closed}


async def balances(
    connection: Connection, organisation_id: UUID, until: datetime | None = None
) -> list[tuple[Account, Money]]:
    """What each account holds, of what was entered before ``until``; accounts with nothing in them too."""
    cursor = await connection.execute(
        f"SELECT account, currency, amount FROM ({_HELD}) held ORDER BY account, currency",
        await _spans(connection, organisation_id, until),
    )
    return [(row[0], Money(row[2], row[1])) for row in await cursor.fetchall()]


async def latest_closing(
    connection: Connection, organisation_id: UUID, until: datetime | None = None
) -> datetime | None:
    """The moment the books were closed at last, not later than ``until``."""
    query = "SELECT max(at) FROM ledger_closings WHERE organisation_id = %s AND (%s::timestamptz IS NULL OR at <= %s)"
    row = await (await connection.execute(query, (organisation_id, until, until))).fetchone()
    return row[0] if row else None


async def first_entry(connection: Connection) -> dict[UUID, datetime]:
    """When the first entry of every organisation with books was made (system scope)."""
    cursor = await connection.execute(
        """SELECT o.id, first.at FROM organisations o CROSS JOIN LATERAL (
             SELECT e.at FROM ledger_entries e WHERE e.organisation_id = o.id ORDER BY e.at LIMIT 1) first"""
    )
    return {row[0]: row[1] for row in await cursor.fetchall()}


async def close(connection: Connection, organisation_id: UUID, at: datetime) -> None:
    """Write down what the accounts held at that moment, from the closing before it; nothing when that was done (system)."""
    await connection.execute(
        f"""INSERT INTO ledger_closings (organisation_id, at, account, currency, amount)
            SELECT %(organisation)s, %(until)s, account, currency, amount FROM ({_HELD}) held ON CONFLICT DO NOTHING""",
        await _spans(connection, organisation_id, at),
    )


# Due is money of the operator that others hold: earned, less its cost, less what it has in its own hands already.
_DUE: LiteralString = "'revenue', 'commission', 'provider_fees', 'losses', 'cash', 'receivable', 'bank'"


async def statements(connection: Connection, organisation_id: UUID, period: Period) -> list[Statement]:
    """What the period brought, by currency; those too that had something before and nothing in it."""
    cursor = await connection.execute(
        f"""WITH opening AS (
          SELECT currency, -sum(amount) FILTER (WHERE account IN ({_DUE}))::bigint AS due FROM ({_HELD}) held GROUP BY currency
        ), brought AS (
          SELECT l.currency,
            -sum(l.amount) FILTER (WHERE l.account = 'revenue') AS earned,
            sum(l.amount) FILTER (WHERE l.account = 'commission') AS commission,
            sum(l.amount) FILTER (WHERE l.account = 'provider_fees') AS fees,
            sum(l.amount) FILTER (WHERE l.account = 'losses') AS losses,
            sum(l.amount) FILTER (WHERE l.account IN ('cash', 'receivable')
                                  OR l.account = 'bank' AND e.kind = 'collected') AS collected,
            sum(l.amount) FILTER (WHERE l.account = 'bank' AND e.kind = 'payout') AS paid_out,
            sum(l.amount) FILTER (WHERE l.account = 'provider' AND e.kind IN ('charge', 'charge_unmatched')) AS charged,
            -sum(l.amount) FILTER (WHERE l.account = 'provider' AND e.kind = 'refund') AS refunded,
            count(DISTINCT e.booking_id) FILTER (WHERE e.kind = 'earned') AS bookings
          FROM ledger_entries e JOIN ledger_lines l ON l.organisation_id = e.organisation_id AND l.entry_id = e.id
          WHERE e.organisation_id = %(organisation)s AND e.at >= %(until)s AND e.at < %(end)s GROUP BY l.currency
        )
        SELECT currency, coalesce(due, 0)::bigint, coalesce(earned, 0)::bigint, coalesce(commission, 0)::bigint,
          coalesce(fees, 0)::bigint, coalesce(losses, 0)::bigint, coalesce(collected, 0)::bigint,
          coalesce(paid_out, 0)::bigint, coalesce(charged, 0)::bigint, coalesce(refunded, 0)::bigint, coalesce(bookings, 0)
        FROM opening FULL JOIN brought USING (currency) ORDER BY currency""",
        {**await _spans(connection, organisation_id, period.since), "end": period.until},
    )
    return [Statement(*row) for row in await cursor.fetchall()]


_PAYOUT: LiteralString = "SELECT id, from_date, to_date, amount, currency, reference, paid_at, recorded_by FROM payouts"


def _payout(row: Sequence[Any]) -> Payout:
    return Payout(row[0], row[1], row[2], Money(row[3], row[4]), row[5], row[6], row[7])


async def insert_payout(connection: Connection, organisation_id: UUID, payout: Payout) -> None:
    """Write a payout."""
    await connection.execute(
        "INSERT INTO payouts (organisation_id, id, from_date, to_date, amount, currency, reference, paid_at, recorded_by) "
        "VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
        (
            organisation_id,
            payout.id,
            payout.from_date,
            payout.to_date,
            payout.amount.amount,
            payout.amount.currency,
            payout.reference,
            payout.paid_at,
            payout.recorded_by,
        ),
    )


async def payouts(
    connection: Connection, organisation_id: UUID, *, offset: int, limit: int, until: date | None = None
) -> tuple[list[Payout], int]:
    """Payouts, the latest first, and how many there are."""
    cursor = await connection.execute(
        f"{_PAYOUT} WHERE organisation_id = %s AND (%s::date IS NULL OR from_date <= %s) "
        "ORDER BY paid_at DESC, id DESC LIMIT %s OFFSET %s",
        (organisation_id, until, until, limit, offset),
    )
    found = [_payout(row) for row in await cursor.fetchall()]
    count = await (
        await connection.execute("SELECT count(*) FROM payouts WHERE organisation_id = %s", (organisation_id,))
    ).fetchone()
    return found, int(count[0]) if count else 0


async def payout(connection: Connection, organisation_id: UUID, payout_id: UUID) -> Payout | None:
    """One payout."""
    cursor = await connection.execute(f"{_PAYOUT} WHERE organisation_id = %s AND id = %s", (organisation_id, payout_id))
    row = await cursor.fetchone()
    return _payout(row) if row else None


async def lock_provider(connection: Connection, organisation_id: UUID) -> None:
    """Let nobody else write a payout of the organisation until the transaction ends."""
    await connection.execute(
        "SELECT pg_advisory_xact_lock(hashtextextended('payout:' || %s::text, 0))", (organisation_id,)
    )
