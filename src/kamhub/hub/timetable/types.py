"""Timetables, the departures they call for, and what can be refused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from kamhub.hub.price.types import PriceRule, Tariff
from kamhub.kit.errors import Refusal
from kamhub.kit.text import Names, mark

# Why a departure could not be: its vehicle or driver is on the road, or the driver has not rested.
ConflictReason = Literal["vehicle", "driver", "rest"]
# What of a sold departure is not as the timetable has it now.
Difference = Literal["time", "vehicle", "driver"]


@dataclass(frozen=True, slots=True)
class RouteStop:
    """A stop of a route as a timetable needs it."""

    position: int
    place_id: UUID
    name: Names
    offset_minutes: int


@dataclass(frozen=True, slots=True)
class RouteLine:
    """A route that may have timetables; its times are local to the first stop."""

    id: UUID
    name: str
    stops: tuple[RouteStop, ...]
    zone: ZoneInfo

    @property
    def length(self) -> timedelta:
        """From the first stop to the last."""
        return timedelta(minutes=self.stops[-1].offset_minutes)

    @property
    def legs(self) -> int:
        return len(self.stops) - 1


@dataclass(frozen=True, slots=True)
class Pattern:
    """On which weekdays (1 is Monday) of a season, at which times."""

    weekdays: tuple[int, ...]
    times: tuple[time, ...]
    valid_from: date
    valid_to: date


@dataclass(frozen=True, slots=True)
class DayException:
    """The times of one date instead of those of the pattern; none: nothing runs."""

    on_date: date
    times: tuple[time, ...]
    note: str | None = None


@dataclass(frozen=True, slots=True)
class VehicleSeats:
    """A vehicle as it is put on a timetable."""

    id: UUID
    model: str
    plate: str
    capacity: int


@dataclass(frozen=True, slots=True)
class PriceGiven:
    """A price as people give it, by places; ``index`` is its place in what was sent."""

    index: int
    from_place_id: UUID
    to_place_id: UUID
    amount: int
    child_amount: int | None = None
    infant_amount: int | None = None


@dataclass(frozen=True, slots=True)
class TimetableWanted:
    """A timetable as it is to be. ``sales_cutoff_minutes`` None is the organisation's."""

    route_id: UUID
    vehicle_id: UUID
    driver_id: UUID | None
    pattern: Pattern
    prices: tuple[PriceGiven, ...]
    rules: tuple[PriceRule, ...] = ()
    sales_cutoff_minutes: int | None = None


@dataclass(frozen=True, slots=True)
class TimetableChange:
    """What of a timetable is to change; what is not in ``fields`` stays."""

    fields: frozenset[str]
    vehicle_id: UUID | None = None
    driver_id: UUID | None = None
    weekdays: tuple[int, ...] = ()
    times: tuple[time, ...] = ()
    valid_from: date | None = None
    valid_to: date | None = None
    prices: tuple[PriceGiven, ...] = ()
    rules: tuple[PriceRule, ...] = ()
    sales_cutoff_minutes: int | None = None


@dataclass(frozen=True, slots=True)
class Timetable:
    """A timetable as it is stored."""

    organisation_id: UUID
    id: UUID
    route_id: UUID
    tariff_id: UUID
    vehicle_id: UUID
    driver_id: UUID | None
    pattern: Pattern
    sales_cutoff_minutes: int
    version: int
    created_at: datetime
    archived_at: datetime | None
    exceptions: tuple[DayException, ...] = ()

    @property
    def exceptions_by_date(self) -> Mapping[date, DayException]:
        return {exception.on_date: exception for exception in self.exceptions}


@dataclass(frozen=True, slots=True)
class TimetableView:
    """A timetable with what people want to know beside it."""

    timetable: Timetable
    route: RouteLine
    vehicle: VehicleSeats
    driver_name: str | None
    tariff: Tariff
    upcoming: int
    last_departure: datetime | None


@dataclass(frozen=True, slots=True)
class Busy:
    """Somewhere a vehicle or a driver has to be: from the first stop to the last of a departure."""

    departure_id: UUID
    vehicle_id: UUID
    driver_id: UUID | None
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Conflict:
    """A departure that the timetable calls for and that cannot be; ``departure_id`` is what stands in its way."""

    departs_at: datetime
    reason: ConflictReason
    departure_id: UUID


@dataclass(frozen=True, slots=True)
class NewDeparture:
    """A departure to be made."""

    id: UUID
    departs_at: datetime


