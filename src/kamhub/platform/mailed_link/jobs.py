"""Sending the mails with links."""

from __future__ import annotations

from datetime import timedelta
from typing import Protocol
from uuid import UUID

from kamhub.platform.job.types import GiveUp, Job, Retry
from kamhub.platform.mail.letter import to_mail
from kamhub.platform.mail.types import MailRefused, MailTransport
from kamhub.platform.mailed_link import rules, store
from kamhub.platform.mailed_link.actions import QUEUE, SEND
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


async def send(context: LinkContext, *, link_id: str) -> None:
    """Mail one link; nothing when it is used or over by now, or was asked for with an unknown address."""
    people = context.people
    async with people.database.system() as connection:
        link = await store.find(connection, UUID(link_id))
        account = await person_store.account_by_id(connection, link.person_id) if link and link.person_id else None
    if link is None or account is None or link.used_at or link.expires_at <= people.clock.now():
        return
    token = rules.token_of(people.keys, link.purpose, link.id)
    person = account.person
    letter = compose(link.purpose, person.name, people.public_url, token, person.locale)
    mail = to_mail(letter, person.locale, message_id=link.id, created_at=link.created_at, recipient=person.email)
    try:
        await context.mail.send(mail)
    except MailRefused as error:
        raise GiveUp(str(error)) from error


JOBS: list[Job[LinkContext]] = [
    Job(
        name=SEND,
        queue=QUEUE,
        run=send,
        timeout=timedelta(seconds=60),
        # A link for an hour is of no use later.
        retry=Retry(attempts=12, first=timedelta(seconds=2), longest=timedelta(minutes=10)),
    )
]
