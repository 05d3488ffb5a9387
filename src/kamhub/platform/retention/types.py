"""A line of the table of retention."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from kamhub.platform.database.pool import Database


@dataclass(frozen=True, slots=True)
class Round:
    """What one short transaction is to do: end at most ``limit`` of the rows that were over ``before`` that moment."""

    database: Database
    now: datetime
    before: datetime
    limit: int


@dataclass(frozen=True, slots=True)
class Retention:
    """What of a table is removed, how long after what, and why not earlier or later.

    ``prune`` does one round and returns how many rows it ended; fewer than its limit means that none is left.
    """

    table: str
    removed: str
    after: timedelta
    since: str
    why: str
    prune: Callable[[Round], Awaitable[int]]
