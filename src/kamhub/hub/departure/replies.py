"""What is told of departures, as the API documents it; made by ``views``."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from pydantic import Field

from kamhub.hub.departure.types import VehicleType
from kamhub.platform.web.schemas import MoneyReply, NamesReply, Reply


class OperatorReply(Reply):
    """Who runs the departure; ``rating`` is 0 to 5, null before the first review."""

    id: UUID
    name: NamesReply
    rating: float | None


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
