"""What is told of payments, as the API documents it; made by ``api``."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from kamhub.hub.payment.types import TaxationSystem, Vat
from kamhub.platform.web.schemas import ListReply, Reply


class NotificationReply(Reply):
    """0 is "received"; Check may answer 10, 11, 12, 13 or 20."""

    code: Literal[0, 10, 11, 12, 13, 20]


class PaymentAccountReply(Reply):
    """A terminal of the operator; its secret is never shown."""

    account_id: UUID
    public_id: str
    mode: Literal["demo", "live"]
    receipts: bool
    two_stage: bool
    vat: Vat
    taxation_system: TaxationSystem | None


class PaymentAccountListReply(ListReply[PaymentAccountReply]):
    """The organisation's terminals."""
