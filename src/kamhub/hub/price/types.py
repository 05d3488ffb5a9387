"""Prices: what a tariff says, what a seat and a party cost, promo codes, and why a code can be refused."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from kamhub.kit.errors import Refusal
from kamhub.kit.text import mark
from kamhub.platform.web.problems import FieldError, InputInvalid

RuleKind = Literal["early", "last_minute", "load", "group"]
# What a part of a seat's price is from: ``minimum`` lifts a price to the least a seat may cost.
PartKind = Literal["base", "early", "last_minute", "load", "group", "minimum"]
PassengerKind = Literal["adult", "child", "infant"]
PromoKind = Literal["percent", "amount"]
PromoFault = Literal["unknown", "expired", "used_up", "not_for_this"]

RULE_KINDS: tuple[RuleKind, ...] = ("early", "last_minute", "load", "group")
PASSENGER_KINDS: tuple[PassengerKind, ...] = ("adult", "child", "infant")


@dataclass(frozen=True, slots=True)
class TariffPrice:
    """What a seat between two stops costs, minor units; a child or an infant without an amount pays as an adult."""

    from_position: int
    to_position: int
    amount: int
    child_amount: int | None = None
    infant_amount: int | None = None


@dataclass(frozen=True, slots=True)
class PriceRule:
    """Changes the price of a seat by ``percent`` of its base (negative: cheaper).

    ``threshold``: early, at least so many minutes before departure; last_minute, at most so many; load, at least so many
    percent sold on the fullest leg of the stretch; group, at least so many passengers.
    """

    kind: RuleKind
    threshold: int
    percent: int


@dataclass(frozen=True, slots=True)
class Tariff:
    """The prices of a route and the rules that change them. Never edited: a new one replaces it on later departures."""

    organisation_id: UUID
    id: UUID
    route_id: UUID
    currency: str
    prices: tuple[TariffPrice, ...]
    rules: tuple[PriceRule, ...]
    created_at: datetime

    def price(self, from_position: int, to_position: int) -> TariffPrice | None:
        """The price between two stops, None when that stretch is not sold."""
        for price in self.prices:
            if (price.from_position, price.to_position) == (from_position, to_position):
                return price
        return None


@dataclass(frozen=True, slots=True)
class PricePart:
    """One summand of the price of a seat, minor units."""

    kind: PartKind
    amount: int


@dataclass(frozen=True, slots=True)
class SeatPrice:
    """What a seat of an adult costs this moment. ``parts`` is its breakdown as stored; None when no rule changed it."""

    amount: int
    parts: str | None = None


@dataclass(frozen=True, slots=True)
class PriceLine:
    """So many passengers of a kind at so much each, minor units."""

    kind: PassengerKind
    count: int
    each: int

    @property
    def amount(self) -> int:
        return self.count * self.each


@dataclass(frozen=True, slots=True)
class PartyPrice:
    """What a party costs: ``total`` is the sum of ``lines``, ``discount`` what children and infants take off."""

    total: int
    discount: int
    lines: tuple[PriceLine, ...]


@dataclass(frozen=True, slots=True)
class PromoTerms:
    """What a promo code is worth and to whom; every limit may be absent. ``value`` is percent or minor units."""

    code: str
    kind: PromoKind
    value: int
    route_id: UUID | None = None
    valid_from: datetime | None = None
    valid_to: datetime | None = None
    most_uses: int | None = None
    most_per_contact: int | None = None


@dataclass(frozen=True, slots=True)
class PromoCode:
    """A promo code as stored; ``uses`` are those that count at the moment, ``given`` what they took off."""

    organisation_id: UUID
    id: UUID
    terms: PromoTerms
    version: int
    created_at: datetime
    archived_at: datetime | None
    uses: int = 0
    given: int = 0


@dataclass(frozen=True, slots=True)
class PromoUse:
    """A booking that used a code; ``counts`` while it is on hold, waits, is confirmed or was redeemed."""

    booking_id: UUID
    booking_code: str
    status: str
    amount: int
    currency: str
    used_at: datetime
    counts: bool


@dataclass(frozen=True, slots=True)
class QuoteAsked:
    """A party that wants to know a price; places default to the departure's first and last stop."""

    departure_id: UUID
    passengers: int
    from_place_id: UUID | None = None
    to_place_id: UUID | None = None
    named: tuple[PassengerKind, ...] = ()
    promo_code: str | None = None


@dataclass(frozen=True, slots=True)
class Quote:
    """What a party would pay this moment, minor units; ``promo_amount`` is what the code takes off the sum of the lines."""

    departure_id: UUID
    passengers: int
    seats_available: int
    currency: str
    price_per_seat: int
    total: int
    seat_parts: tuple[PricePart, ...]
    lines: tuple[PriceLine, ...]
    promo_code: str | None
    promo_amount: int


@dataclass(frozen=True, slots=True)
class RouteTariff:
    """A tariff that a route goes by, with the places of its stops in order."""

    tariff: Tariff
    places: tuple[UUID, ...]


class PromoCodeNotFound(Refusal):
    """A code of another organisation, or none at all."""

    code = "promo_code_not_found"
    status = 404
    title = mark("There is no such promo code")


class PromoCodeTaken(Refusal):
    code = "promo_code_taken"
    status = 409
    title = mark("There is such a promo code already")


_FAULTS = {
    "unknown": mark("We do not know this promo code."),
    "expired": mark("This promo code is not valid now."),
    "used_up": mark("This promo code was used as often as it may be."),
    "not_for_this": mark("This promo code is not for this trip."),
}


class PromoCodeRefused(InputInvalid):
    """A code that a traveller typed does not hold; ``fault`` says why."""

    def __init__(self, fault: PromoFault) -> None:
        super().__init__([FieldError("promo_code", _FAULTS[fault], fault)])
        self.fault = fault
