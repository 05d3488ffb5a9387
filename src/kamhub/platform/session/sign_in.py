"""Letting people in: what they show is checked at a constant price, and guessing at one account is counted."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from uuid import UUID

import structlog

from kamhub.platform.database.pool import Connection
from kamhub.platform.person import store as person_store
from kamhub.platform.person.passwords import hash_password, needs_rehash, verify_password
from kamhub.platform.person.services import People
from kamhub.platform.person.types import Account, InvalidCredentials, Person
from kamhub.platform.second_factor import actions as second_factor
from kamhub.platform.second_factor.types import SecondFactorInvalid, SecondFactorRequired
from kamhub.platform.session import actions, proofs, store
from kamhub.platform.session.types import (
    ChallengeOver,
    Credentials,
    SignedIn,
    SignedInBrowser,
    Visit,
)

log = structlog.get_logger("kamhub.session")

_NOBODY = UUID(int=0)
# An address counts as known for so long after the person was last seen there.
_KNOWN_FOR = timedelta(days=90)


async def sign_in(people: People, credentials: Credentials, visit: Visit) -> SignedIn:
    """Tokens for a program, in the organisation joined first.

    Raises ``InvalidCredentials``, ``SecondFactorRequired``, ``SecondFactorInvalid``, ``RateLimited``.
    """
    async with proven(people, credentials, visit) as (connection, account):
        place = await person_store.membership(connection, account.person.id)
        await actions.note_beginning(people, connection, account.person, place, "token", visit)
        tokens = await actions.begin_for_program(people, connection, account.person, place, visit)
        return SignedIn(account.person, place, tokens)


async def sign_in_browser(people: People, credentials: Credentials, visit: Visit) -> SignedInBrowser:
    """A session for a browser, in the organisation joined first. Raises like ``sign_in``."""
    async with proven(people, credentials, visit) as (connection, account):
        return await let_browser_in(people, connection, account.person, visit)


async def complete(
    people: People, challenged: str, code: str, visit: Visit, device: str | None = None
) -> SignedInBrowser:
    """The second step of a browser. Raises ``ChallengeOver``, ``SecondFactorInvalid``, ``RateLimited``."""
    person_id = proofs.challenged_person(challenged)
    if person_id is None:
        raise ChallengeOver
    now = people.clock.now()
    async with people.database.system() as connection:
        account = await person_store.account_by_id(connection, person_id)
        _require_challenge(people, challenged, account, now)
        known = await _is_known(people, connection, person_id, device, visit)
    # Only now: what somebody makes up must not use up the tries of the person it names.
    await second_factor.count_attempt(people, person_id, _place(visit) if known else "")
    async with people.database.system() as connection:
        account = await person_store.lock_account(connection, person_id)
        person = _require_challenge(people, challenged, account, now)
        if not await second_factor.is_right(connection, people.keys, person_id, code, now):
            raise SecondFactorInvalid
        return await let_browser_in(people, connection, person, visit)


def _require_challenge(people: People, challenged: str, account: Account | None, now: datetime) -> Person:
    """Whom the challenge is of. Raises ``ChallengeOver``."""
    if account is None or account.disabled_at or not account.second_factor:
        raise ChallengeOver
    if not proofs.challenge_holds(people.keys, challenged, account.password_hash, now):
        raise ChallengeOver
    return account.person


async def let_browser_in(people: People, connection: Connection, person: Person, visit: Visit) -> SignedInBrowser:
    """Begin a browser's session for somebody who has proved who they are."""
    place = await person_store.membership(connection, person.id)
    await actions.note_beginning(people, connection, person, place, "browser", visit)
    token = await actions.begin_for_browser(people, connection, person, place, visit)
    return SignedInBrowser(person, place, token, proofs.issue_device(people.keys, person.id))


@asynccontextmanager
async def proven(people: People, credentials: Credentials, visit: Visit) -> AsyncIterator[tuple[Connection, Account]]:
    """A transaction that holds the account of whoever showed these credentials.

    Raises ``InvalidCredentials``, ``SecondFactorRequired``, ``SecondFactorInvalid``, ``RateLimited``.
    """
    async with people.database.system() as connection:
        account = await person_store.account_by_email(connection, credentials.email)
        known = await _is_known(
            people, connection, account.person.id if account else _NOBODY, credentials.device, visit
        )
    if not known:
        await _count_attempt(people, credentials.email)
    # Outside a transaction, and done in any case: an unknown e-mail must cost what a wrong password costs.
    genuine = await verify_password(account.password_hash if account else None, credentials.password)
    if account is None or not genuine or account.disabled_at:
        log.info("sign_in_refused", known=account is not None, request_id=visit.request_id)
        raise InvalidCredentials
    if account.second_factor:
        if credentials.code is None:
            now = people.clock.now()
            raise SecondFactorRequired(
                proofs.issue_challenge(people.keys, account.person.id, account.password_hash, now)
            )
        await second_factor.count_attempt(people, account.person.id, _place(visit) if known else "")
    # Hashes of other parameters would take another time to check than those of unknown e-mails.
    renewed = await hash_password(credentials.password) if needs_rehash(account.password_hash) else None
    async with people.database.system() as connection:
        current = await person_store.lock_account(connection, account.person.id)
        # The account may have been closed, or its password changed, while the hash was computed. Rarely it was only hashed
        # anew, by another sign-in of the same person.
        if current is None or current.disabled_at:
            raise InvalidCredentials
        if current.password_hash != account.password_hash and not await verify_password(
            current.password_hash, credentials.password
        ):
            raise InvalidCredentials
        if current.second_factor and not await second_factor.is_right(
            connection, people.keys, current.person.id, credentials.code or "", people.clock.now()
        ):
            raise SecondFactorInvalid
        if renewed is not None:
            await person_store.set_password(connection, current.person.id, renewed)
        yield connection, current


def _place(visit: Visit) -> str:
    return visit.address or "device"


async def _is_known(people: People, connection: Connection, person_id: UUID, device: str | None, visit: Visit) -> bool:
    """Whether the person has been signed in by this browser or from there; asked of nobody too, at the same price."""
    since = people.clock.now() - _KNOWN_FOR
    visited = await store.has_visited(connection, person_id, visit.address or "", since)
    return visited or proofs.knows_device(people.keys, device, person_id)


async def _count_attempt(people: People, email: str) -> None:
    """Attempts at one account from places it was never used from are counted together, wherever they come from.

    Its owner's own browsers and addresses are not: guessing wears out the guessers' tries alone. An e-mail without an
    account is counted alike, so that the refusal tells nothing.
    """
    if people.limiter is not None:
        await people.limiter.hit("account", "sign-in", hashlib.sha256(email.encode()).hexdigest())
