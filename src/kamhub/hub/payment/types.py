"""Accounts, notifications and what follows from them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from typing import Literal, TypedDict
from uuid import UUID

from kamhub.kit.errors import Refusal
from kamhub.kit.money import Money
from kamhub.kit.text import mark

NotificationKind = Literal["check", "pay", "fail", "confirm", "refund", "cancel", "receipt", "recurrent"]
PaymentStatus = Literal["authorized", "completed", "declined", "cancelled"]
# Percent; three digits are the calculated rate of what is in a price already (110: 10/110). As the cash register knows them.
Vat = Literal["none", "0", "5", "7", "10", "20", "22", "105", "107", "110", "120", "122"]
TaxationSystem = Literal["osn", "usn_income", "usn_income_less_expense", "eshn", "patent"]
CaseKind = Literal[
    "late_payment_revived",
    "late_payment_refunded",
    "paid_after_cancellation",
    "wrong_amount",
    "wrong_currency",
    "wrong_account",
    "test_payment",
    "paid_twice",
    "unknown_booking",
    "refund_refused",
    "unknown_refund",
    "order_refused",
    "lost_notification",
    "missing_at_provider",
    "amount_differs",
    "chargeback",
    "receipt_refused",
    "receipt_unanswered",
    "capture_refused",
    "move_difference",
]


class SignatureInvalid(Refusal):
    code = "signature_invalid"
    status = 401
    title = mark("The notification is not signed by the payment account it names")


class PaymentUnavailable(Refusal):
    code = "payment_unavailable"
    status = 503
    title = mark("The payment service does not answer; the seats stay held, try again in a moment")


class PaymentNotFound(Refusal):
    """There is no such payment in this organisation."""

    code = "payment_not_found"
    status = 404
    title = mark("There is no such payment")


class PaymentAccountNotFound(Refusal):
    """There is no such payment account in this organisation."""

    code = "payment_account_not_found"
    status = 404
    title = mark("There is no such payment account")


class PaymentNotAcceptable(Refusal):
    """Money that went back already, or a booking that has its money or is over."""

    code = "payment_not_acceptable"
    status = 409
    title = mark("This payment cannot count for its booking")


class AccountChange(TypedDict, total=False):
    """How an account works from now on; what is left out stays."""

    receipts: bool
    two_stage: bool
    vat: Vat
    taxation_system: TaxationSystem | None


class NotificationMalformed(Exception):
    """A signed body that is not a notification of the kind whose address it came to."""


class CheckCode(IntEnum):
    """Answers to Check that the provider knows."""

    ACCEPT = 0
    UNKNOWN_NUMBER = 10
    WRONG_ACCOUNT = 11
    WRONG_AMOUNT = 12
    REFUSE = 13
    EXPIRED = 20


@dataclass(frozen=True, slots=True)
class PaymentAccount:
    """A terminal of an operator. ``api_secret`` is decrypted and must not be logged.

    ``receipts``: it has a cash register; ``two_stage``: money is set aside first, and taken when the operator confirms.
    """

    organisation_id: UUID
    id: UUID
    public_id: str
    api_secret: str
    mode: Literal["demo", "live"]
    receipts: bool = False
    two_stage: bool = False

    def __repr__(self) -> str:
        return f"PaymentAccount(id={self.id}, mode={self.mode})"


@dataclass(frozen=True, slots=True)
class Notification:
    """A notification of any kind, already known to have the fields of its kind.

    ``payment_transaction_id`` is set for refunds only: the payment that is returned. ``fee`` is what the provider keeps,
    minor units, when it told.
    """

    kind: NotificationKind
    transaction_id: int
    amount: Money
    invoice: str | None
    account: str | None
    test: bool
    authorized_only: bool = False
    payment_transaction_id: int | None = None
    method: str | None = None
    card_last_four: str | None = None
    decline_reason: str | None = None
    fee: int | None = None


@dataclass(frozen=True, slots=True)
class OrderLink:
    """A payment link the provider made."""

    provider_order_id: str
    url: str


@dataclass(frozen=True, slots=True)
class ReceiptTold:
    """A receipt the cash register made: ``id`` is the provider's, ``url`` where it can be seen; of what it is when it says."""

    id: str
    url: str | None
    income: bool | None
    amount: Money | None
    invoice: str | None


@dataclass(frozen=True, slots=True)
class Operation:
    """A line of the provider's own list. ``parent`` is the payment that a refund returns."""

    transaction_id: int
    kind: Literal["payment", "refund"]
    amount: Money
    status: Literal["authorized", "completed", "declined", "cancelled", "waiting"]
    parent: int | None
    invoice: str | None
    account: str | None
    test: bool
    at: datetime | None
    method: str | None = None
    card_last_four: str | None = None
    fee: int | None = None
