"""Sending the mails with invitations."""

from __future__ import annotations

from datetime import timedelta
from typing import Protocol
from urllib.parse import quote
from uuid import UUID

from kamhub.platform.job.run import Run
from kamhub.platform.job.types import DONE, GiveUp, Job, Outcome, Retry
from kamhub.platform.mail.letter import to_mail
from kamhub.platform.mail.types import MailRefused, MailTransport
from kamhub.platform.organisation import rules, store
from kamhub.platform.organisation.actions import INVITE
from kamhub.platform.organisation.letters import compose
from kamhub.platform.person.services import People


class OrganisationContext(Protocol):
    """What the jobs here need."""

    @property
    def people(self) -> People:
        """The services of people."""
        ...

    @property
    def mail(self) -> MailTransport:
        """The way out."""
        ...


async def invite(run: Run[OrganisationContext], *, invitation_id: str, message_id: str) -> Outcome:
    """Mail one invitation; nothing when it is not open any more. Every sending has a message id of its own."""
    people, tenant = run.context.people, run.organisation
    async with run.transaction() as connection:
        invitation = await store.invitation(connection, tenant, UUID(invitation_id))
        organisation = await store.organisation(connection, tenant)
        zone = await store.zone(connection, tenant)
        inviter = await store.member(connection, tenant, invitation.invited_by) if invitation else None
    if invitation is None or organisation is None or rules.status_of(invitation, people.clock.now()) != "open":
        return DONE
    token = rules.token_of(people.keys, tenant, invitation.id)
    link = f"{people.public_url}/invitation?token={quote(token)}"
    letter = compose(invitation, organisation, inviter.name if inviter else None, zone, link)
    asked_at = invitation.expires_at - rules.INVITATION_LIFETIME  # the last time
    mail = to_mail(
        letter, invitation.locale, message_id=UUID(message_id), created_at=asked_at, recipient=invitation.email
    )
    try:
        await run.context.mail.send(mail)
    except MailRefused as error:
        return GiveUp(str(error), error)
    return DONE


# A mail server that is down for a night costs nobody their invitation: about nine hours of trying.
JOBS: tuple[Job[OrganisationContext], ...] = (
    Job(
        INVITE,
        run=invite,
        timeout=timedelta(seconds=60),
        retry=Retry(attempts=40, first=timedelta(seconds=2), longest=timedelta(minutes=30)),
        kept=timedelta(days=30),
    ),
)
