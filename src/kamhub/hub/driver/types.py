"""Drivers, and what can be refused to those who keep them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time
from uuid import UUID

from kamhub.hub.timetable.types import TimetableUse, uses_json
from kamhub.hub.vehicle.types import DepartureAhead, departures_json
from kamhub.kit.errors import Refusal
from kamhub.kit.text import mark


@dataclass(frozen=True, slots=True)
class DriverFacts:
    """What people write down of a driver.

    ``phone`` is E.164, ``languages`` are codes such as ``ru``; hours are of the organisation's clock and may pass midnight;
    ``person_id`` is the member who signs in as this driver.
    """

    name: str
    phone: str = field(repr=False)
    languages: tuple[str, ...] = ()
    works_from: time | None = None
    works_to: time | None = None
    person_id: UUID | None = None

    def as_json(self) -> dict[str, object]:
        """The same, ready for JSON."""
        return {
            "name": self.name,
            "phone": self.phone,
            "languages": list(self.languages),
            "works_from": None if self.works_from is None else f"{self.works_from:%H:%M}",
            "works_to": None if self.works_to is None else f"{self.works_to:%H:%M}",
            "person_id": None if self.person_id is None else str(self.person_id),
        }


@dataclass(frozen=True, slots=True)
class Driver:
    """A driver of the organisation; ``version`` counts the changes."""

    id: UUID
    facts: DriverFacts
    version: int
    created_at: datetime
    archived_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class DriverChange:
    """What becomes of a driver: of the facts, and whether archived (None: as it is)."""

    facts: Callable[[DriverFacts], DriverFacts]
    archived: bool | None = None


@dataclass(frozen=True, slots=True)
class DriverQuery:
    """Which drivers: by a part of the name or of the phone, with the archived ones or without."""

    text: str | None = None
    archived: bool = False


class DriverNotFound(Refusal):
    """A driver of another organisation, or none at all."""

    code = "driver_not_found"
    status = 404
    title = mark("There is no such driver")


class PersonTaken(Refusal):
    """A member who signs in as another driver already."""

    code = "person_taken"
    status = 409
    title = mark("This person signs in as another driver already")


class DriverInUse(Refusal):
    """A driver who is still to drive; ``extra`` names the first of the ``departures`` and the ``timetables``."""

    code = "in_use"
    status = 409
    title = mark("This driver still has departures or timetables ahead; give them another one first")

    def __init__(self, departures: Sequence[DepartureAhead], timetables: Sequence[TimetableUse]) -> None:
        super().__init__(extra={"departures": departures_json(departures), "timetables": uses_json(timetables)})
        self.departures, self.timetables = tuple(departures), tuple(timetables)
