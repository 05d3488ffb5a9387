"""What is told of timetables, as the API documents it; made by ``views``."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

from kamhub.hub.price.types import RuleKind
from kamhub.hub.timetable.types import ConflictReason, Difference
from kamhub.platform.web.schemas import ListReply, MoneyReply, NamesReply, Reply


class PriceReply(Reply):
    """What a seat between two stops costs; a child or an infant without a price of their own pays as an adult."""

    from_place_id: UUID
    to_place_id: UUID
    price: MoneyReply
    child_price: MoneyReply | None
    infant_price: MoneyReply | None


class PriceRuleReply(Reply):
    """What changes the price of a seat."""

    kind: RuleKind
    threshold: int
    percent: int


class ExceptionReply(Reply):
    """Other times on one date; none: nothing runs."""

    date: dt.date
    times: list[str]
    note: str | None


class TimetableStopReply(Reply):
    """A stop of the route, minutes from the first."""

    place_id: UUID
    name: NamesReply
    offset_minutes: int


class UpcomingReply(Reply):
    """The departures that are made and have not left; ``last`` is when the last of them leaves."""

    count: int
    last: dt.datetime | None


class TimetableReply(Reply):
    """A timetable. Weekdays count from Monday, times are local to the first stop, in ``time_zone``."""

    id: UUID
    route_id: UUID
    route_name: str
    stops: list[TimetableStopReply]
    vehicle_id: UUID
    vehicle_plate: str
    driver_id: UUID | None
    driver_name: str | None
    weekdays: list[int]
    times: list[str]
    valid_from: dt.date
    valid_to: dt.date
    time_zone: str
    sales_cutoff_minutes: int
    tariff_id: UUID
    prices: list[PriceReply]
    rules: list[PriceRuleReply]
    exceptions: list[ExceptionReply]
    departures: UpcomingReply
    version: int
    created_at: dt.datetime
    archived_at: dt.datetime | None


class ConflictReply(Reply):
    """A departure that the timetable calls for and that cannot be: what is busy, and with which departure."""

    departs_at: dt.datetime
    reason: ConflictReason
    departure_id: UUID


class KeptSoldReply(Reply):
    """A sold departure that is not as the timetable has it now: keep it, or decide about it as a disruption."""

    departure_id: UUID
    departs_at: dt.datetime
    bookings: int
    differs: list[Difference]


class GeneratedReply(Reply):
    """Departures that were made, or would be."""

    count: int
    first: dt.datetime | None
    last: dt.datetime | None


class OutsideHoursReply(Reply):
    """Times of departure at which the driver of the timetable would drive outside their hours. A warning, no refusal."""

    works_from: str
    works_to: str
    times: list[str]


class TimetableDetailReply(TimetableReply):
    """A timetable with what is not as it should be; ``missing`` could be made now: what stood in their way is gone."""

    missing: GeneratedReply
    conflicts: list[ConflictReply]
    kept_sold: list[KeptSoldReply]
    outside_hours: OutsideHoursReply | None


class TimetableListReply(ListReply[TimetableReply]):
    """Timetables by route and season."""


class MovedReply(Reply):
    """A departure that nobody had bought, at another time now."""

    departure_id: UUID
    from_departs_at: dt.datetime
    departs_at: dt.datetime


class RemovedReply(Reply):
    """A departure that nobody had bought and that is gone."""

    departure_id: UUID
    departs_at: dt.datetime


class PlanReply(Reply):
    """What becomes of departures: ``changed`` counts those that kept their time and got another vehicle, driver, price or
    close of sales; lists name the first 200 of each, ``counts`` all."""

    generated: GeneratedReply
    changed: int
    moved: list[MovedReply]
    removed: list[RemovedReply]
    kept_sold: list[KeptSoldReply]
    conflicts: list[ConflictReply]
    counts: dict[str, int]
    outside_hours: OutsideHoursReply | None


class TimetableDoneReply(TimetableReply, PlanReply):
    """A timetable with what has become of its departures."""
