"""SQL of payments and of the notifications that tell of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal
from uuid import UUID

from kamhub.hub.monitoring.counters import count_payment
from kamhub.hub.payment.store.rows import one_row
from kamhub.hub.payment.types import Notification, NotificationKind, PaymentAccount, PaymentStatus
from kamhub.kit.ids import new_id
from kamhub.platform.database.pool import Connection


@dataclass(frozen=True, slots=True)
class PaymentRow:
    organisation_id: UUID
    id: UUID
    booking_id: UUID | None
    account_id: UUID
    transaction_id: int
    amount: int
    currency: str
    status: PaymentStatus
    accepted: bool
    method: str | None
    charged_back: int = 0
    asked: Literal["capture", "release"] | None = None
    request_id: UUID | None = None
    asked_at: datetime | None = None


_PAYMENT = (
    "SELECT organisation_id, id, booking_id, account_id, transaction_id, amount, currency, status, accepted, method, "
    "charged_back, asked, request_id, asked_at FROM payments"
)


async def remember_notification(
    connection: Connection, account: PaymentAccount, notification: Notification, now: datetime
) -> bool:
    """Mark the notification as acted on. False when it was before; waits for a repeat that is under way."""
    cursor = await connection.execute(
        "INSERT INTO payment_notifications (organisation_id, account_id, kind, transaction_id, payment_transaction_id, amount, "
        "received_at) VALUES (%s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
        (
            account.organisation_id,
            account.id,
            notification.kind,
            notification.transaction_id,
            notification.payment_transaction_id,
            notification.amount.amount,
            now,
        ),
    )
    return cursor.rowcount == 1


async def payment_by_transaction(
    connection: Connection, account: PaymentAccount, transaction_id: int, *, lock: bool = True
) -> PaymentRow | None:
    """The payment of that provider transaction; lock its booking before."""
    query = f"{_PAYMENT} WHERE organisation_id = %s AND account_id = %s AND transaction_id = %s"
    query += " FOR NO KEY UPDATE" if lock else ""
    row = await one_row(connection, query, account.organisation_id, account.id, transaction_id)
    return PaymentRow(*row) if row else None


async def payment_by_id(
    connection: Connection, organisation_id: UUID, payment_id: UUID, *, lock: bool = False
) -> PaymentRow | None:
    """The payment with that id; lock its booking before."""
    query = f"{_PAYMENT} WHERE organisation_id = %s AND id = %s" + (" FOR NO KEY UPDATE" if lock else "")
    row = await one_row(connection, query, organisation_id, payment_id)
    return PaymentRow(*row) if row else None


async def accepted_payment(connection: Connection, organisation_id: UUID, booking_id: UUID) -> PaymentRow | None:
    """The completed payment that counts for the booking, or None."""
    query = f"{_PAYMENT} WHERE organisation_id = %s AND booking_id = %s AND accepted AND status = 'completed'"
    row = await one_row(connection, query, organisation_id, booking_id)
    return PaymentRow(*row) if row else None


async def held_payment(connection: Connection, organisation_id: UUID, booking_id: UUID) -> PaymentRow | None:
    """The payment of a booking that the bank has set aside, or None; lock the booking before."""
    query = f"{_PAYMENT} WHERE organisation_id = %s AND booking_id = %s AND accepted AND status = 'authorized' FOR NO KEY UPDATE"
    row = await one_row(connection, query, organisation_id, booking_id)
    return PaymentRow(*row) if row else None


async def held_in_vain(connection: Connection, now: datetime, limit: int) -> list[tuple[UUID, UUID]]:
    """``(organisation, payment)`` set aside for bookings that are over, and not let go yet (system scope)."""
    rows = await (
        await connection.execute(
            """SELECT p.organisation_id, p.id FROM payments p
               JOIN bookings b ON b.organisation_id = p.organisation_id AND b.id = p.booking_id
               WHERE p.status = 'authorized' AND p.asked IS NULL
                 AND (b.status IN ('expired', 'cancelled', 'rejected')
                      OR b.status IN ('on_hold', 'pending') AND b.expires_at <= %s)
               ORDER BY p.organisation_id, p.id LIMIT %s""",
            (now, limit),
        )
    ).fetchall()
    return [(row[0], row[1]) for row in rows]


async def set_asked(
    connection: Connection, row: PaymentRow, what: Literal["capture", "release"] | None, request_id: UUID | None,
    now: datetime | None,
) -> None:  # fmt: skip
    """Write what the provider is to do with money set aside, and under which request id it is told."""
    await connection.execute(
        "UPDATE payments SET asked = %s, request_id = %s, asked_at = %s WHERE organisation_id = %s AND id = %s",
        (what, request_id, now, row.organisation_id, row.id),
    )


async def set_accepted(connection: Connection, row: PaymentRow, now: datetime) -> PaymentRow:
    """Write that the payment counts for its booking after all."""
    await connection.execute(
        "UPDATE payments SET accepted = true WHERE organisation_id = %s AND id = %s", (row.organisation_id, row.id)
    )
    await _payment_event(connection, row, row.status, row.status, "accepted", now)
    return replace(row, accepted=True)


async def set_refunded(connection: Connection, row: PaymentRow, refunded: int | None) -> None:
    """Write what went back, or is on its way, on the booking that counts the payment."""
    await connection.execute(
        "UPDATE bookings SET refunded = %s WHERE organisation_id = %s AND id = %s AND paid IS NOT NULL",
        (refunded, row.organisation_id, row.booking_id),
    )


async def add_chargeback(connection: Connection, row: PaymentRow, amount: int, now: datetime) -> None:
    """Write that the payer's bank took so much back."""
    await connection.execute(
        "UPDATE payments SET charged_back = charged_back + %s WHERE organisation_id = %s AND id = %s",
        (amount, row.organisation_id, row.id),
    )
    await _payment_event(connection, row, row.status, row.status, "chargeback", now)


