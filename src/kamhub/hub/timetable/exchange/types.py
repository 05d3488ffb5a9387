"""What a file of timetables holds, before anything of it is looked for in the database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal
from uuid import UUID

from kamhub.hub.timetable.types import DayException, Pattern
from kamhub.kit.errors import Refusal
from kamhub.kit.text import Names, mark

FileKind = Literal["csv", "gtfs"]

MOST_BYTES = 5_000_000
# Unpacked; what people run fits many times over.
MOST_UNPACKED = 20_000_000
MOST_TIMETABLES = 100
MOST_STOP_TIMES = 100_000


@dataclass(frozen=True, slots=True)
class FeedPlace:
    """A place: ``key`` is a slug of ours, or how the file calls it. A table knows no coordinates and adds no places."""

    key: str
    name: Names
    latitude: float | None = None
    longitude: float | None = None


@dataclass(frozen=True, slots=True)
class FeedRoute:
    """A route: its places in order with minutes from the first. A table may name a route of ours without its stops."""

    key: str
    name: str
    stops: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class FeedPrice:
    """What a seat between two places costs, minor units of roubles."""

    from_key: str
    to_key: str
    amount: int


@dataclass(frozen=True, slots=True)
class FeedTimetable:
    """One timetable; ``source`` is where it stands, such as ``line 3``, ``plate`` and ``driver`` whom the file names."""

    source: str
    route_key: str
    pattern: Pattern
    exceptions: tuple[DayException, ...] = ()
    prices: tuple[FeedPrice, ...] = ()
    plate: str | None = None
    driver: str | None = None


@dataclass(frozen=True, slots=True)
class FeedFault:
    """What is wrong at one place of a file; ``text`` is a sentence of the catalogue, ``about`` what it speaks of."""

    source: str
    code: str
    text: str
    about: str = ""


@dataclass(frozen=True, slots=True)
class Feed:
    """Everything that was read, and what could not be."""

    kind: FileKind
    zone: str | None = None
    places: Mapping[str, FeedPlace] = field(default_factory=dict)
    routes: Mapping[str, FeedRoute] = field(default_factory=dict)
    timetables: tuple[FeedTimetable, ...] = ()
    faults: tuple[FeedFault, ...] = ()


@dataclass(frozen=True, slots=True)
class Agency:
    """Who runs the departures."""

    id: UUID
    name: str
    zone: str
    phone: str | None
    email: str | None
    url: str


@dataclass(frozen=True, slots=True)
class StopPoint:
    """A place with what a feed says of it."""

    id: UUID
    slug: str
    name: Names
    latitude: float
    longitude: float
    zone: str


class FileUnreadable(Refusal):
    """Neither a table nor a GTFS feed, or more than may be sent."""

    code = "file_unreadable"
    status = 422
    title = mark("This is neither a table (CSV) nor a GTFS feed (ZIP) of at most 5 MB")


class ImportRefused(Refusal):
    """A file with faults is not imported; ``extra.errors`` names them."""

    code = "import_refused"
    status = 422
    title = mark("Nothing was imported: the file has faults")
