"""What is told of prices, as the API documents it; made by ``views``."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from kamhub.hub.price.types import PartKind, PassengerKind, PromoKind, RuleKind
from kamhub.platform.web.schemas import ListReply, MoneyReply, Reply


class PricePartReply(Reply):
    """One summand of the price of a seat."""

    kind: PartKind
    amount: MoneyReply


class PriceLineReply(Reply):
    """So many passengers of a kind at so much each."""

    kind: PassengerKind
    count: int
    each: MoneyReply
    amount: MoneyReply


class PriceReply(Reply):
    """How a price came about: ``seat_parts`` add up to the price per seat; ``lines``, less ``discount``, to the total.

    ``discount`` is what the promo code takes off.
    """

    seat_parts: list[PricePartReply]
    lines: list[PriceLineReply]
    discount: MoneyReply
    promo_code: str | None


class QuoteReply(PriceReply):
    """What a party would pay this moment; nothing is held."""

    departure_id: UUID
    passengers: int
    seats_available: int
    price_per_seat: MoneyReply
    total: MoneyReply


class PromoCodeReply(Reply):
    """A promo code; ``uses`` are those that count at the moment, ``given`` what they took off."""

    id: UUID
    code: str
    kind: PromoKind
    value: int
    route_id: UUID | None
    valid_from: datetime | None
    valid_to: datetime | None
    most_uses: int | None
    most_per_contact: int | None
    uses: int
    given: MoneyReply
    version: int
    created_at: datetime
    archived_at: datetime | None


class PromoCodeListReply(ListReply[PromoCodeReply]):
    """The promo codes, the newest first."""


class PromoUseReply(Reply):
    """A booking that used a code; it ``counts`` while it is on hold, waits, is confirmed or was redeemed."""

    booking_id: UUID
    booking_code: str
    status: str
    amount: MoneyReply
    used_at: datetime
    counts: bool


class PromoUseListReply(ListReply[PromoUseReply]):
    """The bookings that used a code, the latest first."""


class StretchPriceReply(Reply):
    """What a seat between two places costs; a child or an infant without a price pays as an adult."""

    from_place_id: UUID
    to_place_id: UUID
    price: MoneyReply
    child_price: MoneyReply | None
    infant_price: MoneyReply | None


class PriceRuleReply(Reply):
    """Changes the price of a seat by ``percent`` of its base."""

    kind: RuleKind
    threshold: int
    percent: int


class TariffReply(Reply):
    """A tariff: never edited, a new one replaces it on later departures."""

    id: UUID
    currency: str
    created_at: datetime
    prices: list[StretchPriceReply]
    rules: list[PriceRuleReply]


class TariffListReply(ListReply[TariffReply]):
    """The tariffs of a route that are in force, the newest first."""
