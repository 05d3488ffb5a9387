"""Bookings as JSON of the HTTP contract."""

from __future__ import annotations

import msgspec

from kamhub.hub.booking.types import Booking, CancellationQuote
from kamhub.hub.departure.views import stretch_json
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
        "page_url": f"{public_url}/booking/{number}",
    }
    if token is not None:
        content["token"] = token
    return content


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
