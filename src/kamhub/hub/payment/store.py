"""SQL of payments. All of it runs in the scope of the account's organisation, except finding the account."""

from __future__ import annotations

from dataclasses import astuple, dataclass, replace
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from psycopg.types.json import Jsonb

from kamhub.hub.payment.types import CaseKind, Notification, NotificationKind, PaymentAccount, PaymentStatus
from kamhub.kit.ids import new_id
from kamhub.kit.money import Money
from kamhub.platform.crypto.keys import KeyRing
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


@dataclass(frozen=True, slots=True)
class OrderRow:
    id: UUID
    account_id: UUID
    amount: int
    currency: str
    status: Literal["requested", "open", "refused", "closed"]
    url: str | None


_ACCOUNT = (
    "SELECT organisation_id, id, public_id, secret_encrypted, mode FROM payment_accounts WHERE archived_at IS NULL"
)
_PAYMENT = "SELECT organisation_id, id, booking_id, account_id, transaction_id, amount, currency, status, accepted, method FROM payments"
_REFUND = (
    "SELECT organisation_id, id, payment_id, booking_id, amount, currency, status, refund_transaction_id, requested_at "
    "FROM refunds"
)


async def _row(connection: Connection, query: str, *parameters: object) -> tuple[Any, ...] | None:
    return await (await connection.execute(query.encode(), parameters)).fetchone()


async def _one_account(connection: Connection, keys: KeyRing, condition: str, value: UUID) -> PaymentAccount | None:
    row = await _row(connection, f"{_ACCOUNT} AND {condition}", value)
    return PaymentAccount(row[0], row[1], row[2], keys.decrypt(row[3]), row[4]) if row else None


async def account_by_id(connection: Connection, keys: KeyRing, account_id: UUID) -> PaymentAccount | None:
    """The account with that id, in whatever the scope shows."""
    return await _one_account(connection, keys, "id = %s", account_id)


async def account_of(connection: Connection, keys: KeyRing, organisation_id: UUID) -> PaymentAccount | None:
    """The account an organisation takes payments with, or None."""
    return await _one_account(connection, keys, "organisation_id = %s", organisation_id)


async def first_without_account(connection: Connection) -> UUID | None:
    """The organisation created first, when no organisation has a payment account yet (system scope)."""
    row = await (
        await connection.execute(
            "SELECT id FROM organisations WHERE id <> %s AND NOT EXISTS (SELECT FROM payment_accounts) "
            "ORDER BY created_at, id LIMIT 1",
            (UUID(int=0),),
        )
    ).fetchone()
    return row[0] if row else None


async def insert_account(connection: Connection, account: PaymentAccount, keys: KeyRing) -> None:
    """Write a payment account, its secret encrypted; nothing when the organisation has an active one."""
    await connection.execute(
        "INSERT INTO payment_accounts (organisation_id, id, public_id, secret_encrypted, mode) VALUES (%s, %s, %s, %s, %s) "
        "ON CONFLICT DO NOTHING",
        (account.organisation_id, account.id, account.public_id, keys.encrypt(account.api_secret), account.mode),
    )


async def list_accounts(connection: Connection) -> list[tuple[UUID, str, str]]:
    """``(id, public id, mode)`` of the accounts in scope."""
    rows = await (
        await connection.execute(
            "SELECT id, public_id, mode FROM payment_accounts WHERE archived_at IS NULL ORDER BY id"
        )
    ).fetchall()
    return [(row[0], row[1], row[2]) for row in rows]


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
    connection: Connection, account: PaymentAccount, transaction_id: int
) -> PaymentRow | None:
    """The payment of that provider transaction, locked."""
    query = f"{_PAYMENT} WHERE organisation_id = %s AND account_id = %s AND transaction_id = %s FOR NO KEY UPDATE"
    row = await _row(connection, query, account.organisation_id, account.id, transaction_id)
    return PaymentRow(*row) if row else None


async def payment_by_id(connection: Connection, organisation_id: UUID, payment_id: UUID) -> PaymentRow | None:
    """The payment with that id."""
    query = f"{_PAYMENT} WHERE organisation_id = %s AND id = %s"
    row = await _row(connection, query, organisation_id, payment_id)
    return PaymentRow(*row) if row else None


