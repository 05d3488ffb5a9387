"""SQL of refunds, and of the cases that wait for a person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from psycopg.types.json import Jsonb

from kamhub.hub.payment.store.payments import PaymentRow
from kamhub.hub.payment.store.rows import one_row
from kamhub.hub.payment.types import CaseKind
from kamhub.kit.ids import new_id
from kamhub.platform.database.pool import Connection


@dataclass(frozen=True, slots=True)
class RefundRow:
    organisation_id: UUID
    id: UUID
    payment_id: UUID
    booking_id: UUID | None
    amount: int
    currency: str
    status: Literal["requested", "completed", "refused"]
    refund_transaction_id: int | None
    requested_at: datetime


_REFUND = (
    "SELECT organisation_id, id, payment_id, booking_id, amount, currency, status, refund_transaction_id, requested_at "
    "FROM refunds"
)


async def request_refund(connection: Connection, payment: PaymentRow, amount: int, reason: str, now: datetime) -> UUID:
    """Write the intent to return money; the job that sends it is the caller's to enqueue."""
    return await _insert_refund(connection, payment, amount, reason, now, "requested", None, None)


async def insert_told_refund(
    connection: Connection, payment: PaymentRow, refund_transaction_id: int, amount: int, now: datetime
) -> UUID:
    """Write a refund somebody made outside this product, as the provider told it."""
    return await _insert_refund(connection, payment, amount, "provider", now, "completed", refund_transaction_id, now)


async def _insert_refund(connection: Connection, payment: PaymentRow, amount: int, reason: str, *rest: object) -> UUID:
    refund_id = new_id()
    await connection.execute(
        "INSERT INTO refunds (organisation_id, id, payment_id, booking_id, amount, currency, reason, requested_at, status, "
        "refund_transaction_id, settled_at) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        (payment.organisation_id, refund_id, payment.id, payment.booking_id, amount, payment.currency, reason, *rest),
    )
    return refund_id


async def refund_by_id(connection: Connection, organisation_id: UUID, refund_id: UUID) -> RefundRow | None:
    """The refund, locked."""
    query = f"{_REFUND} WHERE organisation_id = %s AND id = %s FOR NO KEY UPDATE"
    row = await one_row(connection, query, organisation_id, refund_id)
    return RefundRow(*row) if row else None


async def refund_for_notification(
    connection: Connection, payment: PaymentRow, refund_transaction_id: int, amount: int
) -> RefundRow | None:
    """The refund a notification tells of: the one with that transaction, else the oldest of that sum still without one."""
    query = f"""{_REFUND} WHERE organisation_id = %s AND payment_id = %s
        AND (refund_transaction_id = %s OR (refund_transaction_id IS NULL AND amount = %s AND status = 'requested'))
        ORDER BY refund_transaction_id NULLS LAST, requested_at LIMIT 1 FOR NO KEY UPDATE"""
    row = await one_row(connection, query, payment.organisation_id, payment.id, refund_transaction_id, amount)
    return RefundRow(*row) if row else None


async def settle_refund(
    connection: Connection,
    refund: RefundRow,
    *,
    status: Literal["completed", "refused"],
    refund_transaction_id: int | None,
    error: str | None,
    now: datetime,
) -> None:
    """Write how the refund ended."""
    await connection.execute(
        "UPDATE refunds SET status = %s, refund_transaction_id = coalesce(%s, refund_transaction_id), error = %s, settled_at = %s "
        "WHERE organisation_id = %s AND id = %s",
        (status, refund_transaction_id, error, now, refund.organisation_id, refund.id),
    )


async def refunded_sum(connection: Connection, organisation_id: UUID, payment_id: UUID) -> int:
    """What was returned of a payment or is on its way, minor units."""
    row = await one_row(
        connection,
        "SELECT coalesce(sum(amount), 0)::bigint FROM refunds "
        "WHERE organisation_id = %s AND payment_id = %s AND status <> 'refused'",
        organisation_id,
        payment_id,
    )
    return int(row[0]) if row else 0


async def open_case(
    connection: Connection,
    kind: CaseKind,
    *,
    organisation_id: UUID,
    now: datetime,
    booking_id: UUID | None = None,
    payment_id: UUID | None = None,
    refund_id: UUID | None = None,
    details: dict[str, str] | None = None,
) -> None:
    """Put something before a person of the operator."""
    await connection.execute(
        "INSERT INTO cases (organisation_id, id, kind, booking_id, payment_id, refund_id, details, opened_at) "
        "VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
        (organisation_id, new_id(), kind, booking_id, payment_id, refund_id, Jsonb(details or {}), now),
    )
