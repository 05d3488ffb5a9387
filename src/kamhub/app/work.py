"""Everything the workers do, on one page: jobs by name, and the timetable of those that run by the clock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from kamhub.hub.booking import actions as bookings
from kamhub.hub.notice.jobs import JOBS as NOTICE_JOBS
from kamhub.hub.payment import actions as payments
from kamhub.hub.payment.jobs import JOBS as PAYMENT_JOBS
from kamhub.hub.privacy.jobs import PERIODIC_JOBS as PRIVACY_PERIODIC_JOBS
from kamhub.hub.services import Hub
from kamhub.platform.job.types import Job, PeriodicJob, Retry
from kamhub.platform.mail.types import MailTransport
from kamhub.platform.mailed_link.jobs import JOBS as MAILED_LINK_JOBS
from kamhub.platform.organisation.jobs import JOBS as ORGANISATION_JOBS
from kamhub.platform.person.jobs import JOBS as PERSON_JOBS
from kamhub.platform.person.services import People
from kamhub.platform.settings import Settings


@dataclass(frozen=True, slots=True)
class WorkContext:
    """What the jobs work with."""

    hub: Hub
    people: People
    mail: MailTransport
    settings: Settings


async def sweep_expired(context: WorkContext) -> None:
    """Tidy holds whose time is over."""
    await bookings.sweep(context.hub)


async def adopt_payment_account(context: WorkContext) -> None:
    """The terminal named in the settings belongs to the first organisation, once there is one."""
    settings = context.settings
    if settings.cloudpayments_public_id and settings.cloudpayments_api_secret:
        secret = settings.cloudpayments_api_secret.get_secret_value()
        await payments.adopt_configured_account(context.hub, settings.cloudpayments_public_id, secret)


JOBS: tuple[Job[WorkContext], ...] = (*PAYMENT_JOBS, *NOTICE_JOBS, *MAILED_LINK_JOBS, *ORGANISATION_JOBS, *PERSON_JOBS)

PERIODIC_JOBS: tuple[PeriodicJob[WorkContext], ...] = (
    *PRIVACY_PERIODIC_JOBS,
    PeriodicJob(
        Job("booking.sweep_expired", "maintenance", sweep_expired, timedelta(seconds=60), Retry(attempts=1)),
        cron="*/30 * * * * *",
    ),
    PeriodicJob(
        Job("payment.adopt_account", "maintenance", adopt_payment_account, timedelta(seconds=60), Retry(attempts=1)),
        cron="*/30 * * * * *",
    ),
)
