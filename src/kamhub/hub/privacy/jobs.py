"""The nightly end of what has grown too old."""

from __future__ import annotations

from datetime import timedelta
from typing import Protocol

from kamhub.hub.privacy.periods import PERIODS
from kamhub.hub.services import Hub
from kamhub.platform.job.types import Job, PeriodicJob, Retry
from kamhub.platform.retention import actions as retention


class PrivacyContext(Protocol):
    """What the job here needs."""

    @property
    def hub(self) -> Hub:
        """The services of the hub."""
        ...


async def prune(context: PrivacyContext) -> None:
    """Go through the table of retention."""
    hub = context.hub
    await retention.prune(hub.database, PERIODS, hub.clock.now())


PERIODIC_JOBS: tuple[PeriodicJob[PrivacyContext], ...] = (
    PeriodicJob(
        Job("retention.prune", "maintenance", prune, timedelta(minutes=30), Retry(attempts=3)),
        cron="17 15 * * *",  # UTC: a quarter past three at night in Kamchatka
    ),
)
