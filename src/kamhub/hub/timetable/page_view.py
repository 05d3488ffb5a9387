"""What the timetable pages show: calendars, tables of prices, sentences of what was done."""

from __future__ import annotations

import calendar
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import TypeVar
from zoneinfo import ZoneInfo

from kamhub.hub.price.types import PriceRule, RuleKind, TariffPrice
from kamhub.hub.timetable.page_forms import IN_HOURS
from kamhub.hub.timetable.rules import roubles
from kamhub.hub.timetable.types import ConflictReason, Difference, Plan, RouteLine, RouteStop, TimetableView
from kamhub.kit.text import Locale, mark
from kamhub.platform.i18n.catalogue import translator

Name = TypeVar("Name", bound=str)

RULE_ROWS = 5
# A Monday, to name the days of a week by.
_MONDAY = date(2024, 1, 1)
_REASONS: Mapping[ConflictReason, str] = {
    "vehicle": mark("the vehicle is on the road"),
    "driver": mark("the driver is on the road"),
    "rest": mark("the driver has not rested long enough"),
}
_DIFFERS: Mapping[Difference, str] = {
    "time": mark("runs at a time that the timetable does not have"),
    "vehicle": mark("has another vehicle"),
    "driver": mark("has another driver"),
}
_KINDS: Mapping[RuleKind, str] = {
    "early": mark("Booked early: at least so many hours before"),
    "last_minute": mark("Last minute: at most so many hours before"),
    "load": mark("Filling up: at least so many percent sold"),
    "group": mark("Group: at least so many passengers"),
}
_DONE: Mapping[str, str] = {
    "created": mark("The timetable is made."),
    "changed": mark("The timetable is changed."),
    "archived": mark("The timetable is archived."),
    "excepted": mark("The special date is kept."),
    "kept": mark("That date runs by the timetable again."),
    "generated": mark("What was missing is made."),
    "imported": mark("The timetables are imported."),
}


@dataclass(frozen=True, slots=True)
class PriceRow:
    """A pair of stops in the price table, as the form shows it."""

    index: int
    start: RouteStop
    end: RouteStop
    neighbours: bool


@dataclass(frozen=True, slots=True)
class CalendarDay:
    """A day of a month: how many departures, how many that cannot run; ``day`` None is outside the month."""

    day: date | None
    runs: int = 0
    conflicts: int = 0


@dataclass(frozen=True, slots=True)
class CalendarMonth:
    """A month with its weeks, from Monday."""

    first: date
    runs: int
    weeks: tuple[tuple[CalendarDay, ...], ...]


def price_rows(route: RouteLine) -> list[PriceRow]:
    """Every pair of stops in order, neighbours first: what they cost is enough to add up the others."""
    pairs = [(start, end) for n, start in enumerate(route.stops) for end in route.stops[n + 1 :]]
    pairs.sort(key=lambda pair: (pair[1].position - pair[0].position, pair[0].position))
    return [PriceRow(index, start, end, end.position - start.position == 1) for index, (start, end) in enumerate(pairs)]


def form_values(view: TimetableView) -> dict[str, str]:
    """A timetable as the fields of its form."""
    timetable, pattern = view.timetable, view.timetable.pattern
    values = {
        "route_id": str(timetable.route_id),
        "vehicle_id": str(timetable.vehicle_id),
        "driver_id": str(timetable.driver_id or ""),
        "times": " ".join(f"{at:%H:%M}" for at in pattern.times),
        "valid_from": pattern.valid_from.isoformat(),
        "valid_to": pattern.valid_to.isoformat(),
        "sales_cutoff_minutes": str(timetable.sales_cutoff_minutes),
        "version": str(timetable.version),
    }
    prices = {(one.from_position, one.to_position): one for one in view.tariff.prices}
    for row in price_rows(view.route):
        values |= _price_values(row, prices.get((row.start.position, row.end.position)))
    for index, rule in enumerate(view.tariff.rules):
        values[f"rules.{index}.kind"] = rule.kind
        values[f"rules.{index}.threshold"] = threshold_text(rule)
        values[f"rules.{index}.percent"] = str(rule.percent)
    return values


