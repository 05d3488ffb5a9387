"""Beginning, continuing and ending sessions of people whose right to it is proved."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import structlog

from kamhub.kit.ids import new_id
from kamhub.platform.audit import actions as audit
from kamhub.platform.audit.types import Trail
from kamhub.platform.database.pool import Connection
from kamhub.platform.person import store as person_store
from kamhub.platform.person.services import People
from kamhub.platform.person.types import Account, Membership, OrganisationNotFound, Person
from kamhub.platform.session import rules, store, tokens
from kamhub.platform.session.types import (
    Identity,
    RefreshToken,
    RefreshTokenInvalid,
    Session,
    SessionKind,
    SessionNotFound,
    SignedIn,
    TokenPair,
    Visit,
)

log = structlog.get_logger("kamhub.session")


async def begin_for_program(
    people: People, connection: Connection, person: Person, place: Membership | None, visit: Visit
) -> TokenPair:
    """A new session with its first tokens."""
    now = people.clock.now()
    session = _session(person, place, "token", visit, now=now, expires_at=now + rules.REFRESH_LIFETIME)
    await store.insert(connection, session, None)
    return await _issue(people, connection, person, place, session.id)


async def begin_for_browser(
    people: People, connection: Connection, person: Person, place: Membership | None, visit: Visit
) -> str:
    """A new session; returns the token for its cookie. Never one that the browser brought: it may be another's."""
    now = people.clock.now()
    token = tokens.new_opaque_token()
    session = _session(person, place, "browser", visit, now=now, expires_at=rules.browser_expiry(now, now))
    await store.insert(connection, session, tokens.digest(token))
    return token


async def refresh(people: People, refresh_token: str) -> SignedIn:
    """The next token pair of the session. Raises ``RefreshTokenInvalid``; a used token ends its session."""
    async with people.database.system() as connection:
        renewed = await _rotate(people, connection, tokens.digest(refresh_token))
    # Raised only now: inside the block it would undo the end of the session.
    if renewed is None:
        raise RefreshTokenInvalid
    return renewed


async def sign_out(people: People, refresh_token: str) -> None:
    """End the session of that token; one that is not known has nothing to end."""
    async with people.database.system() as connection:
        found = await _locked_token(connection, tokens.digest(refresh_token))
        if found is not None:
            await store.end(connection, found[1].session_id, found[0].person.id, people.clock.now())


async def is_live(people: People, token: str) -> bool:
    """Whether the session of that cookie goes on."""
    async with people.database.system() as connection:
        return await store.standing_of_browser(connection, tokens.digest(token), people.clock.now()) is not None


async def sign_out_browser(people: People, token: str) -> None:
    """End the session of that cookie; one that is not known has nothing to end."""
    now = people.clock.now()
    async with people.database.system() as connection:
        standing = await store.standing_of_browser(connection, tokens.digest(token), now)
        if standing is not None:
            await store.end(connection, standing.session_id, standing.person_id, now)


async def switch_program(people: People, identity: Identity, organisation_id: UUID, visit: Visit) -> SignedIn:
    """A further session of the same person, in another of their organisations. Raises ``OrganisationNotFound``."""
    async with people.database.system() as connection:
        person, place = await _place(connection, identity.person_id, organisation_id)
        await note_beginning(people, connection, person, place, "token", visit)
        return SignedIn(person, place, await begin_for_program(people, connection, person, place, visit))


async def switch_browser(people: People, identity: Identity, organisation_id: UUID, visit: Visit) -> str:
    """The browser goes on in another organisation, by a new token. Raises ``OrganisationNotFound``."""
    async with people.database.system() as connection:
        person, place = await _place(connection, identity.person_id, organisation_id)
        await store.end(connection, identity.session_id, identity.person_id, people.clock.now())
        await note_beginning(people, connection, person, place, "browser", visit)
        return await begin_for_browser(people, connection, person, place, visit)


