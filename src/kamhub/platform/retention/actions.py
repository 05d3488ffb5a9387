"""Ending what has grown too old."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import structlog

from kamhub.platform.database.pool import Database
from kamhub.platform.retention.types import Retention, Round

_log = structlog.get_logger("kamhub.retention")

BATCH = 1_000


async def prune(database: Database, periods: Sequence[Retention], now: datetime, batch: int = BATCH) -> dict[str, int]:
    """Go through the table of retention, in transactions of at most ``batch`` rows; returns how many ended by table.

    May be interrupted and run again at any time. A table that fails does not keep the others waiting; what was wrong
    is raised at the end, all of it.
    """
    ended: dict[str, int] = {}
    faults: list[Exception] = []
    for period in periods:
        try:
            ended[period.table] = await _prune_one(database, period, now, batch)
        except Exception as error:  # noqa: BLE001 - raised below, with those of the other tables
            faults.append(error)
    _log.info("retention", **ended)
    if faults:
        raise ExceptionGroup("some tables could not be pruned", faults)
    return ended


async def _prune_one(database: Database, period: Retention, now: datetime, batch: int) -> int:
    work = Round(database, now, now - period.after, batch)
    total = 0
    while True:
        done = await period.prune(work)
        total += done
        if done < batch:
            return total
