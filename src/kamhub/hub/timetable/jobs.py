"""Background work of timetables."""

from __future__ import annotations

from datetime import timedelta
from typing import Protocol

import structlog

from kamhub.hub.services import Hub
from kamhub.hub.timetable import actions
from kamhub.platform.job.run import Run
from kamhub.platform.job.types import DONE, Job, Kind, Outcome, Queue, Retry

GENERATE = Kind("timetable.generate", Queue.MAINTENANCE, "system")

_log = structlog.get_logger("kamhub.timetable")


class TimetableContext(Protocol):
    """What the job here needs."""

    @property
    def hub(self) -> Hub:
        """The services of the hub."""
        ...


async def generate(run: Run[TimetableContext]) -> Outcome:
    """Make the departures that have come within the horizon, of every operator."""
    made = await actions.extend_all(run.context.hub)
    _log.info("departures generated", count=made)
    return DONE


JOBS: tuple[Job[TimetableContext], ...] = (
    Job(
        GENERATE,
        run=generate,
        timeout=timedelta(minutes=30),
        retry=Retry(attempts=3),
        kept=timedelta(days=7),
    ),
)
