"""What the pages of departures send."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Annotated, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import Field

from kamhub.hub.departure.forms import Reason
from kamhub.hub.departure.types import Assignment, ExtraDeparture
from kamhub.platform.web.schemas import Date, PageForm, Query, TimeOfDay, blank_is_none

_Driver = Annotated[UUID | None, blank_is_none(UUID | Literal[""] | None)]
_Version = Annotated[int, Field(ge=1, le=2**31 - 1)]
Month = Annotated[str, Field(pattern="^20[0-9]{2}-(0[1-9]|1[0-2])$", min_length=7, max_length=7)]


class BoardParameters(Query):
    """The day that is looked at, and of which route; today of every route unless said."""

    date: Annotated[Date | None, blank_is_none(Date | Literal[""] | None)] = None
    route_id: Annotated[UUID | None, blank_is_none(UUID | Literal[""] | None)] = None


class MonthParameters(Query):
    """The month that is looked at, as ``2026-11``; this one unless said."""

    month: Annotated[Month | None, blank_is_none(Month | Literal[""] | None)] = None

    def first(self, today: date) -> date:
        """Its first day."""
        return date.fromisoformat(f"{self.month}-01") if self.month else today.replace(day=1)


class AssignmentPageForm(PageForm):
    """Vehicle and driver, as the form has them; no driver is an empty field."""

    vehicle_id: UUID
    driver_id: _Driver = None
    version: _Version

    def assignment(self) -> Assignment:
        """The same."""
        return Assignment(self.vehicle_id, self.driver_id)


class SalesPageForm(PageForm):
    """Why sales are closed or opened."""

    reason: Reason = None
    version: _Version


class ExtraPageForm(PageForm):
    """A departure beside the timetable, at a local time."""

    route_id: UUID
    vehicle_id: UUID
    driver_id: _Driver = None
    date: Date
    time: TimeOfDay

    def wanted(self, zone: ZoneInfo) -> ExtraDeparture:
        """The same; the time is of that zone, the prices those of the route's newest departure."""
        at = datetime.combine(self.date, time.fromisoformat(self.time), zone)
        return ExtraDeparture(self.route_id, Assignment(self.vehicle_id, self.driver_id), at)
