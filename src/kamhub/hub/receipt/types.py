"""Receipts as they are kept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from kamhub.hub.payment.types import TaxationSystem, Vat
from kamhub.kit.money import Money

ReceiptKind = Literal["prepayment", "full", "refund"]
ReceiptStatus = Literal["requested", "queued", "done", "refused"]


@dataclass(frozen=True, slots=True)
class Receipt:
    """A receipt that was asked for. ``provider_id`` is what the cash register calls it, ``url`` where it can be seen.

    ``vat`` is the rate of the trip, ``asked_at`` since when it may have been carried out without our knowing.
    """

    organisation_id: UUID
    id: UUID
    account_id: UUID
    booking_id: UUID
    payment_id: UUID | None
    refund_id: UUID | None
    kind: ReceiptKind
    amount: Money
    status: ReceiptStatus
    provider_id: str | None
    url: str | None
    error: str | None
    requested_at: datetime
    settled_at: datetime | None
    renewed_id: UUID | None = None
    vat: Vat = "none"
    taxation_system: TaxationSystem | None = None
    asked_at: datetime | None = None

    @property
    def request_id(self) -> UUID:
        """Under which the provider is asked: its own id, until it is asked for anew."""
        return self.renewed_id or self.id


@dataclass(frozen=True, slots=True)
class Recipient:
    """For what the receipt is, and to whom it goes."""

    code: str
    email: str
    locale: Literal["ru", "en"]
