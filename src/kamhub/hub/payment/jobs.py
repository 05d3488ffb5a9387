"""Background work with money."""

from __future__ import annotations

from datetime import timedelta
from typing import Protocol
from uuid import UUID

from kamhub.hub.payment import actions
from kamhub.hub.payment.held import FINISH
from kamhub.hub.payment.settle import REFUND
from kamhub.hub.services import Hub
from kamhub.platform.job.run import Run
from kamhub.platform.job.types import DONE, Job, Kind, Outcome, Queue, Retry
from kamhub.platform.settings import Settings

ADOPT_ACCOUNT = Kind("payment.adopt_account", Queue.MAINTENANCE, "system")
RELEASE_HELD = Kind("payment.release_held", Queue.PAYMENTS, "system")


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


async def finish_held(run: Run[PaymentContext], *, payment_id: str) -> Outcome:
    """Take or let go money that was set aside."""
    await actions.finish_held(run.context.hub, run.organisation, UUID(payment_id), mark=run.finish)
    return DONE


async def release_held(run: Run[PaymentContext]) -> Outcome:
    """Nobody's money is kept aside for a booking that is over."""
    await actions.release_held_in_vain(run.context.hub)
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
        # A provider that is down for a night must not cost a traveller the money: about half a day of trying.
        retry=Retry(attempts=150, first=timedelta(seconds=2), longest=timedelta(minutes=10)),
        kept=timedelta(days=90),
    ),
    Job(
        FINISH,
        run=finish_held,
        timeout=timedelta(seconds=60),
        retry=Retry(attempts=150, first=timedelta(seconds=2), longest=timedelta(minutes=10)),
        kept=timedelta(days=90),
    ),
    Job(
        RELEASE_HELD,
        run=release_held,
        timeout=timedelta(seconds=60),
        retry=Retry(attempts=1),  # the next tick is the retry
        kept=timedelta(hours=6),
    ),
    Job(
        ADOPT_ACCOUNT,
        run=adopt_account,
        timeout=timedelta(seconds=60),
        retry=Retry(attempts=1),  # the next tick is the retry
        kept=timedelta(hours=6),
    ),
)
