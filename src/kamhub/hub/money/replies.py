"""What is told of money, as the API documents it; made by ``views``."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import UUID

from kamhub.hub.money.types import CaseAction, CaseStatus, RefundStatus
from kamhub.hub.payment.types import CaseKind, PaymentStatus
from kamhub.platform.web.schemas import ListReply, MoneyReply, Reply


class BookingNameReply(Reply):
    """A booking by what people call it."""

    id: UUID
    code: str


class PaymentReply(Reply):
    """A payment. ``accepted``: it counts for its booking; ``left``: what may still be returned; ``asked``: what the
    provider is asked to do with money set aside."""

    id: UUID
    status: PaymentStatus
    amount: MoneyReply
    refunded: MoneyReply
    charged_back: MoneyReply
    left: MoneyReply
    accepted: bool
    test: bool
    asked: Literal["capture", "release"] | None
    booking: BookingNameReply | None
    account_id: UUID
    transaction_id: int
    invoice: str | None
    method: str | None
    card_last_four: str | None
    decline_reason: str | None
    received_at: datetime


class PaymentListReply(ListReply[PaymentReply]):
    """Payments, the latest first; ``total`` is counted up to 10,000."""


class PaymentEventReply(Reply):
    """A step of a payment's life."""

    at: datetime
    before: str | None
    after: str
    reason: str | None


class RefundReply(Reply):
    """A refund: ``requested`` is on its way; ``error`` is why the provider refused."""

    id: UUID
    status: RefundStatus
    amount: MoneyReply
    reason: str
    booking: BookingNameReply | None
    payment_id: UUID
    transaction_id: int
    refund_transaction_id: int | None
    error: str | None
    requested_at: datetime
    settled_at: datetime | None


class RefundListReply(ListReply[RefundReply]):
    """Refunds, the latest first."""


class ReceiptReply(Reply):
    """A fiscal receipt."""

    id: UUID
    kind: Literal["prepayment", "full", "refund"]
    status: Literal["requested", "queued", "done", "refused"]
    amount: MoneyReply
    url: str | None
    error: str | None
    requested_at: datetime


class PaymentDetailReply(PaymentReply):
    """A payment with its life and what belongs to it."""

    history: list[PaymentEventReply]
    refunds: list[RefundReply]
    receipts: list[ReceiptReply]


class OfferReply(Reply):
    """Something that may be done about a case."""

    action: CaseAction
    label: str


class CaseReply(Reply):
    """Something that waits for a person, or did. ``suggested`` is the first of ``actions``; both end with the case."""

    id: UUID
    kind: CaseKind
    status: CaseStatus
    title: str
    text: str
    booking: BookingNameReply | None
    payment_id: UUID | None
    refund_id: UUID | None
    amount: MoneyReply | None
    details: dict[str, str]
    suggested: OfferReply | None
    actions: list[OfferReply]
    opened_at: datetime
    closed_at: datetime | None
    closed_by: str | None
    resolution: str | None


class CaseListReply(ListReply[CaseReply]):
    """Cases, open ones first."""


class DuesReply(Reply):
    """What a booking cost, had and still has to pay. ``collected`` is what was taken outside the payment service."""

    booking: BookingNameReply
    pay_by: Literal["online", "on_board", "invoice"]
    total: MoneyReply
    paid: MoneyReply
    refunded: MoneyReply
    collected: MoneyReply
    due: MoneyReply
