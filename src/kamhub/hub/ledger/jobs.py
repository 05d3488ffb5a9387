"""What is entered into the ledger by the clock."""

from __future__ import annotations

from datetime import timedelta
from typing import Protocol

from kamhub.hub.ledger import actions
from kamhub.hub.services import Hub
from kamhub.platform.job.run import Run
from kamhub.platform.job.types import DONE, Job, Kind, Outcome, Queue, Retry

EARN = Kind("ledger.earn", Queue.MAINTENANCE, "system")
CLOSE = Kind("ledger.close_months", Queue.MAINTENANCE, "system")


class LedgerContext(Protocol):
    """What a worker hands to these jobs."""

    @property
    def hub(self) -> Hub:
        """The services of the hub."""
        ...


async def earn(run: Run[LedgerContext]) -> Outcome:
    """Money of trips that have run is the operator's."""
    await actions.earn_all(run.context.hub)
    return DONE


async def close(run: Run[LedgerContext]) -> Outcome:
    """The books of a month that is over are closed."""
    await actions.close_months(run.context.hub)
    return DONE


JOBS: tuple[Job[LedgerContext], ...] = (
    Job(
        EARN,
        run=earn,
        timeout=timedelta(minutes=10),
        retry=Retry(attempts=5, first=timedelta(seconds=30)),
        kept=timedelta(days=30),
    ),
    Job(
        CLOSE,
        run=close,
        timeout=timedelta(minutes=10),
        retry=Retry(attempts=5, first=timedelta(seconds=30)),
        kept=timedelta(days=30),
    ),
)
