"""Money that arrived or went back, settled with its booking in one transaction.

Every source of such news (notification, reply to our own call, the provider's list) ends here. Order of locks: departure,
booking, payment, refund.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

import structlog

from kamhub.hub.booking import store as bookings
from kamhub.hub.booking.locks import lock_booking
from kamhub.hub.booking.messages import tell_booker
from kamhub.hub.booking.rules import LAPSING, prolonged
from kamhub.hub.booking.store import BookingRow
from kamhub.hub.payment import books, rules, store
from kamhub.hub.payment.held import ask_release
from kamhub.hub.payment.refunding import REFUND, finish_refund, give_money_back, lock_money, refund_happened
from kamhub.hub.payment.rules import Invoice, Verdict
from kamhub.hub.payment.store import PaymentRow
from kamhub.hub.payment.types import CaseKind, Notification, PaymentAccount, PaymentStatus
from kamhub.hub.seats import actions as seats
from kamhub.hub.seats.types import LockedDeparture
from kamhub.hub.services import Hub
from kamhub.kit.money import Money
from kamhub.platform.database.pool import Connection
from kamhub.platform.job.run import Mark
from kamhub.platform.monitoring.sentry import note

__all__ = [
    "REFUND",
    "Settling",
    "confirm_paid",
    "finish_refund",
    "give_money_back",
    "invoice_of",
    "settle_decline",
    "settle_payment",
    "settle_refund_told",
    "settle_release",
    "settle_told",
]

# The payer's money, and another sum than was asked for. Of a wrong payer's the booker is not told.
_UNDECIDED: frozenset[CaseKind | None] = frozenset({"wrong_amount", "wrong_currency"})

log = structlog.get_logger(__name__)


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
    found = await store.payment_by_transaction(work.connection, work.account, notification.transaction_id, lock=False)
    booking, departure = await _lock_booking(work, found, notification.invoice)
    known = await store.payment_by_transaction(work.connection, work.account, notification.transaction_id)
    if known is not None and not rules.is_news(known.status, notification):
        return
    invoice = invoice_of(booking) if booking else None
    verdict = rules.judge_payment(notification, invoice, test_refused=work.test_refused(notification), now=work.now)
    if (
        verdict.accepted
        and booking
        and await store.has_other_money(work.connection, booking.organisation_id, booking.id, known)
    ):
        verdict = Verdict(accepted=False, give_back=True, case="paid_twice")
    payment = await _write(work, known, notification, booking, accepted=verdict.accepted)
    note("payment succeeded", booking=payment.booking_id, organisation=payment.organisation_id, payment=payment.id)
    if notification.authorized_only:
        await _await_capture(work, verdict, booking, payment)
        return
    await _carry_out(work, verdict, booking, departure, payment)
    if verdict.case != "test_payment":
        await books.enter_charge(work.connection, payment, notification.fee, work.now)
    for transaction_id, amount in await store.early_refunds(work.connection, payment):
        await refund_happened(work.connection, payment, transaction_id, amount, work.now)


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
) -> tuple[BookingRow | None, LockedDeparture | None]:
    """The booking of a payment, and its departure, locked: a capture need not name the invoice again."""
    organisation_id = work.account.organisation_id
    found = None
    if known is not None and known.booking_id is not None:
        found = await bookings.load(work.connection, organisation_id, known.booking_id)
    elif code is not None:
        found = await bookings.by_code(work.connection, organisation_id, code)
    if found is None:
        return None, None
    return await lock_booking(work.connection, organisation_id, found.id, work.now) or (None, None)


async def _await_capture(work: Settling, verdict: Verdict, booking: BookingRow | None, payment: PaymentRow) -> None:
    """The bank has set the money aside: the seats wait for the operator, and what must go back is let go at once."""
    if verdict.case is not None:
        await _case(work, verdict.case, payment)
    if await store.was_told(work.connection, payment, "cancel"):
        await _release(work, payment)
        return
    if verdict.give_back:
        await ask_release(work.connection, payment, work.now)
    if verdict.accepted and booking is not None and booking.status in LAPSING and booking.expires_at is not None:
        until = await bookings.sales_close_at(work.connection, booking)
        if booking.expires_at > work.now:
            await bookings.set_expiry(work.connection, booking, max(booking.expires_at, until))
            await _tell_paid(work, booking, payment, held=True)


async def _carry_out(
    work: Settling,
    verdict: Verdict,
    booking: BookingRow | None,
    departure: LockedDeparture | None,
    payment: PaymentRow,
) -> None:
    case = verdict.case
    give_back = verdict.give_back
    if booking is not None and departure is not None and verdict.accepted:
        confirmed = await confirm_paid(work.connection, verdict, booking, departure, payment, work.now)
        if verdict.retake:
            case, give_back = ("late_payment_revived", False) if confirmed else ("late_payment_refunded", True)
    elif booking is not None and case in _UNDECIDED and booking.status in LAPSING:
        await _tell_paid(work, booking, payment, held=False)
    if give_back:
        await give_money_back(work.connection, payment, payment.amount, case or "returned", work.now)
        if booking is not None:
            await tell_booker(work.connection, booking, "money_returned", work.now)
    if case is not None:
        await _case(work, case, payment)


async def _tell_paid(work: Settling, booking: BookingRow, payment: PaymentRow, *, held: bool) -> None:
    """The traveller's money is there, taken or set aside, and a person of the operator has the next word; once a payment."""
    facts = {"amount": str(payment.amount), "currency": payment.currency, "held": "1" if held else ""}
    await tell_booker(work.connection, booking, "paid", work.now, occasion=str(payment.id), facts=facts)


