"""SQL of receipts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, LiteralString
from uuid import UUID

from kamhub.hub.receipt.types import Receipt, ReceiptKind, ReceiptStatus, Recipient
from kamhub.kit.ids import new_id
from kamhub.kit.money import Money
from kamhub.platform.database.pool import Connection

_RECEIPT: LiteralString = """
SELECT organisation_id, id, account_id, booking_id, payment_id, refund_id, kind, amount, currency, status, provider_id, url,
  error, requested_at, settled_at, renewed_id FROM receipts"""


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
            """INSERT INTO receipts (organisation_id, id, account_id, booking_id, payment_id, refund_id, kind, amount, currency,
                 status, requested_at)
               SELECT a.organisation_id, %s, a.id, %s, %s, %s, %s, %s, %s, 'requested', %s FROM payment_accounts a
               WHERE a.organisation_id = %s AND a.id = %s AND a.receipts
               ON CONFLICT DO NOTHING RETURNING id""",
            (
                new_id(),
                booking_id,
                payment_id,
                refund_id,
                kind,
                amount,
                currency,
                now,
                organisation_id,
                account_id,
            ),
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
    """Ask for a refused one anew, under another request id."""
    await connection.execute(
        """UPDATE receipts SET status = 'requested', provider_id = NULL, error = NULL, settled_at = NULL, requested_at = %s,
             renewed_id = %s WHERE organisation_id = %s AND id = %s""",
        (now, new_id(), receipt.organisation_id, receipt.id),
    )


async def made(connection: Connection, organisation_id: UUID, provider_id: str, url: str | None, now: datetime) -> bool:
    """The cash register made it. False when no receipt is called so here (yet)."""
    cursor = await connection.execute(
        """UPDATE receipts SET status = 'done', url = coalesce(%s, url), error = NULL, settled_at = coalesce(settled_at, %s)
           WHERE organisation_id = %s AND provider_id = %s""",
        (url, now, organisation_id, provider_id),
    )
    return cursor.rowcount > 0
