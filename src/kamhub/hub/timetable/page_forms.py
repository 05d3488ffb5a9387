"""What the timetable pages are sent, as the browser sends it: prices in roubles, times in one line."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Annotated, Any
from uuid import UUID

from pydantic import BeforeValidator, Field

from kamhub.hub.price.types import PriceRule, RuleKind
from kamhub.hub.timetable.forms import (
    LEAST_AMOUNT,
    MOST_AMOUNT,
    MOST_PRICES,
    MOST_RULES,
    Cutoff,
    ExceptionForm,
    PriceForm,
    PriceRuleForm,
    TimetableForm,
    TimetablePatch,
    Weekdays,
)
from kamhub.hub.timetable.rules import MOST_TIMES
from kamhub.hub.timetable.types import DayException, PriceGiven, TimetableChange, TimetableWanted
from kamhub.kit.money import parse_major
from kamhub.kit.text import mark
from kamhub.platform.web.schemas import BlankIsNone, Date, Form, Line, PageForm

_ROUBLES = mark("Write a price in roubles, such as 1500.")
_TIMES = mark("Write times such as 08:00 10:30, with blanks between them.")
_HOURS = mark("Write a number of hours, such as 24.")
_TIME = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])")
_BETWEEN = re.compile(r"[\s,;]+")
# Thresholds that people think of in hours and a tariff keeps in minutes.
IN_HOURS = frozenset({"early", "last_minute"})


# More than anybody writes into one field of a price, and all the times of a day with room to spare.
_LONGEST_NUMBER, _LONGEST_TIMES = 40, 400
_Figure = Annotated[str, Field(max_length=_LONGEST_NUMBER)]
_Clocks = Annotated[str, Field(max_length=_LONGEST_TIMES)]


def _roubles(value: object) -> object:
    """Minor units of ``1 500`` or ``1500,50``."""
    if not isinstance(value, str):
        return value
    if len(value) > _LONGEST_NUMBER:
        raise ValueError(_ROUBLES)
    try:
        return parse_major("".join(value.split()).replace(",", "."), "RUB").amount
    except ValueError:
        raise ValueError(_ROUBLES) from None


def _times(value: object) -> object:
    """``8:00, 10:30`` as times, each once."""
    if not isinstance(value, str):
        return value
    if len(value) > _LONGEST_TIMES:
        raise ValueError(_TIMES)
    found = set()
    for word in filter(None, _BETWEEN.split(value.strip())):
        if (told := _TIME.fullmatch(word)) is None:
            raise ValueError(_TIMES)
        found.add(dt.time(int(told[1]), int(told[2])))
    return tuple(sorted(found))


def _number(value: object) -> object:
    if not isinstance(value, str):
        return value
    if len(value) > _LONGEST_NUMBER:
        raise ValueError(_HOURS)
    try:
        return Decimal(value.strip().replace(",", "."))
    except InvalidOperation:
        raise ValueError(_HOURS) from None


_Roubles = BeforeValidator(_roubles, json_schema_input_type=_Figure)
PagePrice = Annotated[int | None, Field(ge=LEAST_AMOUNT, le=MOST_AMOUNT), _Roubles, BlankIsNone]
PageReduced = Annotated[int | None, Field(ge=0, le=MOST_AMOUNT), _Roubles, BlankIsNone]
_Clock = BeforeValidator(_times, json_schema_input_type=_Clocks)
PageTimes = Annotated[tuple[dt.time, ...], Field(min_length=1, max_length=MOST_TIMES), _Clock]
PageNoTimes = Annotated[tuple[dt.time, ...], Field(max_length=MOST_TIMES), _Clock]
Version = Annotated[int | None, Field(ge=0, le=1_000_000_000), BlankIsNone]


class PricePageForm(Form):
    """A row of the price table; without a price of its own the pair is added up from the others."""

    from_place_id: UUID
    to_place_id: UUID
    price: PagePrice = None
    child_price: PageReduced = None
    infant_price: PageReduced = None


class RulePageForm(Form):
    """A row of the price rules; without a kind it says nothing. Hours for ``early`` and ``last_minute``."""

    kind: Annotated[RuleKind | None, BlankIsNone] = None
    threshold: Annotated[
        Decimal | None,
        Field(gt=0, le=525_600),
        BeforeValidator(_number, json_schema_input_type=_Figure),
        BlankIsNone,
    ] = None
    percent: Annotated[int | None, Field(ge=-90, le=200), BlankIsNone] = None

    @property
    def whole(self) -> bool:
        """Whether it says anything."""
        return self.kind is not None and self.threshold is not None and bool(self.percent)

    def rule(self) -> PriceRule:
        """As a tariff keeps it."""
        threshold = Decimal(self.threshold or 1) * (60 if self.kind in IN_HOURS else 1)
        minutes = int(threshold.quantize(Decimal(1), ROUND_HALF_UP))
        checked = PriceRuleForm.model_validate(
            {"kind": self.kind, "threshold": max(1, min(minutes, 525_600)), "percent": self.percent}
        )
        return checked.rule()


class TimetablePageForm(PageForm):
    """A timetable, new or changed. ``version`` is the one that the form was made from."""

    route_id: UUID
    vehicle_id: UUID
    driver_id: Annotated[UUID | None, BlankIsNone] = None
    weekdays: Weekdays
    times: PageTimes
    valid_from: Date
    valid_to: Date
    sales_cutoff_minutes: Annotated[Cutoff | None, BlankIsNone] = None
    prices: Annotated[tuple[PricePageForm, ...], Field(max_length=MOST_PRICES)] = ()
    rules: Annotated[tuple[RulePageForm, ...], Field(max_length=MOST_RULES)] = ()
    version: Version = None

    def _given(self) -> tuple[PriceGiven, ...]:
        return tuple(
            PriceForm.model_validate(one.model_dump()).given(index)
            for index, one in enumerate(self.prices)
            if one.price is not None
        )

    def _rules(self) -> tuple[PriceRule, ...]:
        return tuple(one.rule() for one in self.rules if one.whole)

    def wanted(self) -> TimetableWanted:
        """A new timetable, as actions take it."""
        form = TimetableForm.model_construct(
            route_id=self.route_id, vehicle_id=self.vehicle_id, driver_id=self.driver_id, weekdays=self.weekdays,
            times=tuple(f"{at:%H:%M}" for at in self.times), valid_from=self.valid_from, valid_to=self.valid_to,
            prices=(), rules=(), sales_cutoff_minutes=self.sales_cutoff_minutes,
        )  # fmt: skip
        wanted = form.wanted()
        return TimetableWanted(
            wanted.route_id, wanted.vehicle_id, wanted.driver_id, wanted.pattern, self._given(), self._rules(),
            wanted.sales_cutoff_minutes,
        )  # fmt: skip

    def change(self) -> TimetableChange:
        """A changed one: the form shows all of it, so all of it is said."""
        fields = frozenset(TimetablePatch.model_fields)
        if self.sales_cutoff_minutes is None:
            fields -= {"sales_cutoff_minutes"}
        return TimetableChange(
            fields=fields,
            vehicle_id=self.vehicle_id,
            driver_id=self.driver_id,
            weekdays=self.weekdays,
            times=self.times,
            valid_from=self.valid_from,
            valid_to=self.valid_to,
            prices=self._given(),
            rules=self._rules(),
            sales_cutoff_minutes=self.sales_cutoff_minutes,
        )


class ExceptionPageForm(PageForm):
    """The times of one date, none for a day off."""

    date: Date
    times: PageNoTimes = ()
    note: Annotated[Annotated[str, Field(max_length=200)] | None, Line, BlankIsNone] = None

    def exception(self) -> DayException:
        """As actions take it."""
        texts = tuple(f"{at:%H:%M}" for at in self.times)
        return ExceptionForm(date=self.date, times=texts, note=self.note).exception()


class VersionPageForm(PageForm):
    """A button that ends something; ``version`` is the one that was looked at."""

    version: Version = None


def nested(sent: Mapping[str, Any], weekdays: list[str]) -> dict[str, object]:
    """The flat fields of the form as ``TimetablePageForm`` takes them: ``prices.0.price``, ``weekdays`` again and again.

    A row that says nothing is left out, so that faults keep the numbers of the rows that people see.
    """
    rows: dict[str, dict[int, dict[str, str]]] = {"prices": {}, "rules": {}}
    plain: dict[str, object] = {}
    for name, value in sent.items():
        family, _, rest = name.partition(".")
        index, _, field = rest.partition(".")
        if family in rows and index.isdecimal() and len(index) < 5 and field:
            rows[family].setdefault(int(index), {})[field] = str(value)
        elif name != "weekdays":
            plain[name] = str(value)
    return {
        **plain,
        "weekdays": weekdays,
        **{family: [found[index] for index in sorted(found)] for family, found in rows.items()},
    }
