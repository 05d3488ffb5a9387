"""Bookings as the office sees them, and what can be refused to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from kamhub.hub.booking.types import BookingStatus, Channel, Contact, Passenger
from kamhub.hub.departure.types import Stretch
from kamhub.kit.errors import Refusal
from kamhub.kit.money import Money
from kamhub.kit.text import mark

PayBy = Literal["online", "on_board", "invoice"]
RefundChoice = Literal["policy", "full", "none", "amount"]
TimelineKind = Literal["status", "move", "payment", "refund", "message", "note"]


class PriceWouldChange(Refusal):
    """Other kinds of passengers cost something else, and money has been taken for what they were."""

    code = "price_would_change"
    status = 409
    title = mark("This changes the price of a booking that has been paid; return the money or book anew")


class OnlinePaymentOff(Refusal):
    """Nobody can pay online here: no payment account, or the booking is paid another way."""

    code = "online_payment_off"
    status = 409
    title = mark("This booking is not paid online")


@dataclass(frozen=True, slots=True)
class TextSearch:
    """What was typed into the search: a whole code, or words that all have to be there.

    ``words`` are regular expressions over text in lower case with е for ё; none: nothing fits.
    """

    code: str | None
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class BookingFilter:
    """Which bookings; None is any. ``start`` and ``end`` bound the departure, ``end`` is not among them.

    ``named``: only those that somebody left a contact with; a ``channel`` finds no others.
    """

    status: BookingStatus | None = None
    start: datetime | None = None
    end: datetime | None = None
    routes: tuple[UUID, ...] | None = None
    departure_id: UUID | None = None
    channel: Channel | None = None
    text: TextSearch | None = None
    named: bool = False


@dataclass(frozen=True, slots=True)
class ListedBooking:
    """A booking in a list, and with what only the office knows of it. ``status`` is the one people are told.

    ``departs_at`` is when the whole departure begins, which may be before the booking's own stretch.
    """

    id: UUID
    code: str
    status: BookingStatus
    expires_at: datetime | None
    created_at: datetime
    passengers: int
    price_per_seat: Money
    total: Money
    paid: Money | None
    refunded: Money | None
    collected: Money
    contact: Contact | None
    passenger_list: tuple[Passenger, ...]
    special_requests: str | None
    channel: Channel
    pay_by: PayBy
    no_show_at: datetime | None
    erased_at: datetime | None
    version: int
    notes: int
    route_id: UUID
    route_name: str
    stretch: Stretch
    departs_at: datetime

    @property
    def due(self) -> Money:
        """What is still to be paid; nothing once the booking is over."""
        if self.status in {"expired", "cancelled", "rejected"}:
            return Money(0, self.total.currency)
        got = (self.paid.amount if self.paid else 0) + self.collected.amount
        return Money(max(0, self.total.amount - got), self.total.currency)


@dataclass(frozen=True, slots=True)
class BookingList:
    """A page of bookings. ``total`` is counted no further than ``MOST_COUNTED``."""

    bookings: tuple[ListedBooking, ...]
    total: int


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a batch of a long list ended."""

    departs_at: datetime
    booking_id: UUID


@dataclass(frozen=True, slots=True)
class Note:
    """A remark for colleagues; no traveller sees it."""

    id: UUID
    at: datetime
    author_id: UUID | None
    author: str
    text: str


@dataclass(frozen=True, slots=True)
class TimelineItem:
    """One thing that happened to a booking. ``by`` is whoever did it as it is written down, None for what just arrived."""

    at: datetime
    kind: TimelineKind
    by: str | None
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NewBooking:
    """What a caller wants. Places default to the departure's first and last stop."""

    departure_id: UUID
    passengers: int
    contact: Contact
    pay_by: PayBy
    from_place: UUID | None = None
    to_place: UUID | None = None
    passenger_list: tuple[Passenger, ...] = ()
    special_requests: str | None = None
    promo_code: str | None = None


@dataclass(frozen=True, slots=True)
class Changes:
    """What is to be different about a booking; None stays, ``special_requests`` only when ``requests_named``."""

    contact: Contact | None = None
    passenger_list: tuple[Passenger, ...] | None = None
    special_requests: str | None = None
    requests_named: bool = False

    def fields(self) -> list[str]:
        """Names of what is given."""
        given = {
            "contact": self.contact is not None,
            "passenger_list": self.passenger_list is not None,
            "special_requests": self.requests_named,
        }
        return [name for name, named in given.items() if named]
