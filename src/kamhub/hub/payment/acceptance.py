"""Money that waited for a person, counted for its booking after all. Locks as ``settle`` does."""

from __future__ import annotations

from datetime import datetime

from kamhub.hub.booking.locks import lock_booking
from kamhub.hub.booking.rules import effective_status
from kamhub.hub.ledger import actions as ledger
from kamhub.hub.ledger import rules as lines
from kamhub.hub.ledger.types import Entry
from kamhub.hub.payment import books, rules, settle, store
from kamhub.hub.payment.refunding import lock_money
from kamhub.hub.payment.store import PaymentRow
from kamhub.hub.payment.types import PaymentNotAcceptable
from kamhub.kit.text import mark
from kamhub.platform.database.pool import Connection

_SEATS_GONE = mark("The seats of the booking are taken by others; return the money")


async def accept(connection: Connection, payment: PaymentRow, now: datetime) -> None:
    """The payment is the booking's money as it is; the booking is confirmed, with its seats taken again when it had lost
    them. Raises ``PaymentNotAcceptable``."""
    number = payment.booking_id
    locked = await lock_booking(connection, payment.organisation_id, number, now) if number is not None else None
    if locked is None:
        raise PaymentNotAcceptable(extra={"why": "no_booking"})
    booking, departure = locked
    payment = await lock_money(connection, payment)
    returned = await store.refunded_sum(connection, payment.organisation_id, payment.id)
    other = await store.has_other_money(connection, payment.organisation_id, booking.id, payment)
    verdict = rules.judge_acceptance(
        payment_status=payment.status,
        accepted=payment.accepted,
        untouched=returned == 0 and payment.charged_back == 0,
        same_currency=payment.currency == booking.currency,
        has_money=booking.paid is not None or other,
        status=effective_status(booking.status, booking.expires_at, now),
    )
    if verdict is None:
        raise PaymentNotAcceptable(extra={"why": "state"})
    payment = await store.set_accepted(connection, payment, now)
    confirmed = await settle.confirm_paid(connection, verdict, booking, departure, payment, now)
    if verdict.confirm and not confirmed:
        raise PaymentNotAcceptable(_SEATS_GONE, extra={"why": "seats_gone"})
    await ledger.record(
        connection,
        Entry(
            payment.organisation_id,
            now,
            "correction",
            f"accepted:{payment.id}",
            payment.currency,
            lines.correction(payment.amount),
            booking_id=booking.id,
            payment_id=payment.id,
        ),
    )
    await books.ask_prepayment_receipt(connection, payment, now)
    await books.true_up(connection, payment, now)
