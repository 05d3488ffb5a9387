"""Prices as JSON of the HTTP contract."""

from __future__ import annotations

from collections.abc import Sequence

from kamhub.hub.price.types import PriceLine, PricePart, PromoCode, PromoUse, Quote, RouteTariff, Tariff
from kamhub.kit.money import Money

CURRENCY = "RUB"
COLUMNS = (
    "code",
    "kind",
    "value",
    "route_id",
    "valid_from",
    "valid_to",
    "most_uses",
    "most_per_contact",
    "uses",
    "given",
    "archived_at",
)


def breakdown_json(
    parts: Sequence[PricePart], lines: Sequence[PriceLine], discount: int, promo_code: str | None, currency: str
) -> dict[str, object]:
    """``seat_parts``, ``lines``, ``discount`` and ``promo_code``."""

    def money(amount: int) -> dict[str, int | str]:
        return {"amount": amount, "currency": currency}

    return {
        "seat_parts": [{"kind": part.kind, "amount": money(part.amount)} for part in parts],
        "lines": [
            {"kind": line.kind, "count": line.count, "each": money(line.each), "amount": money(line.amount)}
            for line in lines
        ],
        "discount": money(discount),
        "promo_code": promo_code,
    }


def quote_json(quote: Quote) -> dict[str, object]:
    """A quote with its breakdown."""
    return {
        "departure_id": quote.departure_id,
        "passengers": quote.passengers,
        "seats_available": quote.seats_available,
        "price_per_seat": Money(quote.price_per_seat, quote.currency).as_json(),
        "total": Money(quote.total, quote.currency).as_json(),
        **breakdown_json(quote.seat_parts, quote.lines, quote.promo_amount, quote.promo_code, quote.currency),
    }


def promo_code_json(code: PromoCode) -> dict[str, object]:
    """A promo code as it stands now."""
    terms = code.terms
    return {
        "id": code.id,
        "code": terms.code,
        "kind": terms.kind,
        "value": terms.value,
        "route_id": terms.route_id,
        "valid_from": terms.valid_from,
        "valid_to": terms.valid_to,
        "most_uses": terms.most_uses,
        "most_per_contact": terms.most_per_contact,
        "uses": code.uses,
        "given": Money(code.given, CURRENCY).as_json(),
        "version": code.version,
        "created_at": code.created_at,
        "archived_at": code.archived_at,
    }


def promo_code_cells(code: PromoCode) -> list[object]:
    """The same as a line of a table; money in major units."""
    content = promo_code_json(code) | {"given": Money(code.given, CURRENCY).major()}
    return [content[column] for column in COLUMNS]


def promo_use_json(use: PromoUse) -> dict[str, object]:
    """A booking that used a code."""
    return {
        "booking_id": use.booking_id,
        "booking_code": use.booking_code,
        "status": use.status,
        "amount": Money(use.amount, use.currency).as_json(),
        "used_at": use.used_at,
        "counts": use.counts,
    }


def tariff_json(found: RouteTariff) -> dict[str, object]:
    """A tariff with its prices by place."""
    tariff: Tariff = found.tariff

    def money(amount: int | None) -> dict[str, int | str] | None:
        return None if amount is None else Money(amount, tariff.currency).as_json()

    return {
        "id": tariff.id,
        "currency": tariff.currency,
        "created_at": tariff.created_at,
        "prices": [
            {
                "from_place_id": found.places[price.from_position],
                "to_place_id": found.places[price.to_position],
                "price": money(price.amount),
                "child_price": money(price.child_amount),
                "infant_price": money(price.infant_amount),
            }
            for price in tariff.prices
        ],
        "rules": [{"kind": rule.kind, "threshold": rule.threshold, "percent": rule.percent} for rule in tariff.rules],
    }