async def confirm_paid(
    connection: Connection,
    verdict: Verdict,
    booking: BookingRow,
    departure: LockedDeparture,
    payment: PaymentRow,
    now: datetime,
) -> bool:
    """Count the payment for its booking, and confirm the booking when the verdict says so; whether it was confirmed.

    One that has to take its seats again is confirmed only when they are free and the departure still runs.
    """
    confirm = verdict.confirm
    if verdict.retake:
        runs = departure.seats.status != "cancelled" and now < departure.seats.departs_at
        confirm = runs and await seats.retake(connection, departure, booking.seats, now)
        fresh = await bookings.load(connection, booking.organisation_id, booking.id)
        booking = fresh or booking
    await bookings.set_money(connection, booking, payment.amount, None)
    await store.close_orders(connection, booking.organisation_id, booking.id)
    if confirm:
        reason = "paid_late" if verdict.retake else "paid"
        await bookings.set_status(connection, booking, "confirmed", now, "payment", reason)
        await tell_booker(connection, booking, "confirmed", now)
    return confirm


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


async def settle_decline(work: Settling, notification: Notification) -> None:
    """An attempt that failed. The payer may try again on the same page, so the booking is left alone."""
    if await store.payment_by_transaction(work.connection, work.account, notification.transaction_id, lock=False):
        return
    code = notification.invoice
    booking = await bookings.by_code(work.connection, work.account.organisation_id, code) if code else None
    note("payment failed", booking=booking.id if booking else None, organisation=work.account.organisation_id)
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
    found = await store.payment_by_transaction(work.connection, work.account, notification.transaction_id, lock=False)
    if found is None:
        return
    payment = await lock_money(work.connection, found)
    if payment.status == "authorized":
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
    transaction_id = notification.payment_transaction_id
    found = await store.payment_by_transaction(work.connection, work.account, transaction_id, lock=False)
    if found is None:
        await store.open_case(
            work.connection,
            "unknown_refund",
            organisation_id=work.account.organisation_id,
            now=work.now,
            details={"transaction_id": str(notification.transaction_id)},
        )
        return
    payment = await lock_money(work.connection, found)
    await refund_happened(work.connection, payment, notification.transaction_id, notification.amount.amount, work.now)


async def settle_told(hub: Hub, account: PaymentAccount, notification: Notification, mark: Mark | None = None) -> bool:
    """Act on news of money once, however often and by whomever it is told; False when it was before.

    ``mark`` is called in the same transaction.
    """
    async with hub.database.tenant(account.organisation_id) as connection:
        work = Settling(connection, account, hub.clock.now(), hub.production)
        news = await store.remember_notification(connection, account, notification, work.now)
        if news:
            await _SETTLERS[notification.kind](work, notification)
        if mark is not None:
            await mark(connection)
    log.info("payment_notification", kind=notification.kind, transaction_id=notification.transaction_id, news=news)
    return news


_SETTLERS: Mapping[str, Callable[[Settling, Notification], Awaitable[None]]] = {
    "pay": settle_payment,
    "confirm": settle_payment,
    "fail": settle_decline,
    "cancel": settle_release,
    "refund": settle_refund_told,
}