def _price_values(row: PriceRow, price: TariffPrice | None) -> dict[str, str]:
    if price is None:
        return {}
    amounts = {"price": price.amount, "child_price": price.child_amount, "infant_price": price.infant_amount}
    return {f"prices.{row.index}.{name}": roubles(amount) for name, amount in amounts.items() if amount is not None}


def threshold_text(rule: PriceRule) -> str:
    """The threshold of a rule as the form shows it: hours for what a tariff keeps in minutes."""
    if rule.kind not in IN_HOURS:
        return str(rule.threshold)
    hours = (Decimal(rule.threshold) / 60).quantize(Decimal("0.01")).normalize()
    return f"{hours:f}"


def months(plan: Plan, zone: ZoneInfo) -> list[CalendarMonth]:
    """The departures that will be made or moved, and those that cannot run, day by day."""
    runs = _by_day([one.departs_at for one in plan.created] + [one.departs_at for one in plan.followed], zone)
    blocked = _by_day([one.departs_at for one in plan.conflicts], zone)
    found = sorted({day.replace(day=1) for day in (*runs, *blocked)})
    return [_month(first, runs, blocked) for first in found]


def _by_day(moments: Iterable[datetime], zone: ZoneInfo) -> Counter[date]:
    return Counter(moment.astimezone(zone).date() for moment in moments)


def _month(first: date, runs: Counter[date], blocked: Counter[date]) -> CalendarMonth:
    weeks = tuple(
        tuple(
            CalendarDay(day, runs[day], blocked[day]) if day.month == first.month else CalendarDay(None) for day in week
        )
        for week in calendar.Calendar().monthdatescalendar(first.year, first.month)
    )
    total = sum(count for day, count in runs.items() if (day.year, day.month) == (first.year, first.month))
    return CalendarMonth(first, total, weeks)


def weekdays() -> list[tuple[int, date]]:
    """The numbers of the days of a week, and a date to name each by."""
    return [(day, _MONDAY.replace(day=day)) for day in range(1, 8)]


def words(locale: Locale) -> dict[str, Mapping[str, str]]:
    """Reasons, differences and kinds of rules, for the templates."""
    gettext = translator(locale).gettext

    def told(texts: Mapping[Name, str]) -> Mapping[str, str]:
        return {str(name): gettext(text) for name, text in texts.items()}

    return {
        "reasons": told(_REASONS),
        "differs": told(_DIFFERS),
        "kinds": told(_KINDS),
    }


def said(done: str, counts: Mapping[str, int], locale: Locale) -> str | None:
    """What has just been done, as sentences."""
    if done not in _DONE:
        return None
    parts = [translator(locale).gettext(_DONE[done])]
    parts += [_counted(name, number, locale) for name, number in counts.items() if number]
    return " ".join(parts)


def _counted(name: str, number: int, locale: Locale) -> str:
    """What became of so many departures."""
    words = translator(locale)
    match name:
        case "created":
            text = words.ngettext("%(num)s departure is made.", "%(num)s departures are made.", number)
        case "moved":
            text = words.ngettext("%(num)s departure is moved.", "%(num)s departures are moved.", number)
        case "changed":
            text = words.ngettext("%(num)s departure has new terms.", "%(num)s departures have new terms.", number)
        case "removed":
            text = words.ngettext("%(num)s departure is taken away.", "%(num)s departures are taken away.", number)
        case "kept_sold":
            text = words.ngettext(
                "%(num)s sold departure stays as it was.", "%(num)s sold departures stay as they were.", number
            )
        case _:
            text = words.ngettext("%(num)s departure cannot run.", "%(num)s departures cannot run.", number)
    return text % {"num": number}
