"""Background work with money."""

from __future__ import annotations

from datetime import timedelta
from typing import Protocol
from uuid import UUID

from kamhub.hub.payment import actions
from kamhub.hub.payment.settle import REFUND_JOB
from kamhub.hub.services import Hub
from kamhub.platform.job.types import Job, Retry


class WithHub(Protocol):
    """What a worker hands to these jobs."""

    @property
    def hub(self) -> Hub: ...


async def send_refund(context: WithHub, *, organisation_id: str, refund_id: str) -> None:
    """Carry out one refund."""
    await actions.send_refund(context.hub, UUID(organisation_id), UUID(refund_id))


JOBS: list[Job[WithHub]] = [
    Job(
        REFUND_JOB,
        queue="payment",
        run=send_refund,
        timeout=timedelta(seconds=40),
        # Runs on past the time in which a repeat is safe: the last run then makes a case of it.
        retry=Retry(attempts=30, first=timedelta(seconds=2), longest=timedelta(minutes=5)),
    )
]
