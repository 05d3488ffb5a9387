"""The nightly end of what has grown too old."""

from __future__ import annotations

from datetime import timedelta
from typing import Protocol

from kamhub.hub.privacy.periods import PERIODS
from kamhub.hub.services import Hub
from kamhub.platform.job.run import Run
from kamhub.platform.job.types import DONE, Job, Kind, Outcome, Queue, Retry
from kamhub.platform.retention import actions as retention

PRUNE = Kind("retention.prune", Queue.MAINTENANCE, "system")


class PrivacyContext(Protocol):
    """What the job here needs."""

    @property
    def hub(self) -> Hub:
        """The services of the hub."""
        ...


async def prune(run: Run[PrivacyContext]) -> Outcome:
    """Go through the table of retention."""
    hub = run.context.hub
    await retention.prune(hub.database, PERIODS, hub.clock.now())
    return DONE


JOBS: tuple[Job[PrivacyContext], ...] = (
    Job(PRUNE, run=prune, timeout=timedelta(minutes=30), retry=Retry(attempts=3), kept=timedelta(days=90)),
)
