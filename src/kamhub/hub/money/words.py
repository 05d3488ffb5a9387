"""What states, cases and actions are called, for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import get_args

from kamhub.hub.money.types import CaseAction, CaseView, RefundStatus
from kamhub.hub.payment.types import CaseKind, PaymentStatus, TaxationSystem, Vat
from kamhub.kit.money import Money
from kamhub.kit.text import Locale, mark
from kamhub.platform.i18n.catalogue import translator
from kamhub.platform.i18n.formats import Formats

_PAYMENTS: Mapping[PaymentStatus, str] = {
    "authorized": mark("set aside by the bank"),
    "completed": mark("paid"),
    "declined": mark("declined"),
    "cancelled": mark("let go"),
}
_REFUNDS: Mapping[RefundStatus, str] = {
    "requested": mark("on its way"),
    "completed": mark("returned"),
    "refused": mark("refused"),
}
_CASES: Mapping[CaseKind, tuple[str, str]] = {
    "late_payment_revived": (
        mark("Paid late, seats still free"),
        mark("The money came after the hold had run out. The seats were free, so the booking is confirmed."),
    ),
    "late_payment_refunded": (
        mark("Paid late, seats gone"),
        mark("The money came after the hold had run out and the seats were sold. All of it is on its way back."),
    ),
    "paid_after_cancellation": (
        mark("Paid after cancellation"),
        mark("The money came for a booking that was cancelled or rejected. All of it is on its way back."),
    ),
    "wrong_amount": (
        mark("Another amount was paid"),
        mark(
            "What was paid is not what the booking costs, so it is not confirmed. Accept the sum as it is, or return it."
        ),
    ),
    "wrong_currency": (
        mark("Paid in another currency"),
        mark(
            "The money is not in the currency of the booking, so it is not confirmed. Return it and ask for another payment."
        ),
    ),
    "wrong_account": (
        mark("Another payer"),
        mark(
            "The payment names another payer than the booking. Ask the traveller; then accept the money or return it."
        ),
    ),
    "test_payment": (
        mark("Test money"),
        mark("A payment in test mode was told to a real terminal. It counts for nothing."),
    ),
    "paid_twice": (
        mark("Paid twice"),
        mark("The booking had its money already. The second payment is on its way back."),
    ),
    "unknown_booking": (
        mark("Money for a booking nobody knows"),
        mark("The terminal took money under a number that is no booking here. It may be of another shop of yours."),
    ),
    "refund_refused": (
        mark("A refund was refused"),
        mark(
            "The payment service refused to return the money. Often the terminal has too little on it for the moment."
        ),
    ),
    "unknown_refund": (
        mark("A refund made elsewhere"),
        mark("Money went back that was not returned here, perhaps in the cabinet of the payment service."),
    ),
    "order_refused": (
        mark("No payment link"),
        mark("The payment service refused to make a payment link. The traveller cannot pay until it does."),
    ),
    "lost_notification": (
        mark("A lost message, repaired"),
        mark("The payment service had not told of this. The nightly comparison found it and entered it."),
    ),
    "missing_at_provider": (
        mark("Unknown to the payment service"),
        mark("This money is in your books, and the payment service does not list it. Ask its support."),
    ),
    "amount_differs": (
        mark("Your books and the payment service differ"),
        mark("The two sides tell different things of the same money. Look at both before you decide."),
    ),
    "chargeback": (
        mark("Chargeback"),
        mark(
            "The payer's bank took the money back. Talk to the traveller; you may dispute it with the payment service."
        ),
    ),
    "receipt_refused": (
        mark("A fiscal receipt was refused"),
        mark("The cash register did not make the receipt the law asks for. Look at its settings, then ask again."),
    ),
    "receipt_unanswered": (
        mark("Nobody knows whether a fiscal receipt was made"),
        mark(
            "The payment service took the request and never answered. Look for the receipt in its cabinet; ask again only if "
            "it is not there."
        ),
    ),
    "capture_refused": (
        mark("Money set aside could not be taken"),
        mark("The payment service refused to take, or to let go, money that the bank had set aside."),
    ),
    "move_difference": (
        mark("A move changed the price"),
        mark("The booking costs another sum than what was paid. Settle the difference with the traveller."),
    ),
}
_ACTIONS: Mapping[CaseAction, str] = {
    "refund": mark("Return the money"),
    "accept": mark("Accept what was paid"),
    "revive": mark("Take the seats again and confirm"),
    "retry_refund": mark("Ask for the refund again"),
    "retry_capture": mark("Take the money again"),
    "retry_receipt": mark("Ask for the receipt again"),
    "contact": mark("I have talked to the traveller"),
    "nothing": mark("Nothing to do"),
}
_DETAILS: Mapping[str, str] = {
    "transaction_id": mark("Number at the payment service"),
    "refund_transaction_id": mark("Number of the refund"),
    "message": mark("What was answered"),
    "amount": mark("Amount"),
    "asked": mark("Amount asked for"),
    "kind": mark("Kind"),
    "theirs": mark("There"),
    "ours": mark("Here"),
    "reason": mark("Reason"),
}
# Kept in minor units; the payment or refund of the case, if there is one, tells the currency.
_AMOUNTS = frozenset({"amount", "asked"})
_CURRENCY = "RUB"
_REASONS: Mapping[str, str] = {"departure_cancelled": mark("the departure was called off")}

_CALCULATED_DIGITS = 3
_AS_SET = mark("as the cash register is set")
_TAXES: Mapping[TaxationSystem, str] = {
    "osn": mark("general (OSN)"),
    "usn_income": mark("simplified, income (USN)"),
    "usn_income_less_expense": mark("simplified, income less expense (USN)"),
    "eshn": mark("agricultural (ESHN)"),
    "patent": mark("patent"),
}


def vat_names(locale: Locale) -> dict[str, str]:
    """Every rate of VAT, as accountants write it."""
    names = {}
    for rate in get_args(Vat):
        names[rate] = f"{int(rate) - 100}/{rate}" if len(rate) == _CALCULATED_DIGITS else f"{rate} %"
    return names | {"none": translator(locale).gettext("without VAT")}


def taxation_names(locale: Locale) -> dict[str, str]:
    """Every taxation system; the empty one is what the cash register is set to."""
    say = translator(locale).gettext
    return {"": say(_AS_SET), **{name: say(text) for name, text in _TAXES.items()}}


def payment_status(status: PaymentStatus, locale: Locale) -> str:
    """What the state of a payment is called."""
    return translator(locale).gettext(_PAYMENTS[status])


def payment_statuses(locale: Locale) -> dict[str, str]:
    """Every state of a payment."""
    return {status: payment_status(status, locale) for status in _PAYMENTS}


def refund_status(status: RefundStatus, locale: Locale) -> str:
    """What the state of a refund is called."""
    return translator(locale).gettext(_REFUNDS[status])


def refund_statuses(locale: Locale) -> dict[str, str]:
    """Every state of a refund."""
    return {status: refund_status(status, locale) for status in _REFUNDS}


def case_title(kind: CaseKind, locale: Locale) -> str:
    """What a kind of case is called."""
    return translator(locale).gettext(_CASES[kind][0])


def case_text(kind: CaseKind, locale: Locale) -> str:
    """What has happened, and what to do."""
    return translator(locale).gettext(_CASES[kind][1])


def case_kinds(locale: Locale) -> dict[str, str]:
    """Every kind of case."""
    return {kind: case_title(kind, locale) for kind in _CASES}


def action_name(action: CaseAction, locale: Locale) -> str:
    """What its button says."""
    return translator(locale).gettext(_ACTIONS[action])


def resolution_text(resolution: str, locale: Locale) -> str:
    """How a case was closed: by an action, or in a person's own words."""
    return next((action_name(action, locale) for action in _ACTIONS if action == resolution), resolution)


def case_details(case: CaseView, locale: Locale) -> list[tuple[str, str]]:
    """What else is known of a case: what each detail is called, and the detail as a person reads it."""
    gettext = translator(locale).gettext
    currency = case.amount.currency if case.amount else _CURRENCY
    found = []
    for name, value in case.details.items():
        if name in _AMOUNTS and value.isdecimal():
            shown = Formats(locale).money(Money(int(value), currency))
        else:
            shown = gettext(_REASONS[value]) if value in _REASONS else value
        found.append((gettext(_DETAILS[name]) if name in _DETAILS else name, shown))
    return found
