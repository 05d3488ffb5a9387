"""What comes in from outside about departures."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Literal, Self
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import AwareDatetime, Field, model_validator

from kamhub.hub.departure import rules
from kamhub.hub.departure.types import (
    Assignment,
    DepartureQuery,
    DepartureStatus,
    ExtraDeparture,
    PriceWanted,
    StaffDeparture,
)
from kamhub.kit.text import mark
from kamhub.platform.web.schemas import Amount, BlankIsNone, Date, Form, MoneyForm, PageParameters, Text, blank_is_none

MOST_PRICES = 51 * 50 // 2
_NOTHING = mark("Name what is to change.")
Reason = Annotated[str | None, Field(max_length=500), BlankIsNone, Text]
_Id = Annotated[UUID | None, blank_is_none(UUID | Literal[""] | None)]
_Day = Annotated[Date | None, blank_is_none(Date | Literal[""] | None)]


class DepartureParameters(PageParameters):
    """Filters and page; days are those of the organisation's zone, ``to`` counts in.

    Without ``date``, ``from`` and ``to`` the list begins with today.
    """

    date: _Day = None
    since: Annotated[_Day, Field(alias="from")] = None
    until: Annotated[_Day, Field(alias="to")] = None
    route_id: _Id = None
    status: Annotated[DepartureStatus | None, blank_is_none(DepartureStatus | Literal[""] | None)] = None
    driver_id: _Id = None
    vehicle_id: _Id = None

    def query(self, zone: ZoneInfo, now: datetime) -> DepartureQuery:
        """The same as moments."""
        first, last = self.date or self.since, self.date or self.until
        if first is None and last is None:
            first = now.astimezone(zone).date()
        return DepartureQuery(
            None if first is None else rules.day_bounds(first, zone)[0],
            None if last is None else rules.day_bounds(last, zone)[1],
            self.route_id,
            self.status,
            self.vehicle_id,
            self.driver_id,
        )


class AssignmentForm(Form):
    """What is to change; a ``driver_id`` of null takes the driver off."""

    vehicle_id: UUID | None = None
    driver_id: UUID | None = None

    @model_validator(mode="after")
    def _something(self) -> Self:
        if self.vehicle_id is None and "driver_id" not in self.model_fields_set:
            raise ValueError(_NOTHING)
        return self

    def on(self, departure: StaffDeparture) -> Assignment:
        """What that departure would have then."""
        driver = self.driver_id if "driver_id" in self.model_fields_set else departure.driver_id
        return Assignment(self.vehicle_id or departure.vehicle_id, driver)


class ReasonForm(Form):
    """Why; nobody has to say."""

    reason: Reason = None


class PriceForm(Form):
    """What a seat between two places costs, in minor units; a child or an infant without a price pays as an adult."""

    from_place_id: UUID
    to_place_id: UUID
    price: Amount | MoneyForm
    child_price: Amount | None = None
    infant_price: Amount | None = None

    def wanted(self) -> PriceWanted:
        """The same."""
        amount = self.price.amount if isinstance(self.price, MoneyForm) else self.price
        return PriceWanted(self.from_place_id, self.to_place_id, amount, self.child_price, self.infant_price)


class DepartureForm(Form):
    """A departure beside the timetable.

    Its prices are those given, or those of the tariff given, or those of the route's newest departure.
    """

    route_id: UUID
    vehicle_id: UUID
    driver_id: UUID | None = None
    departs_at: AwareDatetime
    tariff_id: UUID | None = None
    prices: Annotated[tuple[PriceForm, ...], Field(max_length=MOST_PRICES)] = ()

    def wanted(self) -> ExtraDeparture:
        """The same, to the minute."""
        return ExtraDeparture(
            self.route_id,
            Assignment(self.vehicle_id, self.driver_id),
            self.departs_at - timedelta(seconds=self.departs_at.second, microseconds=self.departs_at.microsecond),
            self.tariff_id,
            tuple(price.wanted() for price in self.prices),
        )
