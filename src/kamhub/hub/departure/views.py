"""Departures as JSON of the HTTP contract."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from kamhub.hub.departure.types import Offer, StaffDeparture, StaffStop, Stop, Stretch


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
            "review_count": stretch.operator.review_count,
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


def place_json(stop: StaffStop) -> dict[str, object]:
    """A stop by its place."""
    return {"place_id": str(stop.place_id), "slug": stop.slug, "name": stop.name.as_json()}


def departure_json(departure: StaffDeparture) -> dict[str, object]:
    """A departure as its operator sees it."""
    first, driver_id = departure.stops[0].at, departure.driver_id
    places = [place_json(stop) for stop in departure.stops]
    return {
        "id": str(departure.id),
        "route_id": str(departure.route_id),
        "route": {"id": str(departure.route_id), "name": departure.route_name},
        "tariff_id": str(departure.tariff_id),
        "timetable_id": str(departure.timetable_id) if departure.timetable_id else None,
        "vehicle_id": str(departure.vehicle_id),
        "vehicle": {
            "id": str(departure.vehicle_id),
            "type": departure.vehicle_type,
            "model": departure.vehicle_model,
            "plate": departure.vehicle_plate,
        },
        "driver_id": str(driver_id) if driver_id else None,
        "driver": {"id": str(driver_id), "name": departure.driver_name, "phone": departure.driver_phone}
        if driver_id
        else None,
        "departs_at": first.isoformat(),
        "arrives_at": departure.arrives_at.isoformat(),
        "sales_close_at": departure.sales_close_at.astimezone(first.tzinfo).isoformat(),
        "status": departure.status,
        "capacity": departure.capacity,
        "version": departure.version,
        "legs": [
            {"from": places[leg], "to": places[leg + 1], "taken": taken} for leg, taken in enumerate(departure.taken)
        ],
    }


CSV_COLUMNS = (
    "id",
    "departs_at",
    "arrives_at",
    "route",
    "vehicle",
    "driver",
    "status",
    "capacity",
    "taken",
)


def csv_row(departure: StaffDeparture) -> tuple[object, ...]:
    """The same as a line of ``CSV_COLUMNS``; ``taken`` is of the fullest leg."""
    return (
        departure.id,
        departure.stops[0].at.isoformat(),
        departure.arrives_at.isoformat(),
        departure.route_name,
        f"{departure.vehicle_model} {departure.vehicle_plate}",
        departure.driver_name,
        departure.status,
        departure.capacity,
        departure.fullest,
    )
