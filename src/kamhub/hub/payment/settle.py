"""Money that arrived or went back, settled with its booking in one transaction.

Every source of such news (notification, reply to our own call) ends here. Order of locks: departure, booking, payment.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from kamhub.hub.booking import store as bookings
from kamhub.hub.booking.messages import tell_booker
from kamhub.hub.booking.rules import LAPSING, prolonged
from kamhub.hub.booking.store import BookingRow
from kamhub.hub.payment import rules, store
from kamhub.hub.payment.rules import Invoice, Verdict
from kamhub.hub.payment.store import PaymentRow, RefundRow
from kamhub.hub.payment.types import CaseKind, Notification, PaymentAccount, PaymentStatus
from kamhub.hub.seats import actions as seats
from kamhub.kit.money import Money
from kamhub.platform.database.pool import Connection
from kamhub.platform.job.queue import enqueue
from kamhub.platform.job.types import Kind, Queue

REFUND = Kind("payment.send_refund", Queue.PAYMENTS, "tenant", frozenset({"refund_id"}))


@dataclass(frozen=True, slots=True)
class Settling:
    """What a settlement works with: the tenant's transaction, the account, the moment, the mode."""

    connection: Connection
    account: PaymentAccount
    now: datetime
    production: bool

    def test_refused(self, notification: Notification) -> bool:
        return rules.test_refused(notification, demo_account=self.account.mode == "demo", production=self.production)


def invoice_of(booking: BookingRow) -> Invoice:
    """The booking as money sees it."""
    return Invoice(
        booking.id,
        booking.status,
        booking.expires_at,
        Money(booking.total, booking.currency),
        booking.money(booking.paid),
    )


async def settle_payment(work: Settling, notification: Notification) -> None:
    """A payment that was authorised or completed, whichever notification said so first."""
    known = await store.payment_by_transaction(work.connection, work.account, notification.transaction_id)
    if known is not None and not rules.is_news(known.status, notification):
        return
    booking, departure = await _lock_booking(work, known, notification.invoice)
    invoice = invoice_of(booking) if booking else None
    verdict = rules.judge_payment(notification, invoice, test_refused=work.test_refused(notification), now=work.now)
    if (
        verdict.accepted
        and booking
        and await store.has_other_money(work.connection, booking.organisation_id, booking.id, known)
    ):
        verdict = Verdict(accepted=False, give_back=True, case="paid_twice")
    payment = await _write(work, known, notification, booking, accepted=verdict.accepted)
    if notification.authorized_only:
        await _await_capture(work, verdict, booking, payment)
        return
    await _carry_out(work, verdict, booking, departure, payment)
    for transaction_id, amount in await store.early_refunds(work.connection, payment):
        await _refund_happened(work, payment, transaction_id, amount)


async def _write(
    work: Settling, known: PaymentRow | None, notification: Notification, booking: BookingRow | None, *, accepted: bool
) -> PaymentRow:
    status: PaymentStatus = "authorized" if notification.authorized_only else "completed"
    if known is not None:
        return await store.charge_payment(
            work.connection, known, notification, status=status, accepted=accepted, now=work.now
        )
    return await store.insert_payment(
        work.connection,
        work.account,
        notification,
        booking_id=booking.id if booking else None,
        status=status,
        accepted=accepted,
        now=work.now,
    )


async def _lock_booking(
    work: Settling, known: PaymentRow | None, code: str | None
) -> tuple[BookingRow | None, seats.LockedDeparture | None]:
    """The booking of a payment, and its departure, locked: a capture need not name the invoice again."""
    organisation_id = work.account.organisation_id
    found = None
    if known is not None and known.booking_id is not None:
        found = await bookings.load(work.connection, organisation_id, known.booking_id)
    elif code is not None:
        found = await bookings.by_code(work.connection, organisation_id, code)
    if found is None:
        return None, None
    departure = await seats.lock(work.connection, found.departure_id, work.now)
    return await bookings.load(work.connection, organisation_id, found.id, lock=True), departure


async def _await_capture(work: Settling, verdict: Verdict, booking: BookingRow | None, payment: PaymentRow) -> None:
    """The bank has set the money aside: the seats wait for the capture. Nothing can be given back before it."""
    if verdict.case is not None:
        await _case(work, verdict.case, payment)
    if await store.was_told(work.connection, payment, "cancel"):
        await _release(work, payment)
        return
    if verdict.accepted and booking is not None and booking.status in LAPSING and booking.expires_at is not None:
        until = await bookings.sales_close_at(work.connection, booking)
        if booking.expires_at > work.now:
            await bookings.set_expiry(work.connection, booking, max(booking.expires_at, until))


