"""Background work of the waiting list."""

from __future__ import annotations

from datetime import timedelta
from typing import Protocol

from kamhub.hub.services import Hub
from kamhub.hub.waiting_list import actions
from kamhub.platform.job.run import Run
from kamhub.platform.job.types import DONE, Job, Kind, Outcome, Queue, Retry

OFFER = Kind("waiting_list.offer", Queue.NOTICES, "system")


class WaitingListContext(Protocol):
    """What the job here needs."""

    @property
    def hub(self) -> Hub:
        """The services of the hub."""
        ...


async def offer(run: Run[WaitingListContext]) -> Outcome:
    """Offer seats that came back to whoever waits for them, and write down what became of earlier offers."""
    await actions.offer_all(run.context.hub)
    return DONE


JOBS: tuple[Job[WaitingListContext], ...] = (
    Job(
        OFFER,
        run=offer,
        timeout=timedelta(minutes=2),
        retry=Retry(attempts=1),  # the next tick is the retry
        kept=timedelta(hours=6),
    ),
)
