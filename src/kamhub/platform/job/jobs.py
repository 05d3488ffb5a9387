"""The jobs' own housekeeping."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from kamhub.platform.job.run import Run
from kamhub.platform.job.types import DONE, Job, Kind, Outcome, Queue, Retry
from kamhub.platform.retention import actions as retention
from kamhub.platform.retention.periods import JOB_PERIODS

TIDY = Kind("job.tidy", Queue.MAINTENANCE, "system")
_BATCH = 5_000  # rows a transaction


async def tidy(run: Run[object]) -> Outcome:
    """End the history that has grown too old."""
    await retention.prune(run.database, JOB_PERIODS, datetime.now(UTC), _BATCH)
    return DONE


JOBS: tuple[Job[object], ...] = (
    Job(TIDY, run=tidy, timeout=timedelta(minutes=5), retry=Retry(attempts=1), kept=timedelta(hours=6)),
)
