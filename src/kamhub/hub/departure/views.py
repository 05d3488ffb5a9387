"""Departures as JSON of the HTTP contract."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from kamhub.hub.departure.types import Offer, Stop, Stretch


def stop_json(stop: Stop) -> dict[str, object]:
    """``place_id, slug, name, stop`` (meeting point), coordinates."""
    return {
        "place_id": str(stop.place_id),
        "slug": stop.slug,
        "name": stop.name.as_json(),
        "stop": stop.meeting_point.as_json() if stop.meeting_point else None,
        "lat": stop.latitude,
        "lng": stop.longitude,
    }


def stretch_json(stretch: Stretch) -> dict[str, object]:
    """What a traveller is told of a departure, without what changes with sales."""
    return {
        "departure_id": str(stretch.departure_id),
        "operator": {
            "id": str(stretch.operator.id),
            "name": stretch.operator.name.as_json(),
            "rating": stretch.operator.rating,
        },
        "from": stop_json(stretch.origin),
        "to": stop_json(stretch.destination),
        "departs_at": stretch.departs_at.isoformat(),
        "arrives_at": stretch.arrives_at.isoformat(),
        "vehicle": {
            "type": stretch.vehicle.type,
            "model": stretch.vehicle.model,
            "features": list(stretch.vehicle.features),
        },
    }


@dataclass(frozen=True, slots=True)
class DescribedStretch:
    """A stretch with its JSON made once; what is said of it does not change from booking to booking."""

    stretch: Stretch
    json: msgspec.Raw


def describe(stretch: Stretch) -> DescribedStretch:
    """The stretch and ``stretch_json`` of it, encoded."""
    return DescribedStretch(stretch, msgspec.Raw(msgspec.json.encode(stretch_json(stretch))))


def offer_json(offer: Offer, passengers: int) -> dict[str, object]:
    """An item of the search."""
    return stretch_json(offer.stretch) | {
        "price_per_seat": offer.price_per_seat.as_json(),
        "total": offer.total(passengers).as_json(),
        "seats_available": offer.seats_available,
    }
