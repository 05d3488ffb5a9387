"""Asking for receipts, in the transaction of what they are for."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from kamhub.hub.receipt import store
from kamhub.hub.receipt.types import ReceiptKind
from kamhub.platform.database.pool import Connection
from kamhub.platform.job.queue import enqueue
from kamhub.platform.job.types import Kind, Queue

SEND = Kind("receipt.send", Queue.PAYMENTS, "tenant", frozenset({"receipt_id"}), priority=-1)


async def ask(
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
) -> None:
    """Write that a receipt is due, and the job that asks for it; once, and only for an account with a cash register."""
    receipt_id = await store.insert(
        connection,
        kind,
        organisation_id=organisation_id,
        account_id=account_id,
        booking_id=booking_id,
        payment_id=payment_id,
        refund_id=refund_id,
        amount=amount,
        currency=currency,
        now=now,
    )
    if receipt_id is not None:
        await send_later(connection, organisation_id, booking_id, receipt_id)


async def send_later(connection: Connection, organisation_id: UUID, booking_id: UUID, receipt_id: UUID) -> None:
    """Put the asking into the queue; receipts of one booking are made in their order."""
    await enqueue(
        connection,
        SEND,
        organisation_id=organisation_id,
        lock=f"receipt:{booking_id}",
        receipt_id=str(receipt_id),
    )


async def try_again(connection: Connection, organisation_id: UUID, booking_id: UUID, now: datetime) -> int:
    """Ask anew for the refused receipts of a booking; how many."""
    refused = [
        one for one in await store.of_booking(connection, organisation_id, booking_id) if one.status == "refused"
    ]
    for receipt in refused:
        await store.renew(connection, receipt, now)
        await send_later(connection, organisation_id, booking_id, receipt.id)
    return len(refused)
