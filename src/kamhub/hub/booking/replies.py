"""What is told of bookings, as the API documents it; made by ``views``."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import Field

from kamhub.hub.booking.types import BookingStatus, PassengerKind
from kamhub.hub.departure.replies import StretchReply
from kamhub.hub.price.replies import PriceReply
from kamhub.kit.text import Locale
from kamhub.platform.web.schemas import MoneyReply, Reply


class RefundReply(Reply):
    """Money on its way back."""

    amount: MoneyReply
    status: Literal["requested", "completed", "refused"]


class ContactReply(Reply):
    """Who booked; ``phone`` is E.164."""

    name: str
    phone: str
    email: str
    locale: Locale


class PassengerReply(Reply):
    """One traveller."""

    name: str
    document: str | None
    kind: PassengerKind


class PaymentReply(Reply):
    """Where to pay, and until when the seats wait for it."""

    url: str
    expires_at: datetime


class EventReply(Reply):
    """One change of state; ``from`` is null at the beginning."""

    at: datetime
    from_status: BookingStatus | None = Field(alias="from")
    to_status: BookingStatus = Field(alias="to")
    by: str
    reason: str | None


class TripMoveReply(Reply):
    """The party was moved from a departure to another; the times are when it was and is to leave its stop."""

    id: UUID
    at: datetime
    from_departure_id: UUID
    to_departure_id: UUID
    departs_at_before: datetime
    departs_at_after: datetime
    total_before: MoneyReply
    total_after: MoneyReply
    by: str
    reason: str


class DisruptedReply(Reply):
    """The departure does not run and it is not settled yet what becomes of the party; ``choice_url`` when it may choose."""

    id: UUID
    asked: bool
    answer_until: datetime | None
    choice_url: str | None


class BookingReply(Reply):
    """A booking. ``expires_at`` is when its hold ends; ``paid`` and ``refunded`` are null until there is something."""

    id: UUID
    code: str
    status: BookingStatus
    expires_at: datetime | None
    created_at: datetime
    departure: StretchReply
    passengers: int
    price_per_seat: MoneyReply
    total: MoneyReply
    price: PriceReply
    paid: MoneyReply | None
    refunded: MoneyReply | None
    refunds: list[RefundReply]
    contact: ContactReply | None
    passenger_list: list[PassengerReply]
    special_requests: str | None
    payment: PaymentReply | None
    history: list[EventReply]
    moves: list[TripMoveReply]
    disruption: DisruptedReply | None
    page_url: str


class HeldReply(BookingReply):
    """A booking just made; ``token`` is the traveller's right to see and change it."""

    token: str


class BookedReply(BookingReply):
    """A booking with who travels; ``token`` is there when this call made the booking."""

    token: str = Field(default_factory=str)


class CancelledReply(BookingReply):
    """The booking, and as ``booking`` once more; ``refund`` is what comes back."""

    booking: BookingReply
    refund: MoneyReply


class RuleReply(Reply):
    """Cancelled at least so many hours before departure, that share of the price comes back."""

    hours_before: float
    refund_percent: int


class QuoteReply(Reply):
    """What cancelling this moment would give back. ``rule`` is null when nearer than every rule or nothing was paid."""

    refund: MoneyReply
    fee: MoneyReply
    rule: RuleReply | None
    rules: list[RuleReply]
    departs_at: datetime
