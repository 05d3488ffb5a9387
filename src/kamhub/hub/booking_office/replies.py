"""What is told of bookings to the office, as the API documents it; made by ``views``."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from kamhub.hub.booking.replies import BookingReply, ContactReply, PassengerReply
from kamhub.hub.booking.types import BookingStatus, Channel
from kamhub.hub.booking_office.types import PayBy, TimelineKind
from kamhub.hub.departure.replies import StretchReply
from kamhub.platform.web.schemas import ListReply, MoneyReply, Reply


class RouteNameReply(Reply):
    """Which route it is on."""

    id: UUID
    name: str


class ListedBookingReply(Reply):
    """A booking in the list. ``due`` is still to be paid, ``collected`` was taken on board or by invoice."""

    id: UUID
    code: str
    status: BookingStatus
    expires_at: datetime | None
    created_at: datetime
    departure: StretchReply
    passengers: int
    price_per_seat: MoneyReply
    total: MoneyReply
    paid: MoneyReply | None
    refunded: MoneyReply | None
    contact: ContactReply | None
    passenger_list: list[PassengerReply]
    special_requests: str | None
    page_url: str
    route: RouteNameReply
    channel: Channel
    pay_by: PayBy
    collected: MoneyReply
    due: MoneyReply
    no_show_at: datetime | None
    notes: int
    version: int


class ListedBookingListReply(ListReply[ListedBookingReply]):
    """Bookings; ``total`` is counted up to 10,000, and there are no pages behind that."""


class OfficeBookingReply(BookingReply):
    """One booking: what its traveller sees, and what only the office knows."""

    route: RouteNameReply
    channel: Channel
    pay_by: PayBy
    collected: MoneyReply
    due: MoneyReply
    no_show_at: datetime | None
    notes: int
    version: int


class StaffCancelledReply(OfficeBookingReply):
    """The booking; ``refund`` is what comes back."""

    refund: MoneyReply


class NoteReply(Reply):
    """A remark; ``author_id`` is null when a program wrote it."""

    id: UUID
    at: datetime
    author_id: UUID | None
    author: str
    text: str


class NoteListReply(ListReply[NoteReply]):
    """The remarks, the first one first."""


class TimelineItemReply(Reply):
    """One thing that happened: ``by`` whoever did it, ``facts`` by its kind."""

    at: datetime
    kind: TimelineKind
    by: str | None
    facts: dict[str, Any]


class TimelineReply(ListReply[TimelineItemReply]):
    """Everything that happened, in order."""
