"""What people do with their own second factor: each counted by person, and written into their organisations' logs."""

from __future__ import annotations

from kamhub.platform.database.pool import Connection
from kamhub.platform.person import store as person_store
from kamhub.platform.person.notices import tell
from kamhub.platform.person.services import People
from kamhub.platform.person.trail import record_for_person
from kamhub.platform.person.types import Account, Person
from kamhub.platform.second_factor import actions, store
from kamhub.platform.second_factor.types import EmailUnconfirmed, Enrolment
from kamhub.platform.session import store as session_store
from kamhub.platform.session.types import Identity, Visit
from kamhub.platform.web.problems import Unauthenticated


async def begin(people: People, identity: Identity, visit: Visit) -> Enrolment:
    """A fresh secret; nothing is asked for until its first code came. Raises ``SecondFactorOn``, ``EmailUnconfirmed``."""
    async with people.database.system() as connection:
        account = await _account(connection, identity)
        if account.email_confirmed_at is None:
            raise EmailUnconfirmed
        person = account.person
        enrolment = await actions.begin(people, connection, person)
        await record_for_person(people, connection, person, "second_factor.begun", visit)
        return enrolment


async def confirm(people: People, identity: Identity, code: str, visit: Visit) -> tuple[str, ...]:
    """On, with the first code; returns the recovery codes. Raises like ``actions.confirm``, and ``RateLimited``."""
    await actions.count_attempt(people, identity.person_id)
    async with people.database.system() as connection:
        person = await _person(connection, identity)
        codes = await actions.confirm(people, connection, person.id, code)
        # Whoever was signed in with the password alone comes in again with both.
        now = people.clock.now()
        await session_store.end_all(connection, person.id, now, but=identity.session_id)
        await tell(connection, person.id, "second_factor_on", now)
        await record_for_person(people, connection, person, "second_factor.enabled", visit)
        return codes


async def renew(people: People, identity: Identity, code: str, visit: Visit) -> tuple[str, ...]:
    """New recovery codes. Raises ``SecondFactorOff``, ``CodeNotRight``, ``RateLimited``."""
    await actions.count_attempt(people, identity.person_id)
    async with people.database.system() as connection:
        person = await _person(connection, identity)
        codes = await actions.renew_recovery_codes(people, connection, person.id, code)
        await record_for_person(people, connection, person, "second_factor.codes_renewed", visit)
        return codes


async def disable(people: People, identity: Identity, code: str, visit: Visit) -> None:
    """Off; the password has been asked for. Raises ``SecondFactorOff``, ``CodeNotRight``, ``RateLimited``."""
    await actions.count_attempt(people, identity.person_id)
    async with people.database.system() as connection:
        person = await _person(connection, identity)
        await actions.disable(people, connection, person.id, code)
        await tell(connection, person.id, "second_factor_off", people.clock.now())
        await record_for_person(people, connection, person, "second_factor.disabled", visit)


async def recovery_codes_left(people: People, identity: Identity) -> int:
    """How many recovery codes are unused."""
    async with people.database.system() as connection:
        return await store.recovery_codes_left(connection, identity.person_id)


async def _person(connection: Connection, identity: Identity) -> Person:
    return (await _account(connection, identity)).person


async def _account(connection: Connection, identity: Identity) -> Account:
    account = await person_store.lock_account(connection, identity.person_id)
    if account is None:
        raise Unauthenticated
    return account
