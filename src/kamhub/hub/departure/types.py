"""A departure as people see it: one stretch between two of its stops."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from kamhub.kit.errors import Refusal
from kamhub.kit.money import Money
from kamhub.kit.text import Names, mark

DepartureStatus = Literal["open", "closed", "cancelled"]
VehicleType = Literal["economy", "comfort", "business", "minibus", "bus"]


class DepartureNotFound(Refusal):
    code = "departure_not_found"
    status = 404
    title = mark("There is no such departure")


@dataclass(frozen=True, slots=True)
class Operator:
    """Who runs the departure. ``rating`` is 0 to 5, None before the first review."""

    id: UUID
    slug: str
    name: Names
    rating: float | None
    phone: str | None = None
    email: str | None = None


@dataclass(frozen=True, slots=True)
class Stop:
    """One stop of a departure. ``at`` is aware and in the place's own zone."""

    position: int
    place_id: UUID
    slug: str
    name: Names
    meeting_point: Names | None
    latitude: float
    longitude: float
    at: datetime


@dataclass(frozen=True, slots=True)
class Vehicle:
    """What people ride in; ``features`` are machine words such as ``wifi``, ``child_seat``."""

    type: VehicleType
    model: str
    features: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Leg:
    """Seats between two neighbouring stops."""

    from_position: int
    to_position: int
    taken: int
    free: int


@dataclass(frozen=True, slots=True)
class Stretch:
    """A departure from one stop to a later one, as a traveller would ride it; no numbers that change with sales."""

    departure_id: UUID
    organisation_id: UUID
    operator: Operator
    origin: Stop
    destination: Stop
    vehicle: Vehicle

    @property
    def departs_at(self) -> datetime:
        return self.origin.at

    @property
    def arrives_at(self) -> datetime:
        return self.destination.at


@dataclass(frozen=True, slots=True)
class Offer:
    """A stretch with its price and the seats that can be had this moment."""

    stretch: Stretch
    price_per_seat: Money
    seats_available: int
    capacity: int
    status: DepartureStatus
    sales_close_at: datetime

    def total(self, passengers: int) -> Money:
        return self.price_per_seat * passengers


@dataclass(frozen=True, slots=True)
class DepartureDetails:
    """Everything on a departure's page: the chosen stretch, all stops, seats leg by leg."""

    offer: Offer
    stops: tuple[Stop, ...]
    legs: tuple[Leg, ...]
