"""Backups by the clock."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from datetime import UTC, datetime, timedelta
from typing import Protocol

from kamhub.platform.backup.actions import told
from kamhub.platform.backup.services import Backups
from kamhub.platform.backup.types import (
    BackupBusy,
    BackupError,
    BackupNotFound,
    BackupStopped,
    PlaceName,
    Progress,
    Stop,
)
from kamhub.platform.job.run import Run
from kamhub.platform.job.types import DONE, Job, Kind, Outcome, Queue, Retry, TryAgain

CREATE = Kind("backup.create", Queue.MAINTENANCE, "system")
VERIFY = Kind("backup.verify", Queue.MAINTENANCE, "system")
PRUNE = Kind("backup.prune", Queue.MAINTENANCE, "system")
WATCH = Kind("backup.watch", Queue.MAINTENANCE, "system", priority=5)

_WHEN_BUSY = timedelta(minutes=5)
_AFTER_FAILURE = timedelta(minutes=10)
_TRIES = 3


class BackupContext(Protocol):
    """What a worker hands to these jobs."""

    @property
    def backups(self) -> Backups | None:
        """What backups are made with; None when they are switched off."""
        ...


async def create(run: Run[BackupContext]) -> Outcome:
    """Make a backup."""
    backups, stop = run.context.backups, Stop()
    if backups is None:
        return DONE
    return await _ended(run, told.create(run.database, backups, stop=stop, say=_say(run)))


async def verify(run: Run[BackupContext]) -> Outcome:
    """Prove the newest backup, from the place that is farthest away."""
    backups, stop = run.context.backups, Stop()
    if backups is None:
        return DONE
    place: PlaceName = "s3" if backups.remote is not None else "folder"
    return await _ended(run, told.verify(run.database, backups, place=place, stop=stop, say=_say(run)))


async def prune(run: Run[BackupContext]) -> Outcome:
    """Remove what has been kept long enough."""
    if run.context.backups is None:
        return DONE
    return await _ended(run, told.prune(run.database, run.context.backups))


async def watch(run: Run[BackupContext]) -> Outcome:
    """Tell when there is no fresh backup."""
    if run.context.backups is not None:
        await told.watch(run.database, run.context.backups.clock)
    return DONE


async def _ended(run: Run[BackupContext], work: Awaitable[object]) -> Outcome:
    """A failure was told already: it is tried again a few times, then by the next tick, and is no dead letter."""
    try:
        await work
    except BackupBusy as busy:
        return TryAgain(datetime.now(UTC) + _WHEN_BUSY, str(busy))
    except (BackupNotFound, BackupStopped):
        return DONE  # nothing to prove yet; or it was ended from outside
    except BackupError as error:
        if run.attempt < _TRIES:
            return TryAgain(datetime.now(UTC) + _AFTER_FAILURE, str(error))
    return DONE


def _say(run: Run[BackupContext]) -> Progress:
    """Passes progress on from the thread of a verb to the loop of the worker."""
    loop = asyncio.get_running_loop()

    def say(done: int, total: int, what: str) -> None:
        asyncio.run_coroutine_threadsafe(run.progress(done, total, what), loop)

    return say


_RETRY = Retry(attempts=3, first=timedelta(minutes=1))

JOBS: tuple[Job[BackupContext], ...] = (
    Job(CREATE, run=create, timeout=timedelta(hours=3), retry=_RETRY, kept=timedelta(days=30)),
    Job(VERIFY, run=verify, timeout=timedelta(hours=6), retry=_RETRY, kept=timedelta(days=30)),
    Job(PRUNE, run=prune, timeout=timedelta(hours=1), retry=_RETRY, kept=timedelta(days=30)),
    Job(WATCH, run=watch, timeout=timedelta(minutes=1), retry=_RETRY, kept=timedelta(days=1)),
)
