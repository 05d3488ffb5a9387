"""Vehicles, and what can be refused to those who keep them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from kamhub.hub.departure.types import VehicleType
from kamhub.hub.timetable.types import TimetableUse, uses_json
from kamhub.kit.errors import Refusal
from kamhub.kit.text import mark


@dataclass(frozen=True, slots=True)
class VehicleFacts:
    """What people write down of a vehicle; ``features`` are machine words such as ``wifi``, in alphabetical order."""

    type: VehicleType
    model: str
    capacity: int
    plate: str
    features: tuple[str, ...]

    def as_json(self) -> dict[str, object]:
        """The same, ready for JSON."""
        return {
            "type": self.type,
            "model": self.model,
            "capacity": self.capacity,
            "plate": self.plate,
            "features": list(self.features),
        }


@dataclass(frozen=True, slots=True)
class Vehicle:
    """A vehicle of the organisation; ``version`` counts its changes."""

    id: UUID
    facts: VehicleFacts
    version: int
    created_at: datetime
    archived_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class VehicleChange:
    """What becomes of a vehicle: of its facts, and whether it is archived (None: as it is)."""

    facts: Callable[[VehicleFacts], VehicleFacts]
    archived: bool | None = None


@dataclass(frozen=True, slots=True)
class VehicleQuery:
    """Which vehicles: by type, by a part of model or plate, with the archived ones or without."""

    type: VehicleType | None = None
    text: str | None = None
    archived: bool = False


@dataclass(frozen=True, slots=True)
class DepartureAhead:
    """A departure that is still to run; ``departs_at`` in the zone of the organisation."""

    id: UUID
    departs_at: datetime
    route: str


class VehicleNotFound(Refusal):
    """A vehicle of another organisation, or none at all."""

    code = "vehicle_not_found"
    status = 404
    title = mark("There is no such vehicle")


class PlateTaken(Refusal):
    """The organisation has a vehicle with this plate."""

    code = "plate_taken"
    status = 409
    title = mark("There is a vehicle with this plate already")


class VehicleInUse(Refusal):
    """A vehicle that is still to run; ``extra`` names the first of its ``departures`` and its ``timetables``."""

    code = "in_use"
    status = 409
    title = mark("This vehicle still has departures or timetables ahead; give them another one first")

    def __init__(self, departures: Sequence[DepartureAhead], timetables: Sequence[TimetableUse]) -> None:
        super().__init__(extra={"departures": departures_json(departures), "timetables": uses_json(timetables)})
        self.departures, self.timetables = tuple(departures), tuple(timetables)


def departures_json(departures: Sequence[DepartureAhead]) -> list[dict[str, object]]:
    """``departure_id, departs_at, route`` of each."""
    return [
        {"departure_id": str(one.id), "departs_at": one.departs_at.isoformat(), "route": one.route}
        for one in departures
    ]


# What people look for in a vehicle; others may be written down through the API.
FEATURES = (
    "wifi",
    "usb",
    "air_conditioning",
    "heating",
    "child_seat",
    "luggage",
    "wheelchair_accessible",
    "leather_seats",
    "toilet",
    "high_clearance",
    "all_terrain",
)
