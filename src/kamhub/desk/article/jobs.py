"""Background work of articles."""

from __future__ import annotations

from datetime import timedelta
from typing import Protocol
from uuid import UUID

from kamhub.desk.article.actions import INDEX
from kamhub.desk.article.indexing import index as index_article
from kamhub.desk.services import Desk
from kamhub.platform.job.run import Run
from kamhub.platform.job.types import Job, Outcome, Retry


class ArticleContext(Protocol):
    """What a worker hands to these jobs."""

    @property
    def desk(self) -> Desk:
        """The services of the desk."""
        ...


async def index(run: Run[ArticleContext], *, article_id: str, version: int) -> Outcome:
    """Make what can be found what is written."""
    return await index_article(run.context.desk, run, UUID(article_id), version)


JOBS: tuple[Job[ArticleContext], ...] = (
    # An embedder may be away for a night.
    Job(
        INDEX,
        run=index,
        timeout=timedelta(minutes=30),
        retry=Retry(attempts=40, first=timedelta(seconds=2), longest=timedelta(minutes=30)),
        kept=timedelta(days=30),
    ),
)
