"""Disruptions as JSON of the HTTP contract, and as a file."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from kamhub.hub.disruption.types import OUTCOMES, DisruptedBooking, Disruption, Effect
from kamhub.kit.money import Money

COLUMNS = (
    "booking_id",
    "code",
    "name",
    "phone",
    "passengers",
    "departure_id",
    "departed_at",
    "outcome",
    "moved_to",
    "moved_to_at",
    "refunded",
    "currency",
    "settled_at",
)


def disruption_json(disruption: Disruption) -> dict[str, object]:
    """A decision and how far it is."""
    progress = disruption.progress
    counts: dict[str, int] = {"total": progress.total} | {str(outcome): progress.of(outcome) for outcome in OUTCOMES}
    return {
        "id": str(disruption.id),
        "rebook": disruption.rebook,
        "reason": disruption.reason,
        "weather": disruption.weather,
        "departures": disruption.departures,
        "first_departs_at": _moment(disruption.first_at),
        "last_departs_at": _moment(disruption.last_at),
        "created_at": _moment(disruption.created_at),
        "by": disruption.actor,
        "answer_until": _moment(disruption.answer_until),
        "finished_at": _moment(disruption.finished_at),
        "progress": counts,
    }


def preview_json(effects: Sequence[Effect]) -> dict[str, object]:
    """What a decision would do."""
    currency = effects[0].refund.currency if effects else "RUB"
    return {
        "departures": [_effect(effect) for effect in effects],
        "bookings": sum(effect.departure.bookings for effect in effects),
        "passengers": sum(effect.departure.passengers for effect in effects),
        "moved": sum(one.bookings for effect in effects for one in effect.moved),
        "refunds": sum(effect.returned for effect in effects),
        "asked": sum(effect.asked for effect in effects),
        "refund": Money(sum(effect.refund.amount for effect in effects), currency).as_json(),
    }


def _effect(effect: Effect) -> dict[str, object]:
    departure = effect.departure
    return {
        "departure_id": str(departure.id),
        "departs_at": departure.departs_at.isoformat(),
        "route": departure.route,
        "bookings": departure.bookings,
        "passengers": departure.passengers,
        "moves": [
            {
                "departure_id": str(one.departure_id),
                "departs_at": one.departs_at.isoformat(),
                "bookings": one.bookings,
                "passengers": one.passengers,
            }
            for one in effect.moved
        ],
        "refunds": effect.returned,
        "asked": effect.asked,
        "refund": effect.refund.as_json(),
    }


def booking_json(booking: DisruptedBooking) -> dict[str, object]:
    """A booking a decision met."""
    return {
        "booking_id": str(booking.booking_id),
        "code": booking.code,
        "name": booking.name,
        "phone": booking.phone,
        "passengers": booking.passengers,
        "departure_id": str(booking.departure_id),
        "departed_at": _moment(booking.departed_at),
        "outcome": booking.outcome,
        "moved_to": str(booking.moved_to) if booking.moved_to else None,
        "moved_to_at": _moment(booking.moved_to_at),
        "refunded": booking.refunded.as_json() if booking.refunded else None,
        "settled_at": _moment(booking.settled_at),
    }


def booking_row(booking: DisruptedBooking) -> tuple[object, ...]:
    """The same as a line of a file; money in minor units."""
    told = booking_json(booking)
    refunded = booking.refunded
    told |= {"refunded": refunded.amount if refunded else None, "currency": refunded.currency if refunded else None}
    return tuple(told[column] for column in COLUMNS)


def _moment(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
