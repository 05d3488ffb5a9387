"""Sending what people are told about their accounts."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from kamhub.platform.job.run import Run
from kamhub.platform.job.types import DONE, GiveUp, Job, Outcome, Retry
from kamhub.platform.mail.letter import to_mail
from kamhub.platform.mail.types import MailRefused, MailTransport
from kamhub.platform.person import store
from kamhub.platform.person.notices import KINDS, NOTICE, compose
from kamhub.platform.person.services import People


class PersonContext(Protocol):
    """What the jobs here need."""

    @property
    def people(self) -> People:
        """The services of people."""
        ...

    @property
    def mail(self) -> MailTransport:
        """The way out."""
        ...


async def notice(run: Run[PersonContext], *, person_id: str, kind: str, message_id: str, at: str) -> Outcome:
    """Mail one notice; nothing for somebody who is not there any more."""
    people = run.context.people
    told = next((known for known in KINDS if known == kind), None)
    if told is None:
        return GiveUp(f"there is no notice of the kind {kind!r}")
    async with run.transaction() as connection:
        account = await store.account_by_id(connection, UUID(person_id))
    if account is None:
        return DONE
    person, happened_at = account.person, datetime.fromisoformat(at)
    letter = compose(told, person.name, happened_at, people.public_url, person.locale)
    mail = to_mail(letter, person.locale, message_id=UUID(message_id), created_at=happened_at, recipient=person.email)
    try:
        await run.context.mail.send(mail)
    except MailRefused as error:
        return GiveUp(str(error), error)
    return DONE


JOBS: tuple[Job[PersonContext], ...] = (
    Job(
        NOTICE,
        run=notice,
        timeout=timedelta(seconds=60),
        retry=Retry(attempts=40, first=timedelta(seconds=2), longest=timedelta(minutes=30)),
        kept=timedelta(days=30),
    ),
)
