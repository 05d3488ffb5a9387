"""What comes in from outside about timetables."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints

from kamhub.hub.price.types import PriceRule, RuleKind
from kamhub.hub.timetable.rules import MOST_TIMES
from kamhub.hub.timetable.types import DayException, Pattern, PriceGiven, TimetableChange, TimetableWanted
from kamhub.kit.text import mark
from kamhub.platform.web.schemas import (
    BlankIsNone,
    Date,
    Form,
    Line,
    MoneyForm,
    PageParameters,
    TimeOfDay,
)

LEAST_AMOUNT, MOST_AMOUNT = 100, 100_000_000
MOST_PRICES = 51 * 50 // 2
MOST_RULES = 20
_ROUBLES = mark("Prices are in roubles: RUB.")
_ZERO = mark("A rule changes the price: not by 0 percent.")


def _amount(value: object) -> object:
    """Minor units, also of ``{"amount": …, "currency": "RUB"}``."""
    if not isinstance(value, Mapping):
        return value
    money = MoneyForm.model_validate(dict(value))
    if money.currency != "RUB":
        raise ValueError(_ROUBLES)
    return money.amount


def _sorted_once(values: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted(set(values)))


def _weekdays_once(values: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(sorted(set(values)))


def _not_zero(value: int) -> int:
    if value == 0:
        raise ValueError(_ZERO)
    return value


_Money = BeforeValidator(_amount, json_schema_input_type=int | MoneyForm)
Price = Annotated[int, Field(strict=True, ge=LEAST_AMOUNT, le=MOST_AMOUNT), _Money]
ReducedPrice = Annotated[int, Field(strict=True, ge=0, le=MOST_AMOUNT), _Money]
Weekday = Annotated[int, Field(ge=1, le=7)]
Weekdays = Annotated[tuple[Weekday, ...], Field(min_length=1, max_length=7), AfterValidator(_weekdays_once)]
Times = Annotated[tuple[TimeOfDay, ...], Field(min_length=1, max_length=MOST_TIMES), AfterValidator(_sorted_once)]
NoTimes = Annotated[tuple[TimeOfDay, ...], Field(max_length=MOST_TIMES), AfterValidator(_sorted_once)]
Cutoff = Annotated[int, Field(ge=0, le=10_080)]


class PriceForm(Form):
    """What a seat between two stops costs, in minor units or as ``{amount, currency}``; children and infants may pay less."""

    from_place_id: UUID
    to_place_id: UUID
    price: Price
    child_price: ReducedPrice | None = None
    infant_price: ReducedPrice | None = None

    def given(self, index: int) -> PriceGiven:
        """As actions take it."""
        return PriceGiven(
            index, self.from_place_id, self.to_place_id, self.price,
            _at_most(self.child_price, self.price), _at_most(self.infant_price, self.price),
        )  # fmt: skip


def _at_most(reduced: int | None, price: int) -> int | None:
    """Nobody pays more than an adult: then it is the price of an adult."""
    return None if reduced is None or reduced >= price else reduced


class PriceRuleForm(Form):
    """What changes the price of a seat; see the operator's handbook for the thresholds of each kind."""

    kind: RuleKind
    threshold: Annotated[int, Field(ge=1, le=525_600)]
    percent: Annotated[int, Field(ge=-90, le=200), AfterValidator(_not_zero)]

    def rule(self) -> PriceRule:
        """As a tariff keeps it."""
        return PriceRule(self.kind, self.threshold, self.percent)


Prices = Annotated[tuple[PriceForm, ...], Field(min_length=1, max_length=MOST_PRICES)]
Rules = Annotated[tuple[PriceRuleForm, ...], Field(max_length=MOST_RULES)]


class TimetableForm(Form):
    """Body of ``POST /api/timetables``: weekdays (1 is Monday) by times within a season, local to the first stop."""

    route_id: UUID
    vehicle_id: UUID
    driver_id: UUID | None = None
    weekdays: Weekdays
    times: Times
    valid_from: Date
    valid_to: Date
    prices: Prices
    rules: Rules = ()
    sales_cutoff_minutes: Cutoff | None = None

    def wanted(self) -> TimetableWanted:
        """As actions take it."""
        return TimetableWanted(
            route_id=self.route_id,
            vehicle_id=self.vehicle_id,
            driver_id=self.driver_id,
            pattern=Pattern(self.weekdays, clock_times(self.times), self.valid_from, self.valid_to),
            prices=tuple(price.given(index) for index, price in enumerate(self.prices)),
            rules=tuple(rule.rule() for rule in self.rules),
            sales_cutoff_minutes=self.sales_cutoff_minutes,
        )


class TimetablePricesForm(Form):
    """What of the prices is to change; a list that is sent replaces the one there is."""

    prices: Prices | None = None
    rules: Rules | None = None

    def change(self) -> TimetableChange:
        """As actions take it."""
        fields = frozenset(name for name in self.model_fields_set if getattr(self, name) is not None)
        return TimetableChange(
            fields=fields,
            prices=tuple(price.given(index) for index, price in enumerate(self.prices or ())),
            rules=tuple(rule.rule() for rule in self.rules or ()),
        )


class TimetablePatch(Form):
    """What of a timetable is to change; what is left out stays. Without a driver is ``driver_id: null``."""

    vehicle_id: UUID | None = None
    driver_id: UUID | None = None
    weekdays: Weekdays | None = None
    times: Times | None = None
    valid_from: Date | None = None
    valid_to: Date | None = None
    prices: Prices | None = None
    rules: Rules | None = None
    sales_cutoff_minutes: Cutoff | None = None

    def change(self) -> TimetableChange:
        """As actions take it."""
        fields = {name for name in self.model_fields_set if name == "driver_id" or getattr(self, name) is not None}
        return TimetableChange(
            fields=frozenset(fields),
            vehicle_id=self.vehicle_id,
            driver_id=self.driver_id,
            weekdays=self.weekdays or (),
            times=clock_times(self.times or ()),
            valid_from=self.valid_from,
            valid_to=self.valid_to,
            prices=tuple(price.given(index) for index, price in enumerate(self.prices or ())),
            rules=tuple(rule.rule() for rule in self.rules or ()),
            sales_cutoff_minutes=self.sales_cutoff_minutes,
        )


class ExceptionForm(Form):
    """Body of ``POST /api/timetables/{timetable_id}/exceptions``: the times of that date, none for a day off."""

    date: Date
    times: NoTimes = ()
    note: Annotated[Annotated[str, StringConstraints(max_length=200)] | None, Line, BlankIsNone] = None

    def exception(self) -> DayException:
        """As actions take it."""
        return DayException(self.date, clock_times(self.times), self.note)


class TimetableParameters(PageParameters):
    """Filters and page of the list of timetables."""

    route_id: Annotated[UUID | None, BlankIsNone] = None
    archived: bool = False


def clock_times(texts: tuple[str, ...]) -> tuple[dt.time, ...]:
    """``08:00`` as a time."""
    return tuple(dt.time.fromisoformat(text) for text in texts)
