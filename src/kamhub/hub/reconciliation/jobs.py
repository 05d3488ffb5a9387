"""Background work of comparing."""

from __future__ import annotations

from datetime import timedelta
from typing import Protocol
from uuid import UUID

from kamhub.hub.payment.client import ProviderRefused
from kamhub.hub.reconciliation import actions
from kamhub.hub.reconciliation.actions import RUN
from kamhub.hub.services import Hub
from kamhub.platform.job.run import Run
from kamhub.platform.job.types import DONE, GiveUp, Job, Kind, Outcome, Queue, Retry

PLAN = Kind("reconciliation.plan", Queue.MAINTENANCE, "system")


class ReconciliationContext(Protocol):
    """What a worker hands to these jobs."""

    @property
    def hub(self) -> Hub:
        """The services of the hub."""
        ...


async def run_one(run: Run[ReconciliationContext], *, reconciliation_id: str) -> Outcome:
    """Compare one day of one account."""
    try:
        await actions.run(run.context.hub, run.organisation, UUID(reconciliation_id), mark=run.finish)
    except ProviderRefused as refused:
        return GiveUp(str(refused), refused)
    return DONE


async def plan(run: Run[ReconciliationContext]) -> Outcome:
    """Have yesterday compared."""
    await actions.plan(run.context.hub)
    return DONE


JOBS: tuple[Job[ReconciliationContext], ...] = (
    Job(
        RUN,
        run=run_one,
        timeout=timedelta(minutes=10),
        retry=Retry(attempts=60, first=timedelta(seconds=10), longest=timedelta(minutes=20)),
        kept=timedelta(days=90),
    ),
    Job(
        PLAN,
        run=plan,
        timeout=timedelta(minutes=2),
        retry=Retry(attempts=10, first=timedelta(seconds=30)),
        kept=timedelta(days=30),
    ),
)
