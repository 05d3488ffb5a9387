"""What is told of disruptions, as the API documents it; made by ``views``."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from kamhub.hub.disruption.types import Outcome, Rebook
from kamhub.platform.web.schemas import ListReply, MoneyReply, Reply


class DisruptionProgressReply(Reply):
    """Bookings by what became of them; ``waiting`` and ``asked`` are open still."""

    total: int
    waiting: int
    asked: int
    moved: int
    refunded: int
    cancelled: int
    already_over: int


class DisruptionReply(Reply):
    """A decision. ``answer_until``: until when travellers may choose; ``finished_at``: when nothing was open any more."""

    id: UUID
    rebook: Rebook
    reason: str | None
    weather: bool
    departures: int
    first_departs_at: datetime | None
    last_departs_at: datetime | None
    created_at: datetime
    by: str
    answer_until: datetime | None
    finished_at: datetime | None
    progress: DisruptionProgressReply


class DisruptionListReply(ListReply[DisruptionReply]):
    """Decisions, the newest first."""


class DepartureCancelledReply(Reply):
    """A cancelled departure, and the decision that moves, asks or pays back those on it; null when nobody decided one."""

    id: UUID
    status: str
    disruption_id: UUID | None


class DisruptionMoveReply(Reply):
    """Who would go to another departure."""

    departure_id: UUID
    departs_at: datetime
    bookings: int
    passengers: int


class DisruptionEffectReply(Reply):
    """What calling one departure off would do; ``refund`` is what would go back at once, to ``refunds`` bookings."""

    departure_id: UUID
    departs_at: datetime
    route: str
    bookings: int
    passengers: int
    moves: list[DisruptionMoveReply]
    refunds: int
    asked: int
    refund: MoneyReply


class DisruptionPreviewReply(Reply):
    """What a decision would do, departure by departure, and in all."""

    departures: list[DisruptionEffectReply]
    bookings: int
    passengers: int
    moved: int
    refunds: int
    asked: int
    refund: MoneyReply


class DisruptedBookingReply(Reply):
    """A booking a decision met, and what became of it."""

    booking_id: UUID
    code: str
    name: str | None
    phone: str | None
    passengers: int
    departure_id: UUID
    departed_at: datetime
    outcome: Outcome
    moved_to: UUID | None
    moved_to_at: datetime | None
    refunded: MoneyReply | None
    settled_at: datetime | None


class DisruptedBookingListReply(ListReply[DisruptedBookingReply]):
    """Those bookings, as they are served."""
