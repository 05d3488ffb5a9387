"""Background work of changing the model."""

from __future__ import annotations

from datetime import timedelta
from typing import Protocol

from kamhub.desk.embedding.types import EmbedderUnavailable
from kamhub.desk.reembedding import actions
from kamhub.desk.reembedding.types import REEMBED
from kamhub.desk.services import Desk
from kamhub.platform.job.run import Run
from kamhub.platform.job.types import DONE, Job, Outcome, Retry, TryAgain

_PAUSE = timedelta(minutes=1)


class ReembeddingContext(Protocol):
    """What the job here needs."""

    @property
    def desk(self) -> Desk:
        """The services of the desk."""
        ...


async def reembed(run: Run[ReembeddingContext]) -> Outcome:
    """Give everything an organisation knows vectors of the models that are set; wait for an embedder that is away."""
    desk = run.context.desk
    try:
        await actions.reembed(desk, run.organisation, run.progress)
    except EmbedderUnavailable as away:
        return TryAgain(desk.hub.clock.now() + _PAUSE, str(away))
    return DONE


JOBS: tuple[Job[ReembeddingContext], ...] = (
    Job(
        REEMBED,
        run=reembed,
        timeout=timedelta(hours=6),
        retry=Retry(attempts=10, first=timedelta(seconds=5), longest=timedelta(minutes=5)),
        kept=timedelta(days=90),
    ),
)
