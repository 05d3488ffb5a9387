"""A booking that nobody made, for looking at messages."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from kamhub.hub.booking.types import Booking, Contact, PaymentLink, PriceBreakdown
from kamhub.hub.departure.types import Operator, Stop, Stretch, Vehicle
from kamhub.hub.price.types import PriceLine
from kamhub.kit.money import Money
from kamhub.kit.text import Names

FACTS: Mapping[str, str] = {}
_ZONE = ZoneInfo("Asia/Kamchatka")
_NOBODY = UUID(int=0)


def sample_booking(operator: Operator, now: datetime) -> Booking:
    """Two seats from the airport to town tomorrow morning, held and not paid, with that operator."""
    departs_at = (now.astimezone(_ZONE) + timedelta(days=1)).replace(hour=9, minute=30, second=0, microsecond=0)
    ends = now + timedelta(minutes=15)
    stretch = Stretch(
        departure_id=_NOBODY,
        organisation_id=operator.id,
        operator=operator,
        origin=_stop(0, Names("Аэропорт Елизово", "Yelizovo Airport"), departs_at),
        destination=_stop(
            1, Names("Петропавловск-Камчатский", "Petropavlovsk-Kamchatsky"), departs_at + timedelta(minutes=45)
        ),
        vehicle=Vehicle("minibus", "Toyota HiAce", ()),
    )
    price = Money(150_000, "RUB")
    return Booking(
        organisation_id=operator.id,
        id=_NOBODY,
        code="7KQ4MZ2X",
        status="on_hold",
        expires_at=ends,
        stretch=stretch,
        passengers=2,
        price_per_seat=price,
        total=price * 2,
        paid=None,
        refunded=None,
        contact=Contact("Анна Ёлкина", "+79140000000", "anna@example.org", "ru"),
        special_requests=None,
        passenger_list=(),
        history=(),
        refunds=(),
        payment=PaymentLink("https://pay.example/7KQ4MZ2X", ends),
        created_at=now,
        price=PriceBreakdown((), (PriceLine("adult", 2, price.amount),)),
    )


def _stop(position: int, name: Names, at: datetime) -> Stop:
    meeting = Names("у главного входа", "at the main entrance")
    return Stop(position, _NOBODY, f"stop-{position}", name, meeting, 53.16, 158.45, at)
