"""Payments, refunds and cases as staff see them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args
from uuid import UUID

from kamhub.hub.payment.types import CaseKind, PaymentStatus
from kamhub.kit.errors import Refusal
from kamhub.kit.money import Money
from kamhub.kit.text import mark

RefundStatus = Literal["requested", "completed", "refused"]
CaseStatus = Literal["open", "closed"]
CaseAction = Literal[
    "refund", "accept", "revive", "retry_refund", "retry_capture", "retry_receipt", "contact", "nothing"
]
CASE_ACTIONS: tuple[CaseAction, ...] = get_args(CaseAction)
CASE_KINDS: tuple[CaseKind, ...] = get_args(CaseKind)


class RefundNotFound(Refusal):
    """There is no such refund in this organisation."""

    code = "refund_not_found"
    status = 404
    title = mark("There is no such refund")


class CaseNotFound(Refusal):
    """There is no such case in this organisation."""

    code = "case_not_found"
    status = 404
    title = mark("There is no such case")


class NothingToReturn(Refusal):
    """Nothing was paid through the payment service, or all of it went back."""

    code = "nothing_to_return"
    status = 409
    title = mark("Nothing is left that could be returned")


class RefundTooLarge(Refusal):
    """More than is left of the payment."""

    code = "refund_too_large"
    status = 409
    title = mark("This is more than is left of the payment")


class RefundNotRefused(Refusal):
    """Only a refused refund is asked for again."""

    code = "refund_not_refused"
    status = 409
    title = mark("Only a refused refund can be asked for again")


class KeyUsedOtherwise(Refusal):
    """The Idempotency-Key came with another refund before."""

    code = "idempotency_conflict"
    status = 409
    title = mark("This Idempotency-Key was used for another refund")


class CaseClosed(Refusal):
    """Somebody has closed the case."""

    code = "case_closed"
    status = 409
    title = mark("The case is closed already")


class ActionNotOffered(Refusal):
    """Not an action for this kind of case."""

    code = "action_not_offered"
    status = 409
    title = mark("This is not offered for a case of this kind")


class NothingDue(Refusal):
    """The booking has all its money."""

    code = "nothing_due"
    status = 409
    title = mark("The booking has all its money")


class MoreThanDue(Refusal):
    """More than the booking still has to pay, or than was taken of it."""

    code = "more_than_due"
    status = 409
    title = mark("This is more than there is to take or to give back")


@dataclass(frozen=True, slots=True)
class PaymentView:
    """A payment with what went back of it; sums in minor units of ``amount.currency``."""

    id: UUID
    booking_id: UUID | None
    booking_code: str | None
    account_id: UUID
    transaction_id: int
    amount: Money
    status: PaymentStatus
    accepted: bool
    test: bool
    asked: Literal["capture", "release"] | None
    invoice: str | None
    method: str | None
    card_last_four: str | None
    decline_reason: str | None
    received_at: datetime
    returned: int
    charged_back: int

    @property
    def position(self) -> tuple[datetime, UUID]:
        """Its place among the latest."""
        return self.received_at, self.id

    @property
    def left(self) -> Money:
        """What may still be returned."""
        left = self.amount.amount - self.returned - self.charged_back if self.status == "completed" else 0
        return Money(max(0, left), self.amount.currency)


@dataclass(frozen=True, slots=True)
class RefundView:
    """A refund as it stands."""

    id: UUID
    payment_id: UUID
    transaction_id: int
    booking_id: UUID | None
    booking_code: str | None
    amount: Money
    status: RefundStatus
    reason: str
    refund_transaction_id: int | None
    error: str | None
    requested_at: datetime
    settled_at: datetime | None

    @property
    def position(self) -> tuple[datetime, UUID]:
        """Its place among the latest."""
        return self.requested_at, self.id


@dataclass(frozen=True, slots=True)
class PaymentEvent:
    """A step of a payment's life."""

    at: datetime
    before: str | None
    after: str
    reason: str | None


@dataclass(frozen=True, slots=True)
class CaseView:
    """Something that waits for a person, or did. ``amount`` is that of its refund or its payment."""

    organisation_id: UUID
    id: UUID
    kind: CaseKind
    booking_id: UUID | None
    booking_code: str | None
    payment_id: UUID | None
    refund_id: UUID | None
    details: Mapping[str, str]
    amount: Money | None
    opened_at: datetime
    closed_at: datetime | None
    closed_by: str | None
    resolution: str | None

    @property
    def position(self) -> tuple[datetime, UUID]:
        """Its place among the latest."""
        return self.opened_at, self.id

    @property
    def status(self) -> CaseStatus:
        """Whether it still waits."""
        return "open" if self.closed_at is None else "closed"


@dataclass(frozen=True, slots=True)
class MoneyQuery:
    """Which payments, refunds or cases; None leaves a filter out. Bounds: first inclusive, then exclusive."""

    status: str | None = None
    kind: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    booking_id: UUID | None = None
    payment_id: UUID | None = None
    text: str | None = None


@dataclass(frozen=True, slots=True)
class Dues:
    """What a booking cost, had and still has to pay; minor units."""

    booking_id: UUID
    code: str
    currency: str
    pay_by: Literal["online", "on_board", "invoice"]
    status: str
    total: int
    paid: int
    refunded: int
    collected: int
    receivable: int

    @property
    def due(self) -> int:
        """What is still to be taken."""
        return max(0, self.total - (self.paid - self.refunded) - self.collected)

    def money(self, amount: int) -> Money:
        """A sum in its currency."""
        return Money(amount, self.currency)
