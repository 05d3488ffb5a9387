"""Bookings as the rest of the product sees them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from kamhub.hub.departure.types import Stretch
from kamhub.hub.price import types as prices
from kamhub.hub.price.types import PriceLine, PricePart
from kamhub.kit.errors import Refusal
from kamhub.kit.money import Money
from kamhub.kit.text import Locale, mark

BookingStatus = Literal["on_hold", "pending", "confirmed", "redeemed", "expired", "cancelled", "rejected"]
PassengerKind = prices.PassengerKind
Channel = Literal["page", "api", "octo", "mcp", "desk", "staff"]


class BookingNotFound(Refusal):
    code = "booking_not_found"
    status = 404
    title = mark("There is no such booking")


class BookingTokenInvalid(Refusal):
    code = "booking_token_invalid"
    status = 401
    title = mark("The booking token is missing or wrong")


class HoldExpired(Refusal):
    code = "hold_expired"
    status = 410
    title = mark("The hold has expired and its seats are free again")


class BookingNotOpen(Refusal):
    """The booking is past the state in which this can be done."""

    code = "booking_not_open"
    status = 409
    title = mark("This booking can no longer be changed that way")


class BookingNotConfirmed(Refusal):
    code = "booking_not_confirmed"
    status = 409
    title = mark("A ticket exists once the booking is confirmed")


class TooLateToCancel(Refusal):
    code = "too_late_to_cancel"
    status = 409
    title = mark("The departure has left; the booking cannot be cancelled any more")


class TooManyHolds(Refusal):
    """One contact keeps more seats from others, unpaid, than a family would."""

    code = "too_many_holds"
    status = 429
    title = mark("This phone or e-mail has too many unpaid bookings; pay for one or give its seats back")

    def __init__(self, retry_after: int) -> None:
        super().__init__(headers={"Retry-After": str(retry_after)})


@dataclass(frozen=True, slots=True)
class Contact:
    """Who booked. ``phone`` is E.164, ``locale`` the language of messages."""

    name: str
    phone: str
    email: str
    locale: Literal["ru", "en"]


@dataclass(frozen=True, slots=True)
class Passenger:
    name: str
    document: str | None
    kind: PassengerKind


@dataclass(frozen=True, slots=True)
class Consent:
    """Which version of the text on personal data was shown before somebody left theirs, in which language, and where."""

    text_version: str
    locale: Locale
    channel: Channel


@dataclass(frozen=True, slots=True)
class UnpaidBooking:
    """A booking that keeps seats without money, made with the phone or the e-mail (or both) of another one."""

    passengers: int
    expires_at: datetime
    same_phone: bool
    same_email: bool


@dataclass(frozen=True, slots=True)
class BookingEvent:
    """One change of state: when, from what (None at the beginning), to what, by whom, why."""

    at: datetime
    from_status: BookingStatus | None
    to_status: BookingStatus
    actor: str
    reason: str | None


@dataclass(frozen=True, slots=True)
class RefundState:
    amount: Money
    status: Literal["requested", "completed", "refused"]


@dataclass(frozen=True, slots=True)
class PaymentLink:
    """Where the traveller pays, and until when the seats wait for it."""

    url: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class TripMove:
    """The party was moved from a departure to another; the times are when it was and is to leave its stop, in its zone."""

    id: UUID
    at: datetime
    from_departure_id: UUID
    to_departure_id: UUID
    left_at_before: datetime
    left_at_after: datetime
    total_before: Money
    total_after: Money
    actor: str
    reason: str


@dataclass(frozen=True, slots=True)
class Disrupted:
    """The departure of the booking does not run, and it is not settled yet what becomes of the party.

    ``asked``: the traveller chooses, until ``answer_until``; else the operator's choice is being carried out.
    """

    disruption_id: UUID
    asked: bool
    answer_until: datetime | None


@dataclass(frozen=True, slots=True)
class PriceBreakdown:
    """How the price came about. The parts add up to ``price_per_seat``; the lines, less ``discount``, to the total.

    ``discount`` is what the promo code took off, minor units.
    """

    seat_parts: tuple[PricePart, ...]
    lines: tuple[PriceLine, ...]
    discount: int = 0
    promo_code: str | None = None


@dataclass(frozen=True, slots=True)
class NewPrice:
    """What a booking would cost, in minor units, as it is stored: ``total`` is all seats at ``price_per_seat`` less ``discount``.

    ``promo_amount`` of the discount is what the promo code takes off, if there is one.
    """

    price_per_seat: int
    total: int
    discount: int
    currency: str
    price_parts: str | None
    price_lines: str | None
    promo_amount: int = 0


@dataclass(frozen=True, slots=True)
class Booking:
    """A booking with what it is for. ``status`` is already ``expired`` for a hold whose time is over."""

    organisation_id: UUID
    id: UUID
    code: str
    status: BookingStatus
    expires_at: datetime | None
    stretch: Stretch
    passengers: int
    price_per_seat: Money
    total: Money
    paid: Money | None
    refunded: Money | None
    contact: Contact | None
    special_requests: str | None
    passenger_list: tuple[Passenger, ...]
    history: tuple[BookingEvent, ...]
    refunds: tuple[RefundState, ...]
    payment: PaymentLink | None
    created_at: datetime
    price: PriceBreakdown
    moves: tuple[TripMove, ...] = ()
    disrupted: Disrupted | None = None

    def money(self, amount: int) -> Money:
        """That amount in the currency of the booking."""
        return Money(amount, self.total.currency)


@dataclass(frozen=True, slots=True)
class CancellationTier:
    """Cancelled at least ``minutes_before`` departure, ``refund_percent`` of the price comes back."""

    minutes_before: int
    refund_percent: int


@dataclass(frozen=True, slots=True)
class CancellationQuote:
    """What cancelling this moment would give back. ``tier`` is None when nearer than every tier or nothing was paid."""

    refund: Money
    fee: Money
    tier: CancellationTier | None
    tiers: tuple[CancellationTier, ...]
    departs_at: datetime
