"""Numbers of the whole installation, as the database tells them at one moment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

# How far back, and for departures how far ahead, is looked: what a look costs depends on a day or a week of sales, never on
# how many years there have been.
DAY = timedelta(days=1)
WEEK = timedelta(days=7)

Held = Literal["on_hold", "pending", "lapsed"]
Sums = Mapping[str, tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Figures:
    """``held`` are bookings whose seats are kept for now; ``named`` those of the last day that have passengers, by state.

    ``on_sale`` and ``sold_out`` are departures of the next seven days, ``taken`` of ``capacity`` their seats on every leg.
    Money is by currency a number and an amount (minor units): ``paid``, ``declined`` and ``returned`` within the last day,
    ``set_aside`` now, ``to_return`` asked for within a week and not settled. Ages are seconds, 0 when there is nothing.
    """

    held: Mapping[Held, int]
    oldest_lapsed: float
    named: Mapping[str, int]
    on_sale: int
    sold_out: int
    taken: int
    capacity: int
    paid: Sums
    declined: Sums
    set_aside: Sums
    returned: Sums
    to_return: Sums
    oldest_to_return: float
    cases: Mapping[str, int]
    oldest_case: float
    currencies: frozenset[str]