async def insert_payment(
    connection: Connection,
    account: PaymentAccount,
    notification: Notification,
    *,
    booking_id: UUID | None,
    status: PaymentStatus,
    accepted: bool,
    now: datetime,
) -> PaymentRow:
    """Write a payment and its first event."""
    amount = notification.amount
    known = (
        account.organisation_id,
        new_id(),
        booking_id,
        account.id,
        notification.transaction_id,
        amount.amount,
        amount.currency,
        status,
        accepted,
        notification.method,
    )
    row = PaymentRow(*known)
    await connection.execute(
        "INSERT INTO payments (organisation_id, id, booking_id, account_id, transaction_id, amount, currency, status, "
        "accepted, method, test, invoice, card_last_four, decline_reason, received_at) "
        "VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        (
            *known,
            notification.test,
            (notification.invoice or "")[:100] or None,
            notification.card_last_four,
            notification.decline_reason,
            now,
        ),
    )
    await _payment_event(connection, row, None, status, notification.kind, now)
    return row


async def set_payment_status(
    connection: Connection, row: PaymentRow, status: PaymentStatus, reason: str, now: datetime
) -> None:
    """Change the state and append the event that says so."""
    await connection.execute(
        "UPDATE payments SET status = %s WHERE organisation_id = %s AND id = %s", (status, row.organisation_id, row.id)
    )
    await _payment_event(connection, row, row.status, status, reason, now)


async def _payment_event(
    connection: Connection, row: PaymentRow, before: str | None, after: PaymentStatus, reason: str, now: datetime
) -> None:
    await connection.execute(
        "INSERT INTO payment_events (organisation_id, payment_id, at, from_status, to_status, actor, reason) "
        "VALUES (%s, %s, %s, %s, %s, 'provider', %s)",
        (row.organisation_id, row.id, now, before, after, reason),
    )
    count_payment(connection, after)


async def charge_payment(
    connection: Connection,
    row: PaymentRow,
    notification: Notification,
    *,
    status: PaymentStatus,
    accepted: bool,
    now: datetime,
) -> PaymentRow:
    """Write that the money of a known payment was taken after all, and how much of it."""
    amount = notification.amount
    await connection.execute(
        "UPDATE payments SET accepted = %s, amount = %s, currency = %s WHERE organisation_id = %s AND id = %s",
        (accepted, amount.amount, amount.currency, row.organisation_id, row.id),
    )
    await set_payment_status(connection, row, status, notification.kind, now)
    return replace(row, accepted=accepted, amount=amount.amount, currency=amount.currency, status=status)


async def has_other_money(
    connection: Connection, organisation_id: UUID, booking_id: UUID, than: PaymentRow | None
) -> bool:
    """Whether another payment than that one was accepted for the booking."""
    row = await one_row(
        connection,
        "SELECT 1 FROM payments WHERE organisation_id = %s AND booking_id = %s AND accepted "
        "AND status IN ('authorized', 'completed') AND id IS DISTINCT FROM %s",
        organisation_id,
        booking_id,
        than.id if than else None,
    )
    return row is not None


async def was_told(connection: Connection, payment: PaymentRow, kind: NotificationKind) -> bool:
    """Whether a notification of that kind about the payment was acted on, perhaps before the payment was known."""
    row = await one_row(
        connection,
        "SELECT 1 FROM payment_notifications WHERE organisation_id = %s AND account_id = %s AND kind = %s "
        "AND transaction_id = %s",
        payment.organisation_id,
        payment.account_id,
        kind,
        payment.transaction_id,
    )
    return row is not None


async def early_refunds(connection: Connection, payment: PaymentRow) -> list[tuple[int, int]]:
    """``(refund transaction, amount)`` of refund notifications that came before the payment they return."""
    rows = await (
        await connection.execute(
            "SELECT transaction_id, amount FROM payment_notifications WHERE organisation_id = %s AND account_id = %s "
            "AND kind = 'refund' AND payment_transaction_id = %s",
            (payment.organisation_id, payment.account_id, payment.transaction_id),
        )
    ).fetchall()
    return [(row[0], row[1]) for row in rows]