async def live_sessions(people: People, person_id: UUID) -> list[Session]:
    """Where the person is signed in, last used first."""
    async with people.database.system() as connection:
        return await store.live_sessions(connection, person_id, people.clock.now())


async def end(people: People, connection: Connection, person_id: UUID, session_id: UUID) -> None:
    """End one of the person's own sessions. Raises ``SessionNotFound``."""
    if not await store.end(connection, session_id, person_id, people.clock.now()):
        raise SessionNotFound


async def note_beginning(
    people: People, connection: Connection, person: Person, place: Membership | None, kind: SessionKind, visit: Visit
) -> None:
    """The line in the log of the organisation the session works in."""
    if place is not None:
        trail = Trail("person", person.id, person.name, visit.address, visit.user_agent, visit.request_id)
        organisation_id, now = place.organisation.id, people.clock.now()
        facts = {"kind": kind}
        await audit.record(connection, organisation_id, trail, "session.began", "person", person.id, now, after=facts)


async def _place(connection: Connection, person_id: UUID, organisation_id: UUID) -> tuple[Person, Membership]:
    account = await person_store.lock_account(connection, person_id)
    place = await person_store.membership(connection, person_id, organisation_id)
    if account is None or place is None:
        raise OrganisationNotFound
    return account.person, place


async def _rotate(people: People, connection: Connection, token_hash: bytes) -> SignedIn | None:
    found = await _locked_token(connection, token_hash)
    if found is None:
        return None
    account, token = found
    now = people.clock.now()
    if token.spent:
        log.warning("refresh_token_reused", person_id=str(token.person_id), session_id=str(token.session_id))
        await store.end(connection, token.session_id, token.person_id, now)
        return None
    if token.expires_at <= now or account.disabled_at is not None:
        return None
    place = await person_store.membership(connection, token.person_id, token.organisation_id)
    if place is None and token.organisation_id is not None:
        # No longer a member: carrying on in another organisation unasked would put work in the wrong books.
        await store.end(connection, token.session_id, token.person_id, now)
        return None
    if token.organisation_id is None:
        place = None  # joined one since: the session goes on as it began
    await store.mark_used(connection, token_hash, now)
    await store.prolong(connection, token.session_id, now, now + rules.REFRESH_LIFETIME)
    return SignedIn(account.person, place, await _issue(people, connection, account.person, place, token.session_id))


async def _locked_token(connection: Connection, token_hash: bytes) -> tuple[Account, RefreshToken] | None:
    """The token with its account, after taking the account's lock.

    The lock is on the person, not on the token: the reuse of one token of a session and the use of another
    must not pass each other, or the newest token would outlive its session.
    """
    person_id = await store.refresh_token_owner(connection, token_hash)
    if person_id is None:
        return None
    account = await person_store.lock_account(connection, person_id)
    token = await store.refresh_token(connection, token_hash)
    return (account, token) if account and token else None


async def _issue(
    people: People, connection: Connection, person: Person, place: Membership | None, session_id: UUID
) -> TokenPair:
    now = people.clock.now()
    organisation_id = place.organisation.id if place else None
    fresh = tokens.new_opaque_token()
    token = RefreshToken(session_id, person.id, organisation_id, now + rules.REFRESH_LIFETIME, None, None)
    await store.insert_refresh_token(connection, tokens.digest(fresh), token, now)
    identity = Identity(person.id, organisation_id, place.role if place else None, session_id)
    return TokenPair(tokens.issue_access_token(people.keys, identity, now), fresh)


def _session(
    person: Person, place: Membership | None, kind: SessionKind, visit: Visit, *, now: datetime, expires_at: datetime
) -> Session:
    return Session(
        id=new_id(),
        person_id=person.id,
        organisation_id=place.organisation.id if place else None,
        kind=kind,
        created_at=now,
        last_seen_at=now,
        expires_at=expires_at,
        address=visit.address,
        user_agent=visit.user_agent,
    )
