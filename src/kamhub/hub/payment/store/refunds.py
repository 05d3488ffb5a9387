"""SQL of refunds, and of the cases that wait for a person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from psycopg.types.json import Jsonb

from kamhub.hub.monitoring.counters import count_case, count_refund
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
    reason: str = ""
    error: str | None = None
    renewed_id: UUID | None = None
    renewed_at: datetime | None = None

    @property
    def request_id(self) -> UUID:
        """Under which the provider is asked: its own id, until it was renewed."""
        return self.renewed_id or self.id

    @property
    def asked_at(self) -> datetime:
        """Since when it is asked for under that request id."""
        return self.renewed_at or self.requested_at


_REFUND = (
    "SELECT organisation_id, id, payment_id, booking_id, amount, currency, status, refund_transaction_id, requested_at, "
    "reason, error, request_id, asked_at FROM refunds"
)


async def request_refund(
    connection: Connection, payment: PaymentRow, amount: int, reason: str, now: datetime, key_hash: bytes | None = None
) -> UUID:
    """Write the intent to return money; the job that sends it is the caller's to enqueue."""
    count_refund(connection, "requested")
    return await _insert_refund(connection, payment, amount, reason, now, "requested", None, None, key_hash)


async def insert_told_refund(
    connection: Connection, payment: PaymentRow, refund_transaction_id: int, amount: int, now: datetime
) -> UUID:
    """Write a refund somebody made outside this product, as the provider told it."""
    count_refund(connection, "completed")
    return await _insert_refund(
        connection, payment, amount, "provider", now, "completed", refund_transaction_id, now, None
    )


async def _insert_refund(connection: Connection, payment: PaymentRow, amount: int, reason: str, *rest: object) -> UUID:
    refund_id = new_id()
    await connection.execute(
        "INSERT INTO refunds (organisation_id, id, payment_id, booking_id, amount, currency, reason, requested_at, status, "
        "refund_transaction_id, settled_at, key_hash) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        (payment.organisation_id, refund_id, payment.id, payment.booking_id, amount, payment.currency, reason, *rest),
    )
    return refund_id


async def renew_refund(
    connection: Connection, refund: RefundRow, request_id: UUID, now: datetime, *, reopen: bool = False
) -> None:
    """Ask for it under another request id from now on; a refused one is requested again when ``reopen``."""
    await connection.execute(
        "UPDATE refunds SET request_id = %s, asked_at = %s, status = CASE WHEN %s THEN 'requested' ELSE status END, "
        "error = CASE WHEN %s THEN NULL ELSE error END, settled_at = CASE WHEN %s THEN NULL ELSE settled_at END "
        "WHERE organisation_id = %s AND id = %s",
        (request_id, now, reopen, reopen, reopen, refund.organisation_id, refund.id),
    )


async def refund_by_key(connection: Connection, organisation_id: UUID, key_hash: bytes) -> RefundRow | None:
    """The refund that was asked for with that Idempotency-Key."""
    row = await one_row(
        connection, f"{_REFUND} WHERE organisation_id = %s AND key_hash = %s", organisation_id, key_hash
    )
    return RefundRow(*row) if row else None


async def known_refund_transactions(connection: Connection, payment: PaymentRow) -> frozenset[int]:
    """The provider's numbers of the refunds of a payment that we know."""
    rows = await (
        await connection.execute(
            "SELECT refund_transaction_id FROM refunds "
            "WHERE organisation_id = %s AND payment_id = %s AND refund_transaction_id IS NOT NULL",
            (payment.organisation_id, payment.id),
        )
    ).fetchall()
    return frozenset(row[0] for row in rows)


async def unsettled_refunds(connection: Connection, organisation_id: UUID, before: datetime) -> list[tuple[UUID, UUID]]:
    """``(refund, payment)`` asked for before that moment and not settled."""
    rows = await (
        await connection.execute(
            "SELECT id, payment_id FROM refunds WHERE organisation_id = %s AND status = 'requested' AND requested_at < %s "
            "ORDER BY requested_at",
            (organisation_id, before),
        )
    ).fetchall()
    return [(row[0], row[1]) for row in rows]


async def refund_by_id(
    connection: Connection, organisation_id: UUID, refund_id: UUID, *, lock: bool = True
) -> RefundRow | None:
    """The refund; lock its booking and its payment before it."""
    query = f"{_REFUND} WHERE organisation_id = %s AND id = %s" + (" FOR NO KEY UPDATE" if lock else "")
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
    count_refund(connection, status)


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
    once: bool = False,
) -> None:
    """Put something before a person of the operator; ``once``: not when the same was before them already."""
    cursor = await connection.execute(
        """INSERT INTO cases (organisation_id, id, kind, booking_id, payment_id, refund_id, details, opened_at)
           SELECT %(organisation)s, %(id)s, %(kind)s, %(booking)s, %(payment)s, %(refund)s, %(details)s, %(now)s
           WHERE NOT %(once)s OR NOT EXISTS (
             SELECT FROM cases WHERE organisation_id = %(organisation)s AND kind = %(kind)s
               AND payment_id IS NOT DISTINCT FROM %(payment)s AND refund_id IS NOT DISTINCT FROM %(refund)s
               AND details = %(details)s)""",
        {
            "organisation": organisation_id,
            "id": new_id(),
            "kind": kind,
            "booking": booking_id,
            "payment": payment_id,
            "refund": refund_id,
            "details": Jsonb(details or {}),
            "now": now,
            "once": once,
        },
    )
    if cursor.rowcount:
        count_case(connection, kind)
