"""Decisions about assets: how far a run is, when it is tried again, when an address is read again."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from kamhub.desk.asset.types import AssetKind, Stage

# Percent at which a stage begins; the next begins where it ends.
BEGINS: Final[Mapping[Stage, int]] = {"fetch": 1, "read": 10, "cut": 30, "embed": 40, "link": 97}
_LAST: Final = 99
# How often an address that does not answer is tried before people are told.
MOST_FETCHES: Final = 4
# And how often files and embedders that are away are waited for: most of a day.
MOST_WAITS: Final = 150
_FIRST, _LONGEST = timedelta(seconds=5), timedelta(minutes=10)
_MOST_DOUBLINGS: Final = 20
# Of the hours between two readings: so that a hundred addresses added at once are not read at once for ever.
_JITTER: Final = 0.1


def first_stage(kind: AssetKind) -> Stage:
    """Where a run begins."""
    return "fetch" if kind == "url" else "read"


def percent(stage: Stage, done: int, total: int, since: int = 0) -> int:
    """How far a run is when so many of so many are done in that stage; 100 is for what is complete.

    ``since`` is how far it was when ``total`` were left.
    """
    following = [begin for begin in BEGINS.values() if begin > BEGINS[stage]]
    end = min(following, default=_LAST)
    begin = min(end, max(since, BEGINS[stage]))
    share = min(1.0, done / total) if total > 0 else 1.0
    return min(_LAST, begin + int((end - begin) * share))


def next_try(now: datetime, attempt: int) -> datetime:
    """When to try again after run number ``attempt``: 5 seconds, doubled up to ten minutes."""
    doublings: int = 2 ** min(attempt - 1, _MOST_DOUBLINGS)
    return now + min(_LONGEST, _FIRST * doublings)


def next_reading(now: datetime, hours: int | None, chance: float) -> datetime | None:
    """When an address is read again; None when it is not to be. ``chance`` is uniform in 0..1."""
    if hours is None:
        return None
    return now + timedelta(hours=hours) * (1 + _JITTER * (2 * chance - 1))
