"""Sign up, sign in, stay signed in, sign out."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from uuid import UUID

import structlog

from kamhub.kit.ids import new_id
from kamhub.kit.text import Names
from kamhub.platform.database.pool import Connection
from kamhub.platform.person import rules, store, tokens
from kamhub.platform.person.passwords import hash_password, verify_password
from kamhub.platform.person.services import People
from kamhub.platform.person.types import (
    Account,
    CancellationPolicy,
    EmailTaken,
    Identity,
    InvalidCredentials,
    Membership,
    NewAccount,
    Organisation,
    Person,
    RefreshToken,
    RefreshTokenInvalid,
    Session,
)
from kamhub.platform.web.problems import Unauthenticated

log = structlog.get_logger("kamhub.person")

# The words of the first policy; the operator reads and replaces them.
_FIRST_POLICY_NAME = "Стандартные условия"


async def sign_up(people: People, wanted: NewAccount) -> Session:
    """A new account and, when an organisation is named, that organisation with the person as its owner.

    Raises ``EmailTaken``.
    """
    password_hash = await hash_password(wanted.password)
    now = people.clock.now()
    person = Person(new_id(), wanted.email, wanted.name, wanted.locale)
    async with people.database.system() as connection:
        if not await store.insert_person(connection, person, password_hash, now):
            raise EmailTaken
        place = None
        if wanted.organisation_name is not None:
            place = await _found_organisation(connection, wanted.organisation_name, person.id, now)
        return await _issue(people, connection, person, place, family_id=new_id())


async def sign_in(people: People, *, email: str, password: str) -> Session:
    """A new session, in the organisation joined first. Raises ``InvalidCredentials``."""
    async with _proven(people, email, password) as (connection, person, place):
        return await _issue(people, connection, person, place, family_id=new_id())


async def recognise(people: People, *, email: str, password: str) -> tuple[Person, Membership | None]:
    """Who that is, and their place in the organisation joined first; begins no session. Raises ``InvalidCredentials``."""
    async with _proven(people, email, password) as (_, person, place):
        return person, place


async def refresh(people: People, refresh_token: str) -> Session:
    """The next token pair of the session. Raises ``RefreshTokenInvalid``; a used token ends its family."""
    async with people.database.system() as connection:
        session = await _rotate(people, connection, tokens.digest(refresh_token))
    # Raised only now: inside the block it would undo the end of the family.
    if session is None:
        raise RefreshTokenInvalid
    return session


async def sign_out(people: People, refresh_token: str) -> None:
    """End the session of that token; one that is not known has nothing to end."""
    async with people.database.system() as connection:
        found = await _locked_token(connection, tokens.digest(refresh_token))
        if found is not None:
            await store.end_family(connection, found[1].family_id, people.clock.now())


async def me(people: People, identity: Identity) -> tuple[Person, Organisation | None]:
    """The person of that token as they are now, and the organisation it names. Raises ``Unauthenticated``."""
    async with people.database.system() as connection:
        account = await store.account_by_id(connection, identity.person_id)
        if account is None or account.disabled_at is not None:
            raise Unauthenticated
        if identity.organisation_id is None:
            return account.person, None
        place = await store.membership(connection, identity.person_id, identity.organisation_id)
        if place is None:
            raise Unauthenticated
        return account.person, place.organisation


@asynccontextmanager
async def _proven(
    people: People, email: str, password: str
) -> AsyncIterator[tuple[Connection, Person, Membership | None]]:
    """A transaction that holds the account of whoever knows that password. Raises ``InvalidCredentials``."""
    async with people.database.system() as connection:
        account = await store.account_by_email(connection, email)
    # Outside a transaction, and done in any case: an unknown e-mail must cost what a wrong password costs.
    genuine = await verify_password(account.password_hash if account else None, password)
    if account is None or not genuine:
        raise InvalidCredentials
    async with people.database.system() as connection:
        current = await store.lock_account(connection, account.person.id)
        # The account may have been closed, or its password changed, while the hash was computed.
        if current is None or current.disabled_at or current.password_hash != account.password_hash:
            raise InvalidCredentials
        yield connection, current.person, await store.membership(connection, current.person.id)


async def _found_organisation(connection: Connection, name: str, owner_id: UUID, now: datetime) -> Membership:
    for slug in rules.slug_candidates(name):
        organisation = Organisation(new_id(), slug, Names(name, name))
        if await store.insert_organisation(connection, organisation, now):
            break
    await store.insert_membership(connection, organisation.id, owner_id, "owner", now)
    policy = CancellationPolicy(new_id(), _FIRST_POLICY_NAME, rules.DEFAULT_CANCELLATION_TIERS)
    await store.insert_cancellation_policy(connection, organisation.id, policy, now)
    return Membership(organisation, "owner")


async def _rotate(people: People, connection: Connection, token_hash: bytes) -> Session | None:
    found = await _locked_token(connection, token_hash)
    if found is None:
        return None
    account, token = found
    now = people.clock.now()
    if token.spent:
        log.warning("refresh_token_reused", person_id=str(token.person_id), family_id=str(token.family_id))
        await store.end_family(connection, token.family_id, now)
        return None
    if token.expires_at <= now or account.disabled_at is not None:
        return None
    place = await store.membership(connection, token.person_id, token.organisation_id)
    if place is None and token.organisation_id is not None:
        # No longer a member: carrying on in another organisation unasked would put work in the wrong books.
        await store.end_family(connection, token.family_id, now)
        return None
    await store.mark_used(connection, token_hash, now)
    return await _issue(people, connection, account.person, place, family_id=token.family_id)


async def _locked_token(connection: Connection, token_hash: bytes) -> tuple[Account, RefreshToken] | None:
    """The token with its account, after taking the account's lock.

    The lock is on the person, not on the token: the reuse of one token of a family and the use of another
    must not pass each other, or the newest token would outlive its family.
    """
    person_id = await store.refresh_token_owner(connection, token_hash)
    if person_id is None:
        return None
    account = await store.lock_account(connection, person_id)
    token = await store.refresh_token(connection, token_hash)
    return (account, token) if account and token else None


async def _issue(
    people: People, connection: Connection, person: Person, place: Membership | None, *, family_id: UUID
) -> Session:
    now = people.clock.now()
    organisation_id = place.organisation.id if place else None
    fresh = tokens.new_refresh_token()
    token = RefreshToken(family_id, person.id, organisation_id, now + tokens.REFRESH_LIFETIME, None, None)
    await store.insert_refresh_token(connection, tokens.digest(fresh), token, now)
    identity = Identity(person.id, organisation_id, place.role if place else None)
    return Session(person, place, tokens.issue_access_token(people.keys, identity, now), fresh)
