"""Money that the bank has set aside: taken when the operator confirms, let go when not. Locks as ``settle`` does."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from kamhub.hub.payment import store
from kamhub.hub.payment.store import PaymentRow
from kamhub.kit.ids import new_id
from kamhub.platform.database.pool import Connection
from kamhub.platform.job.queue import enqueue
from kamhub.platform.job.types import Kind, Queue

FINISH = Kind("payment.finish_held", Queue.PAYMENTS, "tenant", frozenset({"payment_id"}), priority=1)


async def ask_capture(connection: Connection, payment: PaymentRow, now: datetime) -> None:
    """Write the intent to take the money, and the job that does it; the booking is confirmed when it is taken."""
    await _ask(connection, payment, "capture", now)


async def ask_release(connection: Connection, payment: PaymentRow, now: datetime) -> None:
    """Write the intent to let the money go, and the job that does it."""
    await _ask(connection, payment, "release", now)


async def _ask(connection: Connection, payment: PaymentRow, what: Literal["capture", "release"], now: datetime) -> None:
    """The last word counts: a release replaces a capture that was not carried out yet."""
    if payment.status != "authorized" or payment.asked in (what, "release"):
        return
    await store.set_asked(connection, payment, what, new_id(), now)
    await enqueue(
        connection,
        FINISH,
        organisation_id=payment.organisation_id,
        lock=f"payment:{payment.id}",
        payment_id=str(payment.id),
    )
