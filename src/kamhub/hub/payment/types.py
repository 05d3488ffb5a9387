"""Accounts, notifications and what follows from them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Literal
from uuid import UUID

from kamhub.kit.errors import Refusal
from kamhub.kit.money import Money
from kamhub.kit.text import mark

NotificationKind = Literal["check", "pay", "fail", "confirm", "refund", "cancel", "receipt", "recurrent"]
PaymentStatus = Literal["authorized", "completed", "declined", "cancelled"]
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
]


class SignatureInvalid(Refusal):
    code = "signature_invalid"
    status = 401
    title = mark("The notification is not signed by the payment account it names")


class PaymentUnavailable(Refusal):
    code = "payment_unavailable"
    status = 503
    title = mark("The payment service does not answer; the seats stay held, try again in a moment")


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
    """A terminal of an operator. ``api_secret`` is decrypted and must not be logged."""

    organisation_id: UUID
    id: UUID
    public_id: str
    api_secret: str
    mode: Literal["demo", "live"]

    def __repr__(self) -> str:
        return f"PaymentAccount(id={self.id}, mode={self.mode})"


@dataclass(frozen=True, slots=True)
class Notification:
    """A notification of any kind, already known to have the fields of its kind.

    ``payment_transaction_id`` is set for refunds only: the payment that is returned.
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


@dataclass(frozen=True, slots=True)
class OrderLink:
    """A payment link the provider made."""

    provider_order_id: str
    url: str
