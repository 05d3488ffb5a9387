"""Telling alerts in the background."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Protocol

from kamhub.platform.alert import actions, store
from kamhub.platform.alert.actions import TELL
from kamhub.platform.alert.types import Alerting, Channel, Moment
from kamhub.platform.job.run import Run
from kamhub.platform.job.types import DONE, GiveUp, Job, Outcome, Retry
from kamhub.platform.mail.types import MailRefused, MailTransport


class AlertContext(Protocol):
    """What a worker hands to these jobs."""

    @property
    def mail(self) -> MailTransport:
        """The way out for mails."""
        ...

    @property
    def alerts(self) -> Alerting:
        """Whom to tell, and what can be told."""
        ...


async def tell(run: Run[AlertContext], *, kind: str, about: str, moment: Moment, channel: Channel, at: str) -> Outcome:
    """Send one alert one way."""
    alerting = run.context.alerts
    async with run.transaction() as connection:
        alert = await store.find(connection, kind, about)
    known = alerting.kinds.get(kind)
    if alert is None or known is None:
        return GiveUp(f"there is no alert {kind}")
    try:
        await actions.tell(
            channel,
            known,
            alert,
            moment,
            alerting.recipients,
            run.context.mail,
            at=datetime.fromisoformat(at),
            public_url=alerting.public_url,
            locale=alerting.locale,
        )
    except MailRefused as refused:
        return GiveUp(str(refused), refused)
    return DONE


JOBS: tuple[Job[AlertContext], ...] = (
    Job(
        TELL,
        run=tell,
        timeout=timedelta(minutes=1),
        retry=Retry(attempts=30, first=timedelta(seconds=5), longest=timedelta(minutes=10)),
        kept=timedelta(days=90),
    ),
)
