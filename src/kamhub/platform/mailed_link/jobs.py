"""Sending the mails with links."""

from __future__ import annotations

from datetime import timedelta
from typing import Protocol
from uuid import UUID

from kamhub.platform.job.run import Run
from kamhub.platform.job.types import DONE, GiveUp, Job, Outcome, Retry
from kamhub.platform.mail.letter import to_mail
from kamhub.platform.mail.types import MailRefused, MailTransport
from kamhub.platform.mailed_link import rules, store
from kamhub.platform.mailed_link.actions import SEND
from kamhub.platform.mailed_link.letters import compose
from kamhub.platform.person import store as person_store
from kamhub.platform.person.services import People


class LinkContext(Protocol):
    """What the jobs here need."""

    @property
    def people(self) -> People:
        """The services of people."""
        ...

    @property
    def mail(self) -> MailTransport:
        """The way out."""
        ...


async def send(run: Run[LinkContext], *, link_id: str) -> Outcome:
    """Mail one link; nothing when it is used or over by now, or was asked for with an unknown address."""
    people = run.context.people
    async with run.transaction() as connection:
        link = await store.find(connection, UUID(link_id))
        account = await person_store.account_by_id(connection, link.person_id) if link and link.person_id else None
    if link is None or account is None or link.used_at or link.expires_at <= people.clock.now():
        return DONE
    token = rules.token_of(people.keys, link.purpose, link.id)
    person = account.person
    letter = compose(link.purpose, person.name, people.public_url, token, person.locale)
    mail = to_mail(letter, person.locale, message_id=link.id, created_at=link.created_at, recipient=person.email)
    try:
        await run.context.mail.send(mail)
    except MailRefused as error:
        return GiveUp(str(error), error)
    return DONE


JOBS: tuple[Job[LinkContext], ...] = (
    Job(
        SEND,
        run=send,
        timeout=timedelta(seconds=60),
        # A link for an hour is of no use later.
        retry=Retry(attempts=12, first=timedelta(seconds=2), longest=timedelta(minutes=10)),
        kept=timedelta(days=7),
    ),
)
