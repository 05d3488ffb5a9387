"""Bookings as JSON of the HTTP contract."""

from __future__ import annotations

import msgspec

from kamhub.hub.booking.types import Booking, CancellationQuote, PriceBreakdown, TripMove
from kamhub.hub.departure.views import stretch_json
from kamhub.hub.price.views import breakdown_json
from kamhub.kit.money import Money


def money_json(money: Money | None) -> dict[str, int | str] | None:
    """Money, or null."""
    return money.as_json() if money is not None else None


def booking_json(
    booking: Booking, public_url: str, token: str | None = None, departure: msgspec.Raw | None = None
) -> dict[str, object]:
    """The whole booking; ``token`` only in the reply that created it. ``departure`` may be given encoded already."""
    number = str(booking.id)
    content: dict[str, object] = {
        "id": number,
        "code": booking.code,
        "status": booking.status,
        "expires_at": booking.expires_at.isoformat() if booking.expires_at else None,
        "created_at": booking.created_at.isoformat(),
        "departure": departure if departure is not None else stretch_json(booking.stretch),
        "passengers": booking.passengers,
        "price_per_seat": booking.price_per_seat.as_json(),
        "total": booking.total.as_json(),
        "price": price_json(booking.price, booking.total.currency),
        "paid": money_json(booking.paid),
        "refunded": money_json(booking.refunded),
        "refunds": [{"amount": refund.amount.as_json(), "status": refund.status} for refund in booking.refunds],
        "contact": _contact(booking),
        "passenger_list": [
            {"name": person.name, "document": person.document, "kind": person.kind} for person in booking.passenger_list
        ],
        "special_requests": booking.special_requests,
        "payment": {"url": booking.payment.url, "expires_at": booking.payment.expires_at.isoformat()}
        if booking.payment
        else None,
        "history": [
            {
                "at": event.at.isoformat(),
                "from": event.from_status,
                "to": event.to_status,
                "by": event.actor,
                "reason": event.reason,
            }
            for event in booking.history
        ],
        "moves": [_move(move) for move in booking.moves],
        "disruption": _disruption(booking, public_url),
        "page_url": f"{public_url}/booking/{number}",
    }
    if token is not None:
        content["token"] = token
    return content


def _move(move: TripMove) -> dict[str, object]:
    return {
        "id": str(move.id),
        "at": move.at.isoformat(),
        "from_departure_id": str(move.from_departure_id),
        "to_departure_id": str(move.to_departure_id),
        "departs_at_before": move.left_at_before.isoformat(),
        "departs_at_after": move.left_at_after.isoformat(),
        "total_before": move.total_before.as_json(),
        "total_after": move.total_after.as_json(),
        "by": move.actor,
        "reason": move.reason,
    }


def _disruption(booking: Booking, public_url: str) -> dict[str, object] | None:
    disrupted = booking.disrupted
    if disrupted is None:
        return None
    return {
        "id": str(disrupted.disruption_id),
        "asked": disrupted.asked,
        "answer_until": disrupted.answer_until.isoformat() if disrupted.answer_until else None,
        "choice_url": f"{public_url}/booking/{booking.id}/choice" if disrupted.asked else None,
    }


def price_json(price: PriceBreakdown, currency: str) -> dict[str, object]:
    """How the price came about."""
    return breakdown_json(price.seat_parts, price.lines, price.discount, price.promo_code, currency)


def _contact(booking: Booking) -> dict[str, str] | None:
    contact = booking.contact
    if contact is None:
        return None
    return {"name": contact.name, "phone": contact.phone, "email": contact.email, "locale": contact.locale}


def quote_json(quote: CancellationQuote) -> dict[str, object]:
    """``refund, fee, rule`` and all the rules, before the traveller decides."""
    return {
        "refund": quote.refund.as_json(),
        "fee": quote.fee.as_json(),
        "rule": {"hours_before": quote.tier.minutes_before / 60, "refund_percent": quote.tier.refund_percent}
        if quote.tier
        else None,
        "rules": [
            {"hours_before": tier.minutes_before / 60, "refund_percent": tier.refund_percent} for tier in quote.tiers
        ],
        "departs_at": quote.departs_at.isoformat(),
    }
