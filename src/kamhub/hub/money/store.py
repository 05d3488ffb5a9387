"""SQL of the lists of money. Reads only, but for closing cases and what was taken outside the payment service."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, LiteralString
from uuid import UUID

from kamhub.hub.money.types import CaseView, Dues, MoneyQuery, PaymentEvent, PaymentView, RefundView
from kamhub.kit.ids import normalise_code
from kamhub.kit.money import Money
from kamhub.platform.database.batches import Position
from kamhub.platform.database.pool import Connection

MOST_COUNTED = 10_000

# A code, a number of the provider, or what the payment called the booking.
_PAYMENTS_BY_TEXT: LiteralString = """
SELECT t.id FROM payments t JOIN bookings c ON c.organisation_id = t.organisation_id AND c.id = t.booking_id
  WHERE c.code = %(code)s AND c.organisation_id = %(organisation)s
UNION ALL SELECT t.id FROM payments t JOIN payment_accounts a ON a.organisation_id = t.organisation_id AND a.id = t.account_id
  WHERE t.organisation_id = %(organisation)s AND t.transaction_id = %(number)s
UNION ALL SELECT r.payment_id FROM refunds r
  WHERE r.organisation_id = %(organisation)s AND r.refund_transaction_id = %(number)s
UNION ALL SELECT t.id FROM payments t WHERE t.organisation_id = %(organisation)s AND t.invoice = %(text)s
  AND t.booking_id IS NULL"""

_PAYMENT: LiteralString = """
SELECT p.id, p.booking_id, b.code, p.account_id, p.transaction_id, p.amount, p.currency, p.status, p.accepted, p.test, p.asked,
  p.invoice, p.method, p.card_last_four, p.decline_reason, p.received_at,
  coalesce((SELECT sum(r.amount) FROM refunds r WHERE r.organisation_id = p.organisation_id AND r.payment_id = p.id
            AND r.status <> 'refused'), 0)::bigint, p.charged_back"""
_PAYMENTS: LiteralString = """
FROM payments p WHERE p.organisation_id = %(organisation)s
  AND (%(status)s::text IS NULL OR p.status = %(status)s)
  AND (%(since)s::timestamptz IS NULL OR p.received_at >= %(since)s)
  AND (%(until)s::timestamptz IS NULL OR p.received_at < %(until)s)
  AND (%(booking)s::uuid IS NULL OR p.booking_id = %(booking)s)"""
_REFUND: LiteralString = """
SELECT r.id, r.payment_id, p.transaction_id, r.booking_id, b.code, r.amount, r.currency, r.status, r.reason,
  r.refund_transaction_id, r.error, r.requested_at, r.settled_at"""
_REFUNDS: LiteralString = """
FROM refunds r WHERE r.organisation_id = %(organisation)s
  AND (%(status)s::text IS NULL OR r.status = %(status)s)
  AND (%(since)s::timestamptz IS NULL OR r.requested_at >= %(since)s)
  AND (%(until)s::timestamptz IS NULL OR r.requested_at < %(until)s)
  AND (%(booking)s::uuid IS NULL OR r.booking_id = %(booking)s)
  AND (%(payment)s::uuid IS NULL OR r.payment_id = %(payment)s)"""
_CASE: LiteralString = """
SELECT k.organisation_id, k.id, k.kind, k.booking_id, b.code, k.payment_id, k.refund_id, k.details, coalesce(r.amount, p.amount),
  coalesce(r.currency, p.currency), k.opened_at, k.closed_at, who.name, k.resolution"""
_CASES: LiteralString = """
FROM cases k WHERE k.organisation_id = %(organisation)s
  AND (%(status)s::text IS NULL OR (k.closed_at IS NULL) = (%(status)s = 'open'))
  AND (%(kind)s::text IS NULL OR k.kind = %(kind)s)
  AND (%(since)s::timestamptz IS NULL OR k.opened_at >= %(since)s)
  AND (%(until)s::timestamptz IS NULL OR k.opened_at < %(until)s)
  AND (%(booking)s::uuid IS NULL OR k.booking_id = %(booking)s)
  AND (%(payment)s::uuid IS NULL OR k.payment_id = %(payment)s)"""
_BESIDE_PAYMENT: LiteralString = (
    " LEFT JOIN bookings b ON b.organisation_id = p.organisation_id AND b.id = p.booking_id "
)
_BESIDE_REFUND: LiteralString = """
 JOIN payments p ON p.organisation_id = r.organisation_id AND p.id = r.payment_id
 LEFT JOIN bookings b ON b.organisation_id = r.organisation_id AND b.id = r.booking_id """
_BESIDE_CASE: LiteralString = """
 LEFT JOIN bookings b ON b.organisation_id = k.organisation_id AND b.id = k.booking_id
 LEFT JOIN payments p ON p.organisation_id = k.organisation_id AND p.id = k.payment_id
 LEFT JOIN refunds r ON r.organisation_id = k.organisation_id AND r.id = k.refund_id
 LEFT JOIN people who ON who.id = k.closed_by """


def _bound(organisation_id: UUID, query: MoneyQuery, **more: object) -> dict[str, object]:
    text = (query.text or "").strip()
    return {
        "organisation": organisation_id,
        "status": query.status,
        "kind": query.kind,
        "since": query.since,
        "until": query.until,
        "booking": query.booking_id,
        "payment": query.payment_id,
        "text": text,
        "code": normalise_code(text),
        "number": int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else None,
        **more,
    }


def _narrowed(base: LiteralString, query: MoneyQuery, column: LiteralString) -> LiteralString:
    return f"{base} AND {column} IN ({_PAYMENTS_BY_TEXT})" if query.text else base


async def _page(
    connection: Connection, what: LiteralString, rows: LiteralString, beside: LiteralString, order: LiteralString,
    alias: LiteralString, values: dict[str, object],
) -> tuple[list[Sequence[Any]], int]:  # fmt: skip
    """Rows of one page with what is beside them, and how many there are, counted up to ``MOST_COUNTED``.

    Not prepared: the best plan depends on what is asked for.
    """
    cursor = await connection.execute(
        f"WITH page AS (SELECT {alias}.* {rows} ORDER BY {order} LIMIT %(limit)s OFFSET %(offset)s) "
        f"{what} FROM page {alias} {beside} ORDER BY {order}",
        values,
        prepare=False,
    )
    found: list[Sequence[Any]] = list(await cursor.fetchall())
    counted = await (
        await connection.execute(
            f"SELECT count(*) FROM (SELECT 1 {rows} LIMIT %(most)s) counted",
            {**values, "most": MOST_COUNTED},
            prepare=False,
        )
    ).fetchone()
    return found, int(counted[0]) if counted else 0


async def _after(
    connection: Connection, what: LiteralString, rows: LiteralString, beside: LiteralString, at: LiteralString,
    alias: LiteralString, values: dict[str, object],
) -> list[Sequence[Any]]:  # fmt: skip
    """The rows that come after a place in the list of the latest first, with what is beside them."""
    order: LiteralString = f"{alias}.{at} DESC, {alias}.id DESC"
    cursor = await connection.execute(
        f"WITH page AS (SELECT {alias}.* {rows} AND ({alias}.{at}, {alias}.id) < (%(after)s, %(after_id)s) "
        f"ORDER BY {order} LIMIT %(limit)s) {what} FROM page {alias} {beside} ORDER BY {order}",
        values,
    )
    return list(await cursor.fetchall())


def _payment(row: Sequence[Any]) -> PaymentView:
    values: list[Any] = [*row[:5], Money(row[5], row[6]), *row[7:]]
    return PaymentView(*values)


def _refund(row: Sequence[Any]) -> RefundView:
    values: list[Any] = [*row[:5], Money(row[5], row[6]), *row[7:]]
    return RefundView(*values)


def _case(row: Sequence[Any]) -> CaseView:
    amount = None if row[8] is None else Money(row[8], row[9])
    values: list[Any] = [*row[:8], amount, *row[10:]]
    return CaseView(*values)


async def payments(
    connection: Connection, organisation_id: UUID, query: MoneyQuery, *, offset: int, limit: int
) -> tuple[list[PaymentView], int]:
    """Those payments, the latest first, and how many there are."""
    values = _bound(organisation_id, query, offset=offset, limit=limit)
    rows, total = await _page(
        connection,
        _PAYMENT,
        _narrowed(_PAYMENTS, query, "p.id"),
        _BESIDE_PAYMENT,
        "p.received_at DESC, p.id DESC",
        "p",
        values,
    )
    return [_payment(row) for row in rows], total


async def payments_after(
    connection: Connection, organisation_id: UUID, query: MoneyQuery, after: Position, limit: int
) -> list[PaymentView]:
    """Those payments after a place, the latest first."""
    values = _bound(organisation_id, query, after=after[0], after_id=after[1], limit=limit)
    wanted = _narrowed(_PAYMENTS, query, "p.id")
    rows = await _after(connection, _PAYMENT, wanted, _BESIDE_PAYMENT, "received_at", "p", values)
    return [_payment(row) for row in rows]


async def payment(connection: Connection, organisation_id: UUID, payment_id: UUID) -> PaymentView | None:
    """One payment."""
    cursor = await connection.execute(
        f"{_PAYMENT} FROM payments p {_BESIDE_PAYMENT} WHERE p.organisation_id = %s AND p.id = %s",
        (organisation_id, payment_id),
    )
    row = await cursor.fetchone()
    return _payment(row) if row else None


async def payment_events(connection: Connection, organisation_id: UUID, payment_id: UUID) -> list[PaymentEvent]:
    """The life of a payment, in order."""
    cursor = await connection.execute(
        "SELECT at, from_status, to_status, reason FROM payment_events WHERE organisation_id = %s AND payment_id = %s ORDER BY id",
        (organisation_id, payment_id),
    )
    return [PaymentEvent(*row) for row in await cursor.fetchall()]


async def refunds(
    connection: Connection, organisation_id: UUID, query: MoneyQuery, *, offset: int, limit: int
) -> tuple[list[RefundView], int]:
    """Those refunds, the latest first, and how many there are."""
    values = _bound(organisation_id, query, offset=offset, limit=limit)
    rows, total = await _page(
        connection,
        _REFUND,
        _narrowed(_REFUNDS, query, "r.payment_id"),
        _BESIDE_REFUND,
        "r.requested_at DESC, r.id DESC",
        "r",
        values,
    )
    return [_refund(row) for row in rows], total


async def refunds_after(
    connection: Connection, organisation_id: UUID, query: MoneyQuery, after: Position, limit: int
) -> list[RefundView]:
    """Those refunds after a place, the latest first."""
    values = _bound(organisation_id, query, after=after[0], after_id=after[1], limit=limit)
    wanted = _narrowed(_REFUNDS, query, "r.payment_id")
    rows = await _after(connection, _REFUND, wanted, _BESIDE_REFUND, "requested_at", "r", values)
    return [_refund(row) for row in rows]


async def refund(connection: Connection, organisation_id: UUID, refund_id: UUID) -> RefundView | None:
    """One refund."""
    cursor = await connection.execute(
        f"{_REFUND} FROM refunds r {_BESIDE_REFUND} WHERE r.organisation_id = %s AND r.id = %s",
        (organisation_id, refund_id),
    )
    row = await cursor.fetchone()
    return _refund(row) if row else None


async def cases(
    connection: Connection, organisation_id: UUID, query: MoneyQuery, *, offset: int, limit: int
) -> tuple[list[CaseView], int]:
    """Those cases, open ones first, then the latest, and how many there are."""
    values = _bound(organisation_id, query, offset=offset, limit=limit)
    rows, total = await _page(
        connection,
        _CASE,
        _narrowed(_CASES, query, "k.payment_id"),
        _BESIDE_CASE,
        "k.closed_at IS NOT NULL, k.opened_at DESC, k.id DESC",
        "k",
        values,
    )
    return [_case(row) for row in rows], total


async def cases_after(
    connection: Connection, organisation_id: UUID, query: MoneyQuery, after: Position, limit: int
) -> list[CaseView]:
    """Those cases after a place, the latest first: one that is closed meanwhile stays where it is."""
    values = _bound(organisation_id, query, after=after[0], after_id=after[1], limit=limit)
    wanted = _narrowed(_CASES, query, "k.payment_id")
    rows = await _after(connection, _CASE, wanted, _BESIDE_CASE, "opened_at", "k", values)
    return [_case(row) for row in rows]


async def case(connection: Connection, organisation_id: UUID, case_id: UUID) -> CaseView | None:
    """One case."""
    cursor = await connection.execute(
        f"{_CASE} FROM cases k {_BESIDE_CASE} WHERE k.organisation_id = %s AND k.id = %s", (organisation_id, case_id)
    )
    row = await cursor.fetchone()
    return _case(row) if row else None


async def open_cases(connection: Connection, organisation_id: UUID) -> int:
    """How many cases wait, counted up to ``MOST_COUNTED``."""
    row = await (
        await connection.execute(
            "SELECT count(*) FROM (SELECT 1 FROM cases WHERE organisation_id = %s AND closed_at IS NULL LIMIT %s) counted",
            (organisation_id, MOST_COUNTED),
        )
    ).fetchone()
    return int(row[0]) if row else 0


async def close_case(
    connection: Connection, organisation_id: UUID, case_id: UUID, resolution: str, person_id: UUID | None, now: datetime
) -> bool:
    """Close it. False when somebody did before."""
    cursor = await connection.execute(
        "UPDATE cases SET closed_at = %s, closed_by = %s, resolution = %s "
        "WHERE organisation_id = %s AND id = %s AND closed_at IS NULL",
        (now, person_id, resolution, organisation_id, case_id),
    )
    return cursor.rowcount == 1


async def close_cases_of_refund(
    connection: Connection,
    organisation_id: UUID,
    refund_id: UUID,
    resolution: str,
    person_id: UUID | None,
    now: datetime,
) -> None:
    """Close what waits because a refund was refused."""
    await connection.execute(
        "UPDATE cases SET closed_at = %s, closed_by = %s, resolution = %s WHERE organisation_id = %s AND refund_id = %s "
        "AND kind = 'refund_refused' AND closed_at IS NULL",
        (now, person_id, resolution, organisation_id, refund_id),
    )


async def booking_statuses(
    connection: Connection, organisation_id: UUID, bookings: Sequence[UUID], now: datetime
) -> dict[UUID, str]:
    """What those bookings are now; a hold whose time is over has expired."""
    cursor = await connection.execute(
        "SELECT id, CASE WHEN status IN ('on_hold', 'pending') AND expires_at <= %s THEN 'expired' ELSE status END "
        "FROM bookings WHERE organisation_id = %s AND id = ANY (%s)",
        (now, organisation_id, list(bookings)),
    )
    return {row[0]: row[1] for row in await cursor.fetchall()}


async def dues(connection: Connection, organisation_id: UUID, booking_id: UUID, *, lock: bool = False) -> Dues | None:
    """What the booking has to pay; locked when asked."""
    if lock:
        await connection.execute(
            "SELECT 1 FROM bookings WHERE organisation_id = %s AND id = %s FOR NO KEY UPDATE",
            (organisation_id, booking_id),
        )
    cursor = await connection.execute(
        """SELECT b.id, b.code, b.currency, b.pay_by, b.status, b.total, coalesce(b.paid, 0), coalesce(b.refunded, 0),
             b.collected, coalesce((
               SELECT sum(l.amount) FROM ledger_entries e
               JOIN ledger_lines l ON l.organisation_id = e.organisation_id AND l.entry_id = e.id AND l.account = 'receivable'
               WHERE e.organisation_id = b.organisation_id AND e.booking_id = b.id), 0)::bigint
           FROM bookings b WHERE b.organisation_id = %s AND b.id = %s""",
        (organisation_id, booking_id),
    )
    row = await cursor.fetchone()
    return Dues(*row) if row else None


async def add_collected(connection: Connection, organisation_id: UUID, booking_id: UUID, amount: int) -> None:
    """Write what was taken (negative: given back) outside the payment service."""
    await connection.execute(
        "UPDATE bookings SET collected = collected + %s, version = version + 1 WHERE organisation_id = %s AND id = %s",
        (amount, organisation_id, booking_id),
    )
