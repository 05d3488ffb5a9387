"""Background work with money."""

from __future__ import annotations

from datetime import timedelta
from typing import Protocol
from uuid import UUID

from kamhub.hub.payment import actions
from kamhub.hub.payment.settle import REFUND
from kamhub.hub.services import Hub
from kamhub.platform.job.run import Run
from kamhub.platform.job.types import DONE, Job, Kind, Outcome, Queue, Retry
from kamhub.platform.settings import Settings

ADOPT_ACCOUNT = Kind("payment.adopt_account", Queue.MAINTENANCE, "system")


class PaymentContext(Protocol):
    """What a worker hands to these jobs."""

    @property
    def hub(self) -> Hub: ...

    @property
    def settings(self) -> Settings: ...


async def send_refund(run: Run[PaymentContext], *, refund_id: str) -> Outcome:
    """Carry out one refund."""
    await actions.send_refund(run.context.hub, run.organisation, UUID(refund_id), mark=run.finish)
    return DONE


async def adopt_account(run: Run[PaymentContext]) -> Outcome:
    """The terminal named in the settings belongs to the first organisation, once there is one."""
    settings = run.context.settings
    if settings.cloudpayments_public_id and settings.cloudpayments_api_secret:
        secret = settings.cloudpayments_api_secret.get_secret_value()
        await actions.adopt_configured_account(run.context.hub, settings.cloudpayments_public_id, secret)
    return DONE


JOBS: tuple[Job[PaymentContext], ...] = (
    Job(
        REFUND,
        run=send_refund,
        timeout=timedelta(seconds=40),
        # Runs on past the time in which a repeat is safe: the last run then makes a case of it.
        retry=Retry(attempts=30, first=timedelta(seconds=2), longest=timedelta(minutes=5)),
        kept=timedelta(days=90),
    ),
    Job(
        ADOPT_ACCOUNT,
        run=adopt_account,
        timeout=timedelta(seconds=60),
        retry=Retry(attempts=1),  # the next tick is the retry
        kept=timedelta(hours=6),
    ),
)
