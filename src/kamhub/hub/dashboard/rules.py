"""Putting days together, and the geometry of their charts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta

from kamhub.hub.booking.types import Channel
from kamhub.hub.dashboard.types import Bar, Day, Figures, Made, Running

LONGEST_DAYS = 92
GAP = 0.25  # of a bar's place that stays free


def period(today: date, first: date | None, last: date | None) -> tuple[date, date]:
    """The days to show: as asked, by default the last seven and the next seven; at most ``LONGEST_DAYS``."""
    if first is None and last is None:
        return today - timedelta(days=6), today + timedelta(days=7)
    start = first if first is not None else (last or today) - timedelta(days=13)
    end = last if last is not None else start + timedelta(days=13)
    return start, min(end, start + timedelta(days=LONGEST_DAYS - 1))


def gather(
    first: date,
    last: date,
    running: Mapping[date, Running],
    made: Mapping[tuple[date, Channel], Made],
    currency: str,
) -> Figures:
    """Every day of the period, also those on which nothing was, with the sums."""
    by_day: dict[date, Made] = {}
    by_source: dict[Channel, Made] = {}
    for (day, channel), figures in made.items():
        by_day[day] = by_day.get(day, Made()) + figures
        by_source[channel] = by_source.get(channel, Made()) + figures
    dates = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    days = tuple(Day(day, running.get(day, Running()), by_day.get(day, Made())) for day in dates)
    return Figures(
        days,
        _sum_running(day.running for day in days),
        sum((day.made for day in days), Made()),
        tuple(sorted(by_source.items(), key=lambda source: (-source[1].sold, source[0]))),
        currency,
    )


def _sum_running(each: Iterable[Running]) -> Running:
    found = list(each)
    return Running(
        sum(day.departures for day in found),
        sum(day.cancelled for day in found),
        sum(day.seat_legs for day in found),
        sum(day.taken_legs for day in found),
    )


def bars(values: Sequence[float], *, width: float, height: float, highest: float | None = None) -> tuple[Bar, ...]:
    """A bar for each value, side by side, the highest as high as the picture (or as ``highest`` would be)."""
    top = highest if highest is not None else max(values, default=0)
    place = width / len(values) if values else width
    found = []
    for number, value in enumerate(values):
        tall = round(height * min(value / top, 1), 2) if top > 0 else 0.0
        found.append(
            Bar(round(place * (number + GAP / 2), 2), round(height - tall, 2), round(place * (1 - GAP), 2), tall)
        )
    return tuple(found)
