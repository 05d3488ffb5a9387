"""Background work with bookings."""

from __future__ import annotations

from datetime import timedelta
from typing import Protocol

from kamhub.hub.booking import actions
from kamhub.hub.services import Hub
from kamhub.platform.job.run import Run
from kamhub.platform.job.types import DONE, Job, Kind, Outcome, Queue, Retry

SWEEP_EXPIRED = Kind("booking.sweep_expired", Queue.MAINTENANCE, "system", priority=1)


class BookingContext(Protocol):
    """What the job here needs."""

    @property
    def hub(self) -> Hub:
        """The services of the hub."""
        ...


async def sweep_expired(run: Run[BookingContext]) -> Outcome:
    """Tidy holds whose time is over."""
    await actions.sweep(run.context.hub)
    return DONE


JOBS: tuple[Job[BookingContext], ...] = (
    Job(
        SWEEP_EXPIRED,
        run=sweep_expired,
        timeout=timedelta(seconds=60),
        retry=Retry(attempts=1),  # the next tick is the retry
        kept=timedelta(hours=6),
    ),
)
