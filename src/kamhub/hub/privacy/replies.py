"""What is told of personal data, as the API documents it."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from kamhub.hub.booking.types import BookingStatus
from kamhub.platform.web.schemas import Reply


class FoundBookingReply(Reply):
    """A booking that holds something of the traveller."""

    id: UUID
    code: str
    status: BookingStatus
    departs_at: datetime


class CountsReply(Reply):
    """How much there is of what."""

    bookings: int
    passengers: int
    messages: int
    consents: int
    payments: int


class FoundReply(Reply):
    """What is held of a traveller."""

    counts: CountsReply
    bookings: list[FoundBookingReply]
    waiting: int


class ErasedCountsReply(Reply):
    """How much was removed of what."""

    bookings: int
    passengers: int
    messages: int


class ErasedReply(Reply):
    """What was removed, and the ids of the bookings that stay without their traveller."""

    counts: ErasedCountsReply
    bookings: list[UUID]
