"""Pure decisions about money."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from kamhub.hub.booking.rules import LAPSING, effective_status
from kamhub.hub.booking.types import BookingStatus
from kamhub.hub.payment.types import CaseKind, CheckCode, Notification, PaymentStatus
from kamhub.kit.money import Money


@dataclass(frozen=True, slots=True)
class Invoice:
    """The booking a payment is for, as far as money needs to know it."""

    booking_id: UUID
    status: BookingStatus
    expires_at: datetime | None
    total: Money
    paid: Money | None

    def account_names(self) -> frozenset[str]:
        """What we call the payer at the provider: we send the booking's id."""
        return frozenset({str(self.booking_id)})


def test_refused(notification: Notification, *, demo_account: bool, production: bool) -> bool:
    """Whether the notification tells of test money that must not count: any in production, elsewhere on a live account."""
    return notification.test and (production or not demo_account)


def mismatch(notification: Notification, invoice: Invoice) -> CaseKind | None:
    """What in the notification differs from our own record, the worst first."""
    if notification.account is not None and notification.account not in invoice.account_names():
        return "wrong_account"
    if notification.amount.currency != invoice.total.currency:
        return "wrong_currency"
    if notification.amount.amount != invoice.total.amount:
        return "wrong_amount"
    return None


_CHECK_MISMATCH: dict[CaseKind, CheckCode] = {
    "wrong_account": CheckCode.WRONG_ACCOUNT,
    "wrong_currency": CheckCode.WRONG_AMOUNT,
    "wrong_amount": CheckCode.WRONG_AMOUNT,
}


def answer_check(
    notification: Notification, invoice: Invoice | None, *, test_refused: bool, now: datetime
) -> CheckCode:
    """Whether the provider may charge the card."""
    if invoice is None:
        return CheckCode.UNKNOWN_NUMBER
    if different := mismatch(notification, invoice):
        return _CHECK_MISMATCH[different]
    if test_refused:
        return CheckCode.REFUSE
    status = effective_status(invoice.status, invoice.expires_at, now)
    if status in LAPSING:
        return CheckCode.ACCEPT
    return CheckCode.EXPIRED if status == "expired" else CheckCode.REFUSE


def is_news(known: PaymentStatus, notification: Notification) -> bool:
    """Whether the notification changes a payment in that state. Notifications come in any order.

    The capture of an authorised payment does; so does money of an attempt that had first been told as failed or released.
    """
    if known == "completed":
        return False
    return known != "authorized" or not notification.authorized_only


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a payment means for its booking.

    ``confirm``: the booking is paid. ``retake``: only if its seats can be taken again. ``give_back``: return the money.
    """

    accepted: bool
    confirm: bool = False
    retake: bool = False
    give_back: bool = False
    case: CaseKind | None = None


# By what the booking has become when the right money arrives. One already confirmed was confirmed by hand, unpaid.
_BY_STATUS: dict[BookingStatus, Verdict] = {
    "on_hold": Verdict(accepted=True, confirm=True),
    "pending": Verdict(accepted=True, confirm=True),
    "confirmed": Verdict(accepted=True),
    "redeemed": Verdict(accepted=True),
    "expired": Verdict(accepted=True, confirm=True, retake=True),
    "cancelled": Verdict(accepted=True, give_back=True, case="paid_after_cancellation"),
    "rejected": Verdict(accepted=True, give_back=True, case="paid_after_cancellation"),
}


def judge_payment(notification: Notification, invoice: Invoice | None, *, test_refused: bool, now: datetime) -> Verdict:
    """What to do with money that arrived.

    Money of an unknown order is left alone: the operator's terminal may serve other shops. Money of the wrong amount,
    currency or payer confirms nothing and waits for a person. Late money revives the booking or goes back.
    """
    if invoice is None:
        return Verdict(accepted=False, case="unknown_booking")
    if different := mismatch(notification, invoice):
        return Verdict(accepted=False, case=different)
    if test_refused:
        return Verdict(accepted=False, case="test_payment")
    if invoice.paid is not None:
        return Verdict(accepted=False, give_back=True, case="paid_twice")
    status = effective_status(invoice.status, invoice.expires_at, now)
    return _BY_STATUS[status]


def returnable(status: PaymentStatus, amount: int, returned: int, charged_back: int) -> int:
    """What of a payment may still go back, minor units: nothing before it was taken, nothing twice."""
    return max(0, amount - returned - charged_back) if status == "completed" else 0


def judge_acceptance(
    *,
    payment_status: PaymentStatus,
    accepted: bool,
    untouched: bool,
    same_currency: bool,
    has_money: bool,
    status: BookingStatus,
) -> Verdict | None:
    """What counting a payment after all means for its booking, or None when it cannot be.

    ``untouched``: nothing of it went back. A booking that was cancelled or rejected keeps no money.
    """
    if payment_status != "completed" or accepted or not untouched or not same_currency or has_money:
        return None
    verdict = _BY_STATUS[status]
    return None if verdict.give_back else verdict
