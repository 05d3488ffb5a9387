"""SQL of payment orders: the intent to be paid, and the link the provider made for it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from kamhub.hub.monitoring.counters import count_payment
from kamhub.hub.payment.store.rows import one_row
from kamhub.hub.payment.types import PaymentAccount
from kamhub.kit.ids import new_id
from kamhub.kit.money import Money
from kamhub.platform.database.pool import Connection


@dataclass(frozen=True, slots=True)
class OrderRow:
    id: UUID
    account_id: UUID
    amount: int
    currency: str
    status: Literal["requested", "open", "refused", "closed"]
    url: str | None


async def live_order(connection: Connection, organisation_id: UUID, booking_id: UUID) -> OrderRow | None:
    """The order of the booking that may still be paid."""
    row = await one_row(
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
    count_payment(connection, "begun")
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
    if status == "refused":
        count_payment(connection, "refused")


async def close_orders(connection: Connection, organisation_id: UUID, booking_id: UUID) -> None:
    """No order of the booking is to be paid any more."""
    await connection.execute(
        "UPDATE payment_orders SET status = 'closed' WHERE organisation_id = %s AND booking_id = %s "
        "AND status IN ('requested', 'open')",
        (organisation_id, booking_id),
    )
