"""A departure as people see it: one stretch between two of its stops."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from kamhub.hub.price.types import PricePart
from kamhub.kit.errors import Refusal
from kamhub.kit.money import Money
from kamhub.kit.text import Names, mark

DepartureStatus = Literal["open", "closed", "cancelled"]
VehicleType = Literal["economy", "comfort", "business", "minibus", "bus"]


class DepartureNotFound(Refusal):
    code = "departure_not_found"
    status = 404
    title = mark("There is no such departure")


class DepartureCancelled(Refusal):
    code = "departure_cancelled"
    status = 409
    title = mark("This departure is cancelled")


class DepartureGone(Refusal):
    """It has left, or would leave in the past."""

    code = "departure_gone"
    status = 409
    title = mark("This departure has left already")


class VehicleUnknown(Refusal):
    code = "vehicle_not_found"
    status = 404
    title = mark("There is no such vehicle")


class DriverUnknown(Refusal):
    code = "driver_not_found"
    status = 404
    title = mark("There is no such driver")


class RouteUnknown(Refusal):
    code = "route_not_found"
    status = 404
    title = mark("There is no such route")


class TariffUnknown(Refusal):
    code = "tariff_not_found"
    status = 404
    title = mark("There is no such tariff of this route")


Resource = Literal["vehicle", "driver"]
ConflictReason = Literal["busy", "rest"]


class Conflict(Refusal):
    """The vehicle or the driver is on another departure then, or the driver would not have rested.

    ``extra``: ``what``, ``reason``, and the other departure as ``departure_id`` and ``departs_at``; both null when it has
    gone out of the way since.
    """

    code = "conflict"
    status = 409
    title = mark("The vehicle or the driver is on another departure at that time")

    def __init__(
        self,
        what: Resource,
        reason: ConflictReason = "busy",
        departure_id: UUID | None = None,
        departs_at: datetime | None = None,
    ) -> None:
        titles = {
            ("vehicle", "busy"): mark("The vehicle is on another departure at that time"),
            ("driver", "busy"): mark("The driver is on another departure at that time"),
            ("driver", "rest"): mark("The driver would not have rested long enough between two departures"),
        }
        self.what, self.reason, self.departure_id, self.departs_at = what, reason, departure_id, departs_at
        super().__init__(
            titles[what, reason],
            extra={
                "what": what,
                "reason": reason,
                "departure_id": str(departure_id) if departure_id else None,
                "departs_at": departs_at.isoformat() if departs_at else None,
            },
        )


@dataclass(frozen=True, slots=True)
class SoldParty:
    """A live booking on a departure, as it matters for its seats."""

    id: UUID
    code: str
    passengers: int
    from_position: int
    to_position: int
    created_at: datetime
    status: str = ""
    contact_name: str | None = None


class TooSmall(Refusal):
    """What is sold does not fit into the vehicle; ``extra.bookings`` are those that would be left out."""

    code = "too_small"
    status = 409
    title = mark("The vehicle has fewer seats than are sold")

    def __init__(self, capacity: int, parties: tuple[SoldParty, ...]) -> None:
        self.parties = parties
        super().__init__(
            extra={
                "capacity": capacity,
                "bookings": [
                    {"id": str(party.id), "code": party.code, "passengers": party.passengers} for party in parties
                ],
            }
        )


@dataclass(frozen=True, slots=True)
class Operator:
    """Who runs the departure. ``rating`` is 0 to 5, None before the first review."""

    id: UUID
    slug: str
    name: Names
    rating: float | None
    phone: str | None = None
    email: str | None = None
    review_count: int = 0


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
    """A stretch with its price and the seats that can be had this moment; ``price_parts`` add up to the price of a seat."""

    stretch: Stretch
    price_per_seat: Money
    seats_available: int
    capacity: int
    status: DepartureStatus
    sales_close_at: datetime
    price_parts: tuple[PricePart, ...] = ()

    def total(self, passengers: int) -> Money:
        return self.price_per_seat * passengers

    def money(self, amount: int) -> Money:
        """That amount in the currency of the offer."""
        return Money(amount, self.price_per_seat.currency)


@dataclass(frozen=True, slots=True)
class DepartureDetails:
    """Everything on a departure's page: the chosen stretch, all stops, seats leg by leg."""

    offer: Offer
    stops: tuple[Stop, ...]
    legs: tuple[Leg, ...]


