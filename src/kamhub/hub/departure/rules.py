"""What may be done with a departure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from kamhub.hub.departure.types import DepartureCancelled, DepartureGone, DepartureStatus, PriceWanted, SoldParty

# How far ahead a single departure may be put.
MOST_AHEAD = timedelta(days=731)


def left_out(parties: Iterable[SoldParty], capacity: int, legs: int) -> tuple[SoldParty, ...]:
    """Who would not fit into so many seats: the latest made goes first, and only where a leg is too full with it."""
    kept = list(parties)
    load = [sum(party.passengers for party in kept if rides(party, leg)) for leg in range(legs)]
    out: list[SoldParty] = []
    for party in sorted(kept, key=lambda one: (one.created_at, one.id), reverse=True):
        if any(load[leg] > capacity and rides(party, leg) for leg in range(legs)):
            out.append(party)
            for leg in range(party.from_position, party.to_position):
                load[leg] -= party.passengers
    return tuple(out)


def rides(party: SoldParty, leg: int) -> bool:
    """Whether the party is on that leg."""
    return party.from_position <= leg < party.to_position


def require_running(status: DepartureStatus) -> None:
    """Raise ``DepartureCancelled`` for a departure that does not run."""
    if status == "cancelled":
        raise DepartureCancelled


def require_ahead(departs_at: datetime, now: datetime) -> None:
    """Raise ``DepartureGone`` for a time that has passed."""
    if departs_at <= now:
        raise DepartureGone


def day_bounds(day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """The first moment of a day there, and the first after it."""
    return datetime.combine(day, time(), zone), datetime.combine(day + timedelta(days=1), time(), zone)


def week_around(day: date) -> tuple[date, ...]:
    """The seven days of that day's week, Monday first."""
    monday = day - timedelta(days=day.weekday())
    return tuple(monday + timedelta(days=ahead) for ahead in range(7))


def month_weeks(first: date) -> tuple[tuple[date, ...], ...]:
    """The weeks that a month touches, whole, Monday first. ``first`` is its first day."""
    weeks: list[tuple[date, ...]] = []
    day = first
    while not weeks or (day.year, day.month) == (first.year, first.month):
        weeks.append(week_around(day))
        day = weeks[-1][-1] + timedelta(days=1)
    return tuple(weeks)


def month_beside(first: date, step: int) -> date:
    """The first day of the month so many months later (or earlier)."""
    months = first.year * 12 + first.month - 1 + step
    return date(months // 12, months % 12 + 1, 1)


def positions_of(
    prices: Sequence[PriceWanted], stops: Mapping[UUID, int]
) -> tuple[dict[tuple[int, int], PriceWanted], list[int]]:
    """Prices by pair of stop positions, and the numbers of those that name no stretch of the route (or one twice)."""
    known: dict[tuple[int, int], PriceWanted] = {}
    wrong: list[int] = []
    for number, price in enumerate(prices):
        start, end = stops.get(price.from_place_id), stops.get(price.to_place_id)
        if start is None or end is None or start >= end or (start, end) in known:
            wrong.append(number)
        else:
            known[start, end] = price
    return known, wrong
