"""Routes as the organisation keeps them, and what can be refused."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from kamhub.hub.timetable.types import TimetableUse, uses_json
from kamhub.kit.errors import Refusal
from kamhub.kit.text import Names, mark

MOST_STOPS = 51
# Two weeks: the longest way there is.
LAST_MINUTE = 20_160


@dataclass(frozen=True, slots=True)
class StopWanted:
    """Where a route is to stop, in minutes from its first stop."""

    place_id: UUID
    offset_minutes: int


@dataclass(frozen=True, slots=True)
class RouteStop:
    """A stop of a route, with what its place is called."""

    position: int
    place_id: UUID
    slug: str
    name: Names
    offset_minutes: int
    time_zone: str

    def wanted(self) -> StopWanted:
        """The same as it would be asked for."""
        return StopWanted(self.place_id, self.offset_minutes)


@dataclass(frozen=True, slots=True)
class Route:
    """A route of the organisation; ``version`` counts its changes, ``in_use``: departures, timetables or prices refer to it."""

    id: UUID
    name: str
    stops: tuple[RouteStop, ...]
    version: int
    created_at: datetime
    archived_at: datetime | None
    in_use: bool


@dataclass(frozen=True, slots=True)
class RouteChange:
    """What becomes of a route; None: as it is."""

    name: str | None = None
    stops: tuple[StopWanted, ...] | None = None
    archived: bool | None = None


@dataclass(frozen=True, slots=True)
class RouteQuery:
    """Which routes: by a part of the name or of the name of a stop, with the archived ones or without."""

    text: str | None = None
    archived: bool = False


class RouteNotFound(Refusal):
    """A route of another organisation, or none at all."""

    code = "route_not_found"
    status = 404
    title = mark("There is no such route")


class StopPlaceUnknown(Refusal):
    """A stop at a place of another organisation, or at none; ``extra.place_id`` names it."""

    code = "place_not_found"
    status = 404
    title = mark("There is no such place")

    def __init__(self, place_id: UUID) -> None:
        super().__init__(extra={"place_id": str(place_id)})
        self.place_id = place_id


class RouteHasTimetables(Refusal):
    """A route that timetables are still to run on; ``extra.timetables`` names them."""

    code = "in_use"
    status = 409
    title = mark("Timetables still run on this route; archive them first")

    def __init__(self, timetables: Sequence[TimetableUse]) -> None:
        super().__init__(extra={"timetables": uses_json(timetables)})
        self.timetables = tuple(timetables)


class RouteInUse(Refusal):
    """Other stops for a route whose departures, timetables or prices count by them."""

    code = "route_in_use"
    status = 409
    title = mark("Departures, timetables or prices use the stops of this route; make a copy and change that")
