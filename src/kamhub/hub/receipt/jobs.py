"""Background work of receipts."""

from __future__ import annotations

from datetime import timedelta
from typing import Protocol
from uuid import UUID

from kamhub.hub.receipt import sending
from kamhub.hub.receipt.actions import SEND
from kamhub.hub.services import Hub
from kamhub.platform.job.run import Run
from kamhub.platform.job.types import Job, Outcome, Retry


class ReceiptContext(Protocol):
    """What a worker hands to these jobs."""

    @property
    def hub(self) -> Hub:
        """The services of the hub."""
        ...


async def send(run: Run[ReceiptContext], *, receipt_id: str) -> Outcome:
    """See one receipt made."""
    return await sending.send(run.context.hub, run.organisation, UUID(receipt_id), mark=run.finish)


JOBS: tuple[Job[ReceiptContext], ...] = (
    Job(
        SEND,
        run=send,
        timeout=timedelta(seconds=40),
        # The law gives a shop that lost its cash register days, not minutes.
        retry=Retry(attempts=200, first=timedelta(seconds=5), longest=timedelta(minutes=15)),
        kept=timedelta(days=90),
    ),
)