@dataclass(frozen=True, slots=True)
class Existing:
    """A departure of a timetable that has not left yet.

    ``bookings`` are those that still count; ``referred`` is whether anything names it: a booking that has ended, somebody
    on the waiting list.
    """

    id: UUID
    departs_at: datetime
    vehicle_id: UUID
    driver_id: UUID | None
    tariff_id: UUID
    sales_cutoff: timedelta
    capacity: int
    bookings: int
    referred: bool

    @property
    def sold(self) -> bool:
        return self.bookings > 0


@dataclass(frozen=True, slots=True)
class Terms:
    """What departures of a timetable have in common."""

    route_id: UUID
    vehicle_id: UUID
    driver_id: UUID | None
    tariff_id: UUID
    capacity: int
    sales_cutoff: timedelta
    length: timedelta
    legs: int


@dataclass(frozen=True, slots=True)
class Followed:
    """An unsold departure as it will be."""

    before: Existing
    departs_at: datetime
    vehicle_id: UUID
    driver_id: UUID | None
    tariff_id: UUID
    sales_cutoff: timedelta
    capacity: int

    @property
    def moved(self) -> bool:
        return self.departs_at != self.before.departs_at

    @property
    def changed(self) -> bool:
        """Whether anything is to be written."""
        return self.moved or (
            self.vehicle_id,
            self.driver_id,
            self.tariff_id,
            self.sales_cutoff,
            self.capacity,
        ) != (
            self.before.vehicle_id,
            self.before.driver_id,
            self.before.tariff_id,
            self.before.sales_cutoff,
            self.before.capacity,
        )


@dataclass(frozen=True, slots=True)
class KeptSold:
    """A sold departure that stays though the timetable has it otherwise now."""

    departure_id: UUID
    departs_at: datetime
    bookings: int
    differs: tuple[Difference, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """What becomes of the departures of a timetable: the outcome of a change, or of its preview."""

    created: tuple[NewDeparture, ...] = ()
    followed: tuple[Followed, ...] = ()
    removed: tuple[Existing, ...] = ()
    kept_sold: tuple[KeptSold, ...] = ()
    conflicts: tuple[Conflict, ...] = ()

    @property
    def moved(self) -> tuple[Followed, ...]:
        """Those whose time changes."""
        return tuple(one for one in self.followed if one.moved)

    @property
    def changed(self) -> tuple[Followed, ...]:
        """Those that stay at their time and get another vehicle, driver, tariff or close of sales."""
        return tuple(one for one in self.followed if one.changed and not one.moved)


@dataclass(frozen=True, slots=True)
class OutsideHours:
    """What a timetable asks of its driver outside their working hours: the times of departure, on the clock of the first
    stop. It is said and not forbidden."""

    works_from: time
    works_to: time
    times: tuple[time, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """A timetable after an action, and what became of its departures; of a preview nothing is written."""

    view: TimetableView | None
    plan: Plan
    zone: ZoneInfo
    outside_hours: OutsideHours | None = None


@dataclass(frozen=True, slots=True)
class TimetableUse:
    """A timetable that is still to run and needs a route, a vehicle or a driver."""

    id: UUID
    route: str
    times: tuple[time, ...]
    valid_to: date


def uses_json(uses: Sequence[TimetableUse]) -> list[dict[str, object]]:
    """``timetable_id, route, times, valid_to`` of each."""
    return [
        {
            "timetable_id": str(one.id),
            "route": one.route,
            "times": [f"{at:%H:%M}" for at in one.times],
            "valid_to": one.valid_to.isoformat(),
        }
        for one in uses
    ]


@dataclass(frozen=True, slots=True)
class Choices:
    """What a timetable can be made of."""

    routes: Sequence[RouteLine] = ()
    vehicles: Sequence[VehicleSeats] = ()
    drivers: Sequence[tuple[UUID, str]] = ()
    places: Sequence[tuple[UUID, str, Names]] = field(default=())


class TimetableNotFound(Refusal):
    """A timetable of another organisation, or none at all."""

    code = "timetable_not_found"
    status = 404
    title = mark("There is no such timetable")


class ExceptionNotFound(Refusal):
    """A date on which the timetable runs as always."""

    code = "exception_not_found"
    status = 404
    title = mark("There is no exception for this date")


class TimetableArchived(Refusal):
    """Somebody changes a timetable that was ended."""

    code = "timetable_archived"
    status = 409
    title = mark("This timetable was archived; make a new one")


class TimetableBusy(Refusal):
    """Others kept assigning the same vehicles at the same moment; nothing was changed."""

    code = "busy"
    status = 409
    title = mark("Somebody is changing the same departures at this moment; try again")
