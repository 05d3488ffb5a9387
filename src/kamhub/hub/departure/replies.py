"""What is told of departures, as the API documents it; made by ``views``."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from pydantic import Field

from kamhub.hub.departure.types import DepartureStatus, VehicleType
from kamhub.platform.web.schemas import ListReply, MoneyReply, NamesReply, Reply


class OperatorReply(Reply):
    """Who runs the departure; ``rating`` is 0 to 5, null before the first review."""

    id: UUID
    name: NamesReply
    rating: float | None
    review_count: int


class StopReply(Reply):
    """A stop; ``stop`` is its meeting point."""

    place_id: UUID
    slug: str
    name: NamesReply
    stop: NamesReply | None
    lat: float
    lng: float


class VehicleReply(Reply):
    """What people ride in; ``features`` are words such as ``wifi``, ``child_seat``."""

    type: VehicleType
    model: str
    features: list[str]


class StretchReply(Reply):
    """A departure from one stop to a later one; times in the zone of the stops."""

    departure_id: UUID
    operator: OperatorReply
    origin: StopReply = Field(alias="from")
    destination: StopReply = Field(alias="to")
    departs_at: datetime
    arrives_at: datetime
    vehicle: VehicleReply


class OfferReply(StretchReply):
    """The same with its price for the party and the seats that are free this moment."""

    price_per_seat: MoneyReply
    total: MoneyReply
    seats_available: int


class PlaceReply(Reply):
    """A stop by its place."""

    place_id: UUID
    slug: str
    name: NamesReply


class LegReply(Reply):
    """Seats between two neighbouring stops; lapsed holds are not counted as taken."""

    origin: PlaceReply = Field(alias="from")
    destination: PlaceReply = Field(alias="to")
    taken: int


class DepartureRouteReply(Reply):
    """The route of a departure."""

    id: UUID
    name: str


class DepartureVehicleReply(Reply):
    """The vehicle on a departure."""

    id: UUID
    type: VehicleType
    model: str
    plate: str


class DepartureDriverReply(Reply):
    """The driver on a departure."""

    id: UUID
    name: str
    phone: str


class DepartureReply(Reply):
    """A departure as its operator sees it; times in the zone of the stops. ``version`` counts what people change."""

    id: UUID
    route_id: UUID
    route: DepartureRouteReply
    tariff_id: UUID
    timetable_id: UUID | None
    vehicle_id: UUID
    vehicle: DepartureVehicleReply
    driver_id: UUID | None
    driver: DepartureDriverReply | None
    departs_at: datetime
    arrives_at: datetime
    sales_close_at: datetime
    status: DepartureStatus
    capacity: int
    version: int
    legs: list[LegReply]


DepartureListReply = ListReply[DepartureReply]
