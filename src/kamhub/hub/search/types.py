"""What a search asks and answers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from kamhub.hub.departure.types import Offer, VehicleType
from kamhub.kit.errors import Refusal
from kamhub.kit.text import Names, mark


class PlaceNotFound(Refusal):
    code = "place_not_found"
    status = 404
    title = mark("There is no such place")


@dataclass(frozen=True, slots=True)
class Place:
    id: UUID
    organisation_id: UUID
    slug: str
    name: Names
    meeting_point: Names | None
    latitude: float
    longitude: float
    time_zone: str


@dataclass(frozen=True, slots=True)
class SearchQuery:
    """``max_price`` is per seat, minor units; ``features`` must all be present."""

    origin: str
    destination: str
    day: date
    passengers: int = 1
    vehicle_type: VehicleType | None = None
    max_price: int | None = None
    features: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SearchResult:
    """Offers of the day in order of departure; when there are none, the nearest days that have some."""

    origin: Place
    destination: Place
    offers: tuple[Offer, ...]
    near_dates: tuple[date, ...]
