"""Everything the workers do, on one page: jobs by name, and the timetable of those that run by the clock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from kamhub.hub.booking import actions as bookings
from kamhub.hub.notice.jobs import JOBS as NOTICE_JOBS
from kamhub.hub.payment.jobs import JOBS as PAYMENT_JOBS
from kamhub.hub.services import Hub
from kamhub.platform.job.types import Job, PeriodicJob, Retry
from kamhub.platform.mail.types import MailTransport


@dataclass(frozen=True, slots=True)
class WorkContext:
    """What the jobs work with."""

    hub: Hub
    mail: MailTransport


async def sweep_expired(context: WorkContext) -> None:
    """Tidy holds whose time is over."""
    await bookings.sweep(context.hub)


JOBS: tuple[Job[WorkContext], ...] = (*PAYMENT_JOBS, *NOTICE_JOBS)

PERIODIC_JOBS: tuple[PeriodicJob[WorkContext], ...] = (
    PeriodicJob(
        Job("booking.sweep_expired", "maintenance", sweep_expired, timedelta(seconds=60), Retry(attempts=1)),
        cron="*/30 * * * * *",
    ),
)
