"""Figures of an organisation, day by day of its own calendar."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from kamhub.hub.booking.types import Channel


@dataclass(frozen=True, slots=True)
class Running:
    """What runs on a day: departures that are not cancelled, and how full they are.

    A seat counts once for every leg of the way: a seat sold for half of it is half a seat.
    """

    departures: int = 0
    cancelled: int = 0
    seat_legs: int = 0
    taken_legs: int = 0

    @property
    def occupancy(self) -> float | None:
        """Share of the seats taken, 0 to 1; None when nothing runs."""
        return self.taken_legs / self.seat_legs if self.seat_legs else None


@dataclass(frozen=True, slots=True)
class Made:
    """Bookings made on a day, and what has become of them since. Money in minor units."""

    holds: int = 0
    named: int = 0
    confirmed: int = 0
    cancelled: int = 0
    sold: int = 0
    returned: int = 0

    @property
    def conversion(self) -> float | None:
        """Share of the holds that were confirmed, 0 to 1."""
        return self.confirmed / self.holds if self.holds else None

    def __add__(self, other: Made) -> Made:
        return Made(
            self.holds + other.holds,
            self.named + other.named,
            self.confirmed + other.confirmed,
            self.cancelled + other.cancelled,
            self.sold + other.sold,
            self.returned + other.returned,
        )


@dataclass(frozen=True, slots=True)
class Day:
    """One day of the calendar."""

    date: date
    running: Running = field(default_factory=Running)
    made: Made = field(default_factory=Made)


@dataclass(frozen=True, slots=True)
class Figures:
    """A period: its days in order, its sums, and where the bookings came from."""

    days: tuple[Day, ...]
    running: Running
    made: Made
    sources: tuple[tuple[Channel, Made], ...]
    currency: str


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of a chart: where it stands and how high it is, in the units of the picture."""

    x: float
    y: float
    width: float
    height: float
