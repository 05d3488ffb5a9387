"""Sending the mails with invitations."""

from __future__ import annotations

from datetime import timedelta
from typing import Protocol
from urllib.parse import quote
from uuid import UUID

from kamhub.platform.job.types import GiveUp, Job, Retry
from kamhub.platform.mail.letter import to_mail
from kamhub.platform.mail.types import MailRefused, MailTransport
from kamhub.platform.organisation import rules, store
from kamhub.platform.organisation.actions import INVITE, QUEUE
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


async def invite(context: OrganisationContext, *, organisation_id: str, invitation_id: str, message_id: str) -> None:
    """Mail one invitation; nothing when it is not open any more. Every sending has a message id of its own."""
    people, tenant = context.people, UUID(organisation_id)
    async with people.database.tenant(tenant) as connection:
        invitation = await store.invitation(connection, tenant, UUID(invitation_id))
        organisation = await store.organisation(connection, tenant)
        zone = await store.zone(connection, tenant)
        inviter = await store.member(connection, tenant, invitation.invited_by) if invitation else None
    if invitation is None or organisation is None or rules.status_of(invitation, people.clock.now()) != "open":
        return
    token = rules.token_of(people.keys, tenant, invitation.id)
    link = f"{people.public_url}/invitation?token={quote(token)}"
    letter = compose(invitation, organisation, inviter.name if inviter else None, zone, link)
    asked_at = invitation.expires_at - rules.INVITATION_LIFETIME  # the last time
    mail = to_mail(
        letter, invitation.locale, message_id=UUID(message_id), created_at=asked_at, recipient=invitation.email
    )
    try:
        await context.mail.send(mail)
    except MailRefused as error:
        raise GiveUp(str(error)) from error


# A mail server that is down for a night costs nobody their invitation: about nine hours of trying.
JOBS: list[Job[OrganisationContext]] = [
    Job(
        name=INVITE,
        queue=QUEUE,
        run=invite,
        timeout=timedelta(seconds=60),
        retry=Retry(attempts=40, first=timedelta(seconds=2), longest=timedelta(minutes=30)),
    )
]