async def accepted_payment(connection: Connection, organisation_id: UUID, booking_id: UUID) -> PaymentRow | None:
    """The completed payment that counts for the booking, or None."""
    query = f"{_PAYMENT} WHERE organisation_id = %s AND booking_id = %s AND accepted AND status = 'completed'"
    row = await _row(connection, query, organisation_id, booking_id)
    return PaymentRow(*row) if row else None


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
    row = PaymentRow(
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
    await connection.execute(
        "INSERT INTO payments (organisation_id, id, booking_id, account_id, transaction_id, amount, currency, status, "
        "accepted, method, test, invoice, card_last_four, decline_reason, received_at) "
        "VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        (
            *astuple(row),
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
    connection: Connection, row: PaymentRow, before: str | None, after: str, reason: str, now: datetime
) -> None:
    await connection.execute(
        "INSERT INTO payment_events (organisation_id, payment_id, at, from_status, to_status, actor, reason) "
        "VALUES (%s, %s, %s, %s, %s, 'provider', %s)",
        (row.organisation_id, row.id, now, before, after, reason),
    )


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
    row = await _row(
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
    row = await _row(
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
    row = await _row(connection, query, organisation_id, refund_id)
    return RefundRow(*row) if row else None


async def refund_for_notification(
    connection: Connection, payment: PaymentRow, refund_transaction_id: int, amount: int
) -> RefundRow | None:
    """The refund a notification tells of: the one with that transaction, else the oldest of that sum still without one."""
    query = f"""{_REFUND} WHERE organisation_id = %s AND payment_id = %s
        AND (refund_transaction_id = %s OR (refund_transaction_id IS NULL AND amount = %s AND status = 'requested'))
        ORDER BY refund_transaction_id NULLS LAST, requested_at LIMIT 1 FOR NO KEY UPDATE"""
    row = await _row(connection, query, payment.organisation_id, payment.id, refund_transaction_id, amount)
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
    row = await _row(
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


async def live_order(connection: Connection, organisation_id: UUID, booking_id: UUID) -> OrderRow | None:
    """The order of the booking that may still be paid."""
    row = await _row(
        connection,
        "SELECT id, account_id, amount, currency, status, url FROM payment_orders "
        "WHERE organisation_id = %s AND booking_id = %s AND status IN ('requested', 'open') FOR NO KEY UPDATE",
        organisation_id,
        booking_id,
    )
    return OrderRow(*row) if row else None


async def insert_order(
    connection: Connection, account: PaymentAccount, booking_id: UUID, total: Money, now: datetime
) -> OrderRow:
    """Write the intent to be paid."""
    order = OrderRow(new_id(), account.id, total.amount, total.currency, "requested", None)
    await connection.execute(
        "INSERT INTO payment_orders (organisation_id, id, booking_id, account_id, amount, currency, status, created_at) "
        "VALUES (%s, %s, %s, %s, %s, %s, 'requested', %s)",
        (account.organisation_id, order.id, booking_id, account.id, total.amount, total.currency, now),
    )
    return order


async def settle_order(
    connection: Connection,
    organisation_id: UUID,
    order_id: UUID,
    *,
    status: Literal["open", "refused", "closed"],
    provider_order_id: str | None = None,
    url: str | None = None,
    error: str | None = None,
) -> None:
    """Write what the provider answered to an order that was only requested."""
    await connection.execute(
        "UPDATE payment_orders SET status = %s, provider_order_id = %s, url = %s, error = %s "
        "WHERE organisation_id = %s AND id = %s AND status = 'requested'",
        (status, provider_order_id, url, error, organisation_id, order_id),
    )


async def close_orders(connection: Connection, organisation_id: UUID, booking_id: UUID) -> None:
    """No order of the booking is to be paid any more."""
    await connection.execute(
        "UPDATE payment_orders SET status = 'closed' WHERE organisation_id = %s AND booking_id = %s "
        "AND status IN ('requested', 'open')",
        (organisation_id, booking_id),
    )
