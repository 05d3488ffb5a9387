"""Background work of the graph."""

from __future__ import annotations

from datetime import timedelta
from typing import Protocol

import structlog

from kamhub.desk.graph import actions
from kamhub.desk.graph.services import graphing
from kamhub.hub.services import Hub
from kamhub.platform.job.run import Run
from kamhub.platform.job.types import DONE, Job, Kind, Outcome, Queue, Retry
from kamhub.platform.settings import Settings

REFRESH = Kind("graph.refresh", Queue.KNOWLEDGE, "system")

_log = structlog.get_logger("kamhub.graph")


class GraphContext(Protocol):
    """What the job here needs."""

    @property
    def hub(self) -> Hub:
        """The services of the hub."""
        ...

    @property
    def settings(self) -> Settings:
        """The settings of this installation."""
        ...


async def refresh(run: Run[GraphContext]) -> Outcome:
    """Take over what has changed in networks and fleets; where names have changed, read the documents for them."""
    read = await actions.refresh_all(graphing(run.context.hub, run.context.settings))
    _log.info("graph refreshed", sources=read)
    return DONE


JOBS: tuple[Job[GraphContext], ...] = (
    Job(
        REFRESH,
        run=refresh,
        timeout=timedelta(minutes=30),
        retry=Retry(attempts=3),
        kept=timedelta(days=1),
    ),
)
