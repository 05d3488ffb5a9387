"""Money on its way back: decided, asked for, carried out or refused. Locks as ``settle`` does."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from kamhub.hub.booking import store as bookings
from kamhub.hub.payment import books, rules, store
from kamhub.hub.payment.store import PaymentRow, RefundRow
from kamhub.platform.database.pool import Connection
from kamhub.platform.job.queue import enqueue
from kamhub.platform.job.types import Kind, Queue

REFUND = Kind("payment.send_refund", Queue.PAYMENTS, "tenant", frozenset({"refund_id"}))


async def lock_money(connection: Connection, payment: PaymentRow) -> PaymentRow:
    """Lock the payment after its booking, as everyone does; the payment as it is now."""
    if payment.booking_id is not None:
        await bookings.load(connection, payment.organisation_id, payment.booking_id, lock=True)
    fresh = await store.payment_by_id(connection, payment.organisation_id, payment.id, lock=True)
    return fresh or payment


async def returnable(connection: Connection, payment: PaymentRow) -> int:
    """What of a payment may still go back, minor units."""
    returned = await store.refunded_sum(connection, payment.organisation_id, payment.id)
    return rules.returnable(payment.status, payment.amount, returned, payment.charged_back)


async def give_money_back(
    connection: Connection, payment: PaymentRow, amount: int, reason: str, now: datetime, key_hash: bytes | None = None
) -> UUID | None:
    """Write the intent to return money, and the job that does it, in the caller's transaction; its id.

    Never more than is left of the payment, and None when nothing is. The caller has the booking locked.
    """
    payment = await lock_money(connection, payment)
    amount = min(amount, await returnable(connection, payment))
    if amount <= 0:
        return None
    refund_id = await store.request_refund(connection, payment, amount, reason, now, key_hash)
    await send_later(connection, payment.organisation_id, payment.id, refund_id)
    await _sum_up(connection, payment, now)
    return refund_id


async def send_later(connection: Connection, organisation_id: UUID, payment_id: UUID, refund_id: UUID) -> None:
    """Put the asking into the queue; refunds of one payment are asked for one after another."""
    await enqueue(
        connection,
        REFUND,
        organisation_id=organisation_id,
        lock=f"payment:{payment_id}",
        refund_id=str(refund_id),
    )


async def _sum_up(connection: Connection, payment: PaymentRow, now: datetime) -> None:
    """Bring ``bookings.refunded`` to what the refunds of its counted payment add up to, and what was earned with it."""
    if payment.booking_id is None or not payment.accepted:
        return
    returned = await store.refunded_sum(connection, payment.organisation_id, payment.id)
    await store.set_refunded(connection, payment, min(returned, payment.amount) or None)
    await books.true_up(connection, payment, now)


async def refund_happened(
    connection: Connection, payment: PaymentRow, transaction_id: int, amount: int, now: datetime
) -> None:
    """Money of that (locked) payment went back: ours that was on its way, or one made outside this product."""
    refund = await store.refund_for_notification(connection, payment, transaction_id, amount)
    if refund is None:
        refund_id = await store.insert_told_refund(connection, payment, transaction_id, amount, now)
        await store.open_case(
            connection,
            "unknown_refund",
            organisation_id=payment.organisation_id,
            now=now,
            booking_id=payment.booking_id,
            payment_id=payment.id,
            refund_id=refund_id,
            details={"transaction_id": str(payment.transaction_id), "refund_transaction_id": str(transaction_id)},
        )
        await books.enter_refund(connection, payment, refund_id, amount, now)
        await _sum_up(connection, payment, now)
    elif refund.status != "completed":
        await finish_refund(connection, payment, refund, transaction_id, None, now)


async def finish_refund(
    connection: Connection,
    payment: PaymentRow,
    refund: RefundRow,
    refund_transaction_id: int | None,
    error: str | None,
    now: datetime,
) -> None:
    """A refund was carried out, or refused for good (``error``): then a person has to look at it."""
    await store.settle_refund(
        connection,
        refund,
        status="refused" if error else "completed",
        refund_transaction_id=refund_transaction_id,
        error=error,
        now=now,
    )
    if error:
        await store.open_case(
            connection,
            "refund_refused",
            organisation_id=refund.organisation_id,
            now=now,
            booking_id=refund.booking_id,
            payment_id=refund.payment_id,
            refund_id=refund.id,
            details={"message": error},
        )
    else:
        await books.enter_refund(connection, payment, refund.id, refund.amount, now)
    await _sum_up(connection, payment, now)


async def try_again(
    connection: Connection, payment: PaymentRow, refund: RefundRow, request_id: UUID, now: datetime
) -> None:
    """A refused refund is on its way again, asked for under a new request id: the provider would repeat its refusal.

    The caller has booking, payment and refund locked, and knows that as much is left of the payment.
    """
    await store.renew_refund(connection, refund, request_id, now, reopen=True)
    await send_later(connection, refund.organisation_id, payment.id, refund.id)
    await _sum_up(connection, payment, now)
