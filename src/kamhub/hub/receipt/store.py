"""SQL of receipts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, LiteralString
from uuid import UUID

from kamhub.hub.payment.types import ReceiptTold
from kamhub.hub.receipt.types import Receipt, ReceiptKind, ReceiptStatus, Recipient
from kamhub.kit.ids import new_id
from kamhub.kit.money import Money
from kamhub.platform.database.pool import Connection

_RECEIPT: LiteralString = """
SELECT organisation_id, id, account_id, booking_id, payment_id, refund_id, kind, amount, currency, status, provider_id, url,
  error, requested_at, settled_at, renewed_id, vat, taxation_system, asked_at FROM receipts"""
# What an account's receipts say of taxes now; of money that goes back what was said when it came.
_TAXES: LiteralString = """
SELECT coalesce(p.vat, a.vat) AS vat, CASE WHEN p.id IS NULL THEN a.taxation_system ELSE p.taxation_system END AS taxation_system
FROM payment_accounts a LEFT JOIN receipts p ON p.organisation_id = a.organisation_id AND p.booking_id = %(booking)s
  AND p.payment_id = %(payment)s AND p.kind = 'prepayment' AND %(kind)s = 'refund'
WHERE a.organisation_id = %(organisation)s AND a.id = %(account)s"""


def _receipt(row: Sequence[Any]) -> Receipt:
    values: list[Any] = [*row[:7], Money(row[7], row[8]), *row[9:]]
    return Receipt(*values)


async def insert(
    connection: Connection,
    kind: ReceiptKind,
    *,
    organisation_id: UUID,
    account_id: UUID,
    booking_id: UUID,
    payment_id: UUID | None,
    refund_id: UUID | None,
    amount: int,
    currency: str,
    now: datetime,
) -> UUID | None:
    """Write the intent; None when the account has no cash register, or the receipt was asked for before."""
    row = await (
        await connection.execute(
            f"""INSERT INTO receipts (organisation_id, id, account_id, booking_id, payment_id, refund_id, kind, amount, currency,
                  status, requested_at, vat, taxation_system)
                SELECT %(organisation)s, %(id)s, %(account)s, %(booking)s, %(payment)s, %(refund)s, %(kind)s, %(amount)s,
                  %(currency)s, 'requested', %(now)s, taxes.* FROM ({_TAXES} AND a.receipts) taxes
                ON CONFLICT DO NOTHING RETURNING id""",
            {
                "organisation": organisation_id,
                "id": new_id(),
                "account": account_id,
                "booking": booking_id,
                "payment": payment_id,
                "refund": refund_id,
                "kind": kind,
                "amount": amount,
                "currency": currency,
                "now": now,
            },
        )
    ).fetchone()
    return row[0] if row else None


async def load(
    connection: Connection, organisation_id: UUID, receipt_id: UUID, *, lock: bool = False
) -> Receipt | None:
    """One receipt."""
    query = f"{_RECEIPT} WHERE organisation_id = %s AND id = %s" + (" FOR NO KEY UPDATE" if lock else "")
    row = await (await connection.execute(query.encode(), (organisation_id, receipt_id))).fetchone()
    return _receipt(row) if row else None


async def of_booking(connection: Connection, organisation_id: UUID, booking_id: UUID) -> list[Receipt]:
    """The receipts of a booking, in order."""
    query = f"{_RECEIPT} WHERE organisation_id = %s AND booking_id = %s ORDER BY requested_at, id"
    rows = await (await connection.execute(query.encode(), (organisation_id, booking_id))).fetchall()
    return [_receipt(row) for row in rows]


async def recipient(connection: Connection, receipt: Receipt) -> Recipient | None:
    """The booking's code and whom it belongs to; without an address when they were erased."""
    query = "SELECT code, coalesce(contact_email, ''), coalesce(contact_locale, 'ru') FROM bookings WHERE organisation_id = %s AND id = %s"
    row = await (await connection.execute(query, (receipt.organisation_id, receipt.booking_id))).fetchone()
    return Recipient(*row) if row else None


async def settle(
    connection: Connection,
    receipt: Receipt,
    status: ReceiptStatus,
    *,
    provider_id: str | None = None,
    url: str | None = None,
    error: str | None = None,
    now: datetime | None = None,
) -> None:
    """Write what became of it."""
    await connection.execute(
        """UPDATE receipts SET status = %s, provider_id = coalesce(%s, provider_id), url = coalesce(%s, url), error = %s,
             settled_at = %s WHERE organisation_id = %s AND id = %s""",
        (status, provider_id, url, error, now, receipt.organisation_id, receipt.id),
    )


async def renew(connection: Connection, receipt: Receipt, now: datetime) -> None:
    """Ask for a refused one anew, under another request id and with the taxes as they are set now."""
    await connection.execute(
        f"""UPDATE receipts r SET status = 'requested', provider_id = NULL, error = NULL, settled_at = NULL,
              requested_at = %(now)s, renewed_id = %(new)s, asked_at = NULL, vat = taxes.vat,
              taxation_system = taxes.taxation_system
            FROM ({_TAXES}) taxes WHERE r.organisation_id = %(organisation)s AND r.id = %(id)s""",
        {
            "now": now,
            "new": new_id(),
            "organisation": receipt.organisation_id,
            "id": receipt.id,
            "account": receipt.account_id,
            "booking": receipt.booking_id,
            "payment": receipt.payment_id,
            "kind": receipt.kind,
        },
    )


async def set_asked(connection: Connection, receipt: Receipt, at: datetime | None) -> None:
    """Write since when the provider may have it under its request id; None: it surely has not."""
    await connection.execute(
        "UPDATE receipts SET asked_at = %s WHERE organisation_id = %s AND id = %s AND status = 'requested'",
        (at, receipt.organisation_id, receipt.id),
    )


async def unanswered(connection: Connection, organisation_id: UUID, told: ReceiptTold) -> Receipt | None:
    """The receipt that was asked for without an answer and that this may be, locked; the one that still waits first."""
    if told.income is None or told.amount is None or told.invoice is None:
        return None
    row = await (
        await connection.execute(
            f"""{_RECEIPT} WHERE organisation_id = %s AND provider_id IS NULL AND asked_at IS NOT NULL
                  AND status IN ('requested', 'refused') AND (kind <> 'refund') = %s AND amount = %s AND currency = %s
                  AND booking_id = (SELECT b.id FROM bookings b WHERE b.organisation_id = %s AND b.code = %s)
                ORDER BY status = 'refused', requested_at, id LIMIT 1 FOR NO KEY UPDATE""",
            (organisation_id, told.income, told.amount.amount, told.amount.currency, organisation_id, told.invoice),
        )
    ).fetchone()
    return _receipt(row) if row else None


async def made(connection: Connection, organisation_id: UUID, provider_id: str, url: str | None, now: datetime) -> bool:
    """The cash register made it. False when no receipt is called so here (yet)."""
    cursor = await connection.execute(
        """UPDATE receipts SET status = 'done', url = coalesce(%s, url), error = NULL, settled_at = coalesce(settled_at, %s)
           WHERE organisation_id = %s AND provider_id = %s""",
        (url, now, organisation_id, provider_id),
    )
    return cursor.rowcount > 0
