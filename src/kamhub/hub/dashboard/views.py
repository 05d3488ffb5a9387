"""Figures as JSON and as lines of a file."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from kamhub.hub.dashboard.types import Day, Figures, Made, Running
from kamhub.kit.money import Money

COLUMNS = (
    "date",
    "departures",
    "departures_cancelled",
    "seats",
    "seats_taken",
    "occupancy",
    "holds",
    "named",
    "confirmed",
    "cancelled",
    "sold",
    "returned",
    "currency",
)


def figures_json(figures: Figures, today: date) -> dict[str, object]:
    """The reply of ``/api/dashboard``."""
    currency = figures.currency
    return {
        "today": today.isoformat(),
        "days": [
            {"date": day.date.isoformat(), **_running(day.running), **_made(day.made, currency)} for day in figures.days
        ],
        "totals": {**_running(figures.running), **_made(figures.made, currency)},
        "sources": [{"channel": channel, **_made(made, currency)} for channel, made in figures.sources],
    }


def _running(running: Running) -> dict[str, object]:
    return {
        "departures": running.departures,
        "departures_cancelled": running.cancelled,
        "seats": running.seat_legs,
        "seats_taken": running.taken_legs,
        "occupancy": _share(running.occupancy),
    }


def _made(made: Made, currency: str) -> dict[str, object]:
    return {
        "holds": made.holds,
        "named": made.named,
        "confirmed": made.confirmed,
        "cancelled": made.cancelled,
        "conversion": _share(made.conversion),
        "sold": Money(made.sold, currency).as_json(),
        "returned": Money(made.returned, currency).as_json(),
    }


def _share(share: float | None) -> float | None:
    return None if share is None else round(share, 4)


def lines(figures: Figures) -> Iterator[tuple[object, ...]]:
    """A line a day, in the order of ``COLUMNS``; money in major units."""
    for day in figures.days:
        yield _line(day, figures.currency)


def _line(day: Day, currency: str) -> tuple[object, ...]:
    running, made = day.running, day.made
    return (
        day.date.isoformat(),
        running.departures,
        running.cancelled,
        running.seat_legs,
        running.taken_legs,
        _share(running.occupancy),
        made.holds,
        made.named,
        made.confirmed,
        made.cancelled,
        Money(made.sold, currency).major(),
        Money(made.returned, currency).major(),
        currency,
    )
