"""Pure decisions about money: what is offered for a case, and what is taken of whom."""

from __future__ import annotations

from collections.abc import Mapping

from kamhub.hub.ledger.types import Till
from kamhub.hub.money.types import CaseAction, Dues, MoreThanDue, NothingDue
from kamhub.hub.payment.types import CaseKind
from kamhub.kit.money import Money

# The first is suggested.
_OFFERED: Mapping[CaseKind, tuple[CaseAction, ...]] = {
    "late_payment_revived": ("nothing", "contact"),
    "late_payment_refunded": ("contact", "nothing"),
    "paid_after_cancellation": ("nothing", "contact"),
    "wrong_amount": ("accept", "refund", "contact", "nothing"),
    "wrong_currency": ("refund", "contact", "nothing"),
    "wrong_account": ("contact", "accept", "refund", "nothing"),
    "test_payment": ("nothing",),
    "paid_twice": ("nothing", "contact"),
    "unknown_booking": ("nothing", "refund", "contact"),
    "refund_refused": ("retry_refund", "contact", "nothing"),
    "unknown_refund": ("nothing", "contact"),
    "order_refused": ("contact", "nothing"),
    "lost_notification": ("nothing", "contact"),
    "missing_at_provider": ("nothing", "contact"),
    "amount_differs": ("nothing", "contact"),
    "chargeback": ("contact", "nothing"),
    "receipt_refused": ("retry_receipt", "nothing"),
    "receipt_unanswered": ("nothing", "retry_receipt"),
    "capture_refused": ("retry_capture", "contact", "nothing"),
    "move_difference": ("contact", "nothing"),
}
# What is said of a booking that has lapsed meanwhile: its seats have to be taken again.
_ACCEPTING: frozenset[CaseAction] = frozenset({"accept", "revive"})


def offered(kind: CaseKind, booking_status: str | None = None) -> tuple[CaseAction, ...]:
    """What may be done about a case, the suggested first; of a booking that has expired a payment revives it."""
    actions = _OFFERED[kind]
    if booking_status == "expired":
        return tuple("revive" if action == "accept" else action for action in actions)
    if booking_status in ("cancelled", "rejected"):
        return tuple(action for action in actions if action not in _ACCEPTING)
    return actions


def is_offered(kind: CaseKind, action: CaseAction) -> bool:
    """Whether that may be done about such a case, whatever its booking has become."""
    return action in _OFFERED[kind] or (action == "revive" and "accept" in _OFFERED[kind])


def till_of(dues: Dues, till: Till | None) -> Till:
    """Where money of that booking goes: an invoice is paid into the bank, a seat on board in cash."""
    return till or ("bank" if dues.pay_by == "invoice" else "cash")


def taken(dues: Dues, amount: Money | None, *, back: bool) -> int:
    """How much is taken (given back, as a negative number). Raises ``NothingDue`` or ``MoreThanDue``."""
    most = dues.collected if back else dues.due
    if most <= 0:
        raise NothingDue
    asked = amount or dues.money(most)
    if asked.currency != dues.currency or asked.amount <= 0 or asked.amount > most:
        raise MoreThanDue(extra={"most": dues.money(most).as_json()})
    return -asked.amount if back else asked.amount
