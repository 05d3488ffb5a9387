"""Counting by the clock."""

from __future__ import annotations

from datetime import timedelta
from typing import Protocol

from kamhub.hub.integrity import actions
from kamhub.hub.integrity.actions import CHECK
from kamhub.hub.services import Hub
from kamhub.platform.job.run import Run
from kamhub.platform.job.types import DONE, Job, Outcome, Retry


class IntegrityContext(Protocol):
    """What a worker hands to this job."""

    @property
    def hub(self) -> Hub:
        """The services of the hub."""
        ...


async def check(run: Run[IntegrityContext]) -> Outcome:
    """Count the breaches of every promise, keep what was found and tell of it."""
    await actions.check(run.context.hub, run.progress)
    return DONE


JOBS: tuple[Job[IntegrityContext], ...] = (
    Job(
        CHECK,
        run=check,
        timeout=timedelta(hours=1),
        retry=Retry(attempts=3, first=timedelta(minutes=1)),
        kept=timedelta(days=30),
    ),
)
