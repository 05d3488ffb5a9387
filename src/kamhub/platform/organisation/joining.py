"""Following an invitation: what it shows, and becoming a member by it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from kamhub.platform.audit import actions as audit
from kamhub.platform.audit.types import Trail
from kamhub.platform.database.pool import Connection
from kamhub.platform.organisation import rules, store
from kamhub.platform.organisation.types import InvitationOver, InvitationShown
from kamhub.platform.person import store as person_store
from kamhub.platform.person.actions import hash_for, insert_account
from kamhub.platform.person.services import People
from kamhub.platform.person.types import InvalidCredentials, Membership, NewAccount, Person
from kamhub.platform.session import actions as sessions
from kamhub.platform.session import proofs
from kamhub.platform.session import store as session_store
from kamhub.platform.session.sign_in import proven
from kamhub.platform.session.tokens import digest
from kamhub.platform.session.types import Credentials, Identity, SignedIn, SignedInBrowser, Visit

# Whoever joins proves the account they have, or brings what a new one needs; the e-mail is the invitation's.
Joiner = Credentials | NewAccount


async def shown(people: People, token: str) -> InvitationShown:
    """What the link opens. Raises ``InvitationOver``."""
    ids = rules.read_token(people.keys, token)
    if ids is None:
        raise InvitationOver
    organisation_id, invitation_id = ids
    async with people.database.tenant(organisation_id) as connection:
        organisation = await store.organisation(connection, organisation_id)
        invitation = await store.invitation(connection, organisation_id, invitation_id)
    if organisation is None or invitation is None or rules.status_of(invitation, people.clock.now()) != "open":
        raise InvitationOver
    async with people.database.system() as connection:
        account = await person_store.account_by_email(connection, invitation.email)
    return InvitationShown(invitation, organisation, account is not None)


async def signed_in_as(people: People, invited: InvitationShown, cookie: str | None) -> Identity | None:
    """Who is signed in with that cookie, if it is the very person invited."""
    if cookie is None:
        return None
    async with people.database.system() as connection:
        standing = await session_store.standing_of_browser(connection, digest(cookie), people.clock.now())
        account = await person_store.account_by_id(connection, standing.person_id) if standing else None
    if standing is None or account is None or account.person.email != invited.invitation.email:
        return None
    return Identity(standing.person_id, standing.organisation_id, standing.role, standing.session_id)


async def accept(people: People, invited: InvitationShown, joiner: Joiner, visit: Visit) -> SignedIn:
    """Become a member and begin a session there.

    Raises ``InvitationOver``, ``EmailTaken`` when the account was made meanwhile, ``PasswordGuessable``, and what sign-in
    raises.
    """
    async with _joined(people, invited, joiner, visit) as (connection, person, place):
        await sessions.note_beginning(people, connection, person, place, "token", visit)
        tokens = await sessions.begin_for_program(people, connection, person, place, visit)
        return SignedIn(person, place, tokens)


async def accept_browser(people: People, invited: InvitationShown, joiner: Joiner, visit: Visit) -> SignedInBrowser:
    """The same for a browser."""
    async with _joined(people, invited, joiner, visit) as (connection, person, place):
        await sessions.note_beginning(people, connection, person, place, "browser", visit)
        token = await sessions.begin_for_browser(people, connection, person, place, visit)
        return SignedInBrowser(person, place, token, proofs.issue_device(people.keys, person.id))


async def accept_signed_in(people: People, invited: InvitationShown, identity: Identity, visit: Visit) -> None:
    """Become a member as whoever is signed in already. Raises ``InvitationOver``, ``InvalidCredentials`` for another person."""
    async with people.database.system() as connection:
        account = await person_store.lock_account(connection, identity.person_id)
        if account is None or account.disabled_at or account.person.email != invited.invitation.email:
            raise InvalidCredentials
        await _take(people, connection, invited, account.person, visit)


@asynccontextmanager
async def _joined(
    people: People, invited: InvitationShown, joiner: Joiner, visit: Visit
) -> AsyncIterator[tuple[Connection, Person, Membership]]:
    if joiner.email != invited.invitation.email:
        raise InvalidCredentials
    if isinstance(joiner, Credentials):
        async with proven(people, joiner, visit) as (connection, account):
            place = await _take(people, connection, invited, account.person, visit)
            yield connection, account.person, place
        return
    password_hash = await hash_for(joiner)
    async with people.database.system() as connection:
        person = await insert_account(people, connection, joiner, password_hash, confirmed=True)
        yield connection, person, await _take(people, connection, invited, person, visit)


async def _take(
    people: People, connection: Connection, invited: InvitationShown, person: Person, visit: Visit
) -> Membership:
    """Spend the invitation. Its link was read in that mailbox, so the address counts as confirmed."""
    now, organisation = people.clock.now(), invited.organisation
    role = await store.take(connection, organisation.id, invited.invitation.id, person.id, now)
    if role is None:
        raise InvitationOver
    await person_store.confirm_email(connection, person.id, now)
    if not await store.add_member(connection, organisation.id, person.id, role, now):
        # Became a member another way; the role they have there stays.
        place = await person_store.membership(connection, person.id, organisation.id)
        if place is None:
            raise InvitationOver
        return place
    trail = Trail("person", person.id, person.name, visit.address, visit.user_agent, visit.request_id)
    facts = {"name": person.name, "role": role}
    await audit.record(connection, organisation.id, trail, "member.joined", "member", person.id, now, after=facts)
    return Membership(organisation, role)
