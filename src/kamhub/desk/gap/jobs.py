"""Background work of questions asked in vain."""

from __future__ import annotations

from datetime import timedelta
from typing import Protocol

from kamhub.desk.gap import actions
from kamhub.desk.gap.types import PRUNE
from kamhub.hub.services import Hub
from kamhub.platform.job.run import Run
from kamhub.platform.job.types import DONE, Job, Outcome, Retry


class GapContext(Protocol):
    """What the job here needs."""

    @property
    def hub(self) -> Hub:
        """The services of the hub."""
        ...


async def prune(run: Run[GapContext]) -> Outcome:
    """Forget what nobody asks any more."""
    await actions.prune(run.context.hub)
    return DONE


JOBS: tuple[Job[GapContext], ...] = (
    Job(PRUNE, run=prune, timeout=timedelta(minutes=5), retry=Retry(attempts=5), kept=timedelta(days=7)),
)