async def _carry_out(
    work: Settling,
    verdict: Verdict,
    booking: BookingRow | None,
    departure: seats.LockedDeparture | None,
    payment: PaymentRow,
) -> None:
    case = verdict.case
    give_back = verdict.give_back
    if booking is not None and departure is not None and verdict.accepted:
        confirm = verdict.confirm
        if verdict.retake:
            runs = departure.seats.status != "cancelled" and work.now < departure.seats.departs_at
            confirm = runs and await seats.retake(work.connection, departure, booking.seats, work.now)
            case, give_back = ("late_payment_revived", False) if confirm else ("late_payment_refunded", True)
            fresh = await bookings.load(work.connection, booking.organisation_id, booking.id)
            booking = fresh or booking
        await bookings.set_money(work.connection, booking, payment.amount, None)
        await store.close_orders(work.connection, booking.organisation_id, booking.id)
        if confirm:
            reason = "paid_late" if verdict.retake else "paid"
            await bookings.set_status(work.connection, booking, "confirmed", work.now, "payment", reason)
            await tell_booker(work.connection, booking, "confirmed", work.now)
    if give_back:
        await give_money_back(work.connection, payment, payment.amount, case or "returned", work.now)
        if booking is not None:
            await tell_booker(work.connection, booking, "money_returned", work.now)
    if case is not None:
        await _case(work, case, payment)


async def _case(work: Settling, kind: CaseKind, payment: PaymentRow, **details: str) -> None:
    await store.open_case(
        work.connection,
        kind,
        organisation_id=payment.organisation_id,
        now=work.now,
        booking_id=payment.booking_id,
        payment_id=payment.id,
        details={"transaction_id": str(payment.transaction_id), **details},
    )


async def give_money_back(connection: Connection, payment: PaymentRow, amount: int, reason: str, now: datetime) -> None:
    """Write the intent to return money, and the job that does it, in the caller's transaction."""
    refund_id = await store.request_refund(connection, payment, amount, reason, now)
    await enqueue(
        connection,
        REFUND,
        organisation_id=payment.organisation_id,
        lock=f"payment:{payment.id}",
        refund_id=str(refund_id),
    )
    await _sum_up(connection, payment)


async def _sum_up(connection: Connection, payment: PaymentRow) -> None:
    """Bring ``bookings.refunded`` to what the refunds of its counted payment add up to."""
    if payment.booking_id is None or not payment.accepted:
        return
    returned = await store.refunded_sum(connection, payment.organisation_id, payment.id)
    await connection.execute(
        "UPDATE bookings SET refunded = %s WHERE organisation_id = %s AND id = %s AND paid IS NOT NULL",
        (min(returned, payment.amount) or None, payment.organisation_id, payment.booking_id),
    )


async def settle_decline(work: Settling, notification: Notification) -> None:
    """An attempt that failed. The payer may try again on the same page, so the booking is left alone."""
    if await store.payment_by_transaction(work.connection, work.account, notification.transaction_id):
        return
    code = notification.invoice
    booking = await bookings.by_code(work.connection, work.account.organisation_id, code) if code else None
    await store.insert_payment(
        work.connection,
        work.account,
        notification,
        booking_id=booking.id if booking else None,
        status="declined",
        accepted=False,
        now=work.now,
    )


async def settle_release(work: Settling, notification: Notification) -> None:
    """Money set aside was released uncaptured."""
    payment = await store.payment_by_transaction(work.connection, work.account, notification.transaction_id)
    if payment is not None and payment.status == "authorized":
        await _release(work, payment)


async def _release(work: Settling, payment: PaymentRow) -> None:
    """The booking has the ordinary time left to be paid another way."""
    await store.set_payment_status(work.connection, payment, "cancelled", "cancel", work.now)
    if payment.booking_id is None:
        return
    booking = await bookings.load(work.connection, payment.organisation_id, payment.booking_id, lock=True)
    if booking is not None and payment.accepted and booking.status in LAPSING and booking.expires_at is not None:
        shorter = min(booking.expires_at, prolonged(work.now, booking.expires_at, work.now))
        await bookings.set_expiry(work.connection, booking, shorter)


async def settle_refund_told(work: Settling, notification: Notification) -> None:
    """The provider says that money went back: ours that was on its way, or one made in its cabinet."""
    if notification.payment_transaction_id is None:
        return
    payment = await store.payment_by_transaction(work.connection, work.account, notification.payment_transaction_id)
    if payment is None:
        await store.open_case(
            work.connection,
            "unknown_refund",
            organisation_id=work.account.organisation_id,
            now=work.now,
            details={"transaction_id": str(notification.transaction_id)},
        )
        return
    await _refund_happened(work, payment, notification.transaction_id, notification.amount.amount)


async def _refund_happened(work: Settling, payment: PaymentRow, transaction_id: int, amount: int) -> None:
    refund = await store.refund_for_notification(work.connection, payment, transaction_id, amount)
    if refund is None:
        await store.insert_told_refund(work.connection, payment, transaction_id, amount, work.now)
        await _case(work, "unknown_refund", payment, refund_transaction_id=str(transaction_id))
        await _sum_up(work.connection, payment)
    elif refund.status != "completed":
        await finish_refund(work.connection, payment, refund, transaction_id, None, work.now)


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
    await _sum_up(connection, payment)