@dataclass(frozen=True, slots=True)
class Reach:
    """Which departures somebody of the staff may see: all, or those a driver drives (None: of no driver, so none)."""

    everything: bool
    driver_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class StaffStop:
    """A stop as staff see it; ``at`` in the place's own zone."""

    place_id: UUID
    slug: str
    name: Names
    at: datetime


@dataclass(frozen=True, slots=True)
class StaffDeparture:
    """A departure as its operator sees it. ``taken`` are the seats sold leg by leg, lapsed holds not counted."""

    organisation_id: UUID
    id: UUID
    route_id: UUID
    route_name: str
    tariff_id: UUID
    timetable_id: UUID | None
    vehicle_id: UUID
    vehicle_type: VehicleType
    vehicle_model: str
    vehicle_plate: str
    driver_id: UUID | None
    driver_name: str | None
    driver_phone: str | None
    departs_at: datetime
    sales_close_at: datetime
    status: DepartureStatus
    capacity: int
    taken: tuple[int, ...]
    version: int
    stops: tuple[StaffStop, ...]

    @property
    def arrives_at(self) -> datetime:
        """When the last stop is reached."""
        return self.stops[-1].at

    @property
    def zone(self) -> ZoneInfo:
        """The zone of the first stop."""
        zone = self.stops[0].at.tzinfo
        return zone if isinstance(zone, ZoneInfo) else ZoneInfo("UTC")

    @property
    def fullest(self) -> int:
        """Seats taken on the fullest leg."""
        return max(self.taken)


@dataclass(frozen=True, slots=True)
class DepartureQuery:
    """Which departures; what is None does not narrow. ``since`` counts in, ``until`` does not."""

    since: datetime | None = None
    until: datetime | None = None
    route_id: UUID | None = None
    status: DepartureStatus | None = None
    vehicle_id: UUID | None = None
    driver_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Assignment:
    """A vehicle and a driver to be put on a departure; ``driver_id`` None is nobody yet."""

    vehicle_id: UUID
    driver_id: UUID | None


@dataclass(frozen=True, slots=True)
class PriceWanted:
    """Price of a seat between two places, minor units; None for a child or an infant is the price of an adult."""

    from_place_id: UUID
    to_place_id: UUID
    amount: int
    child_amount: int | None = None
    infant_amount: int | None = None


@dataclass(frozen=True, slots=True)
class ExtraDeparture:
    """A departure beside the timetable. Without a tariff and without prices it takes those of the route's newest one."""

    route_id: UUID
    assignment: Assignment
    departs_at: datetime
    tariff_id: UUID | None = None
    prices: tuple[PriceWanted, ...] = ()


@dataclass(frozen=True, slots=True)
class DepartureEvent:
    """One change by a person: when, what, from what to what, by whom, why."""

    at: datetime
    what: str
    before: str | None
    after: str | None
    actor: str
    reason: str | None


@dataclass(frozen=True, slots=True)
class Choice:
    """A vehicle or a driver to choose from; ``seats`` of a vehicle, ``busy`` when on another departure at that time."""

    id: UUID
    label: str
    seats: int = 0
    busy: bool = False


@dataclass(frozen=True, slots=True)
class DayLoad:
    """One day of a calendar: departures that run, seats on them, seats sold on the fullest legs."""

    day: date
    departures: int
    cancelled: int
    capacity: int
    taken: int

    @property
    def percent(self) -> int:
        """How full the day is, 0 to 100."""
        return round(100 * self.taken / self.capacity) if self.capacity else 0
