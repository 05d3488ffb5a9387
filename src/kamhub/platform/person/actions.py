"""Sign up, and what people change about themselves."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from kamhub.kit.ids import new_id
from kamhub.kit.text import Locale, Names
from kamhub.platform.audit import actions as audit
from kamhub.platform.audit.types import Trail
from kamhub.platform.database.pool import Connection
from kamhub.platform.mailed_link.actions import mail_link
from kamhub.platform.person import rules, store
from kamhub.platform.person.new_password import hash_new_password
from kamhub.platform.person.notices import tell
from kamhub.platform.person.passwords import verify_password
from kamhub.platform.person.services import People
from kamhub.platform.person.trail import record_for_person
from kamhub.platform.person.types import (
    Account,
    CancellationPolicy,
    EmailTaken,
    Membership,
    NewAccount,
    Organisation,
    PasswordWrong,
    Person,
)
from kamhub.platform.session import actions as sessions
from kamhub.platform.session import proofs
from kamhub.platform.session import store as session_store
from kamhub.platform.session.types import Identity, SignedIn, SignedInBrowser, Visit
from kamhub.platform.web.problems import Unauthenticated

# The words of the first policy; the operator reads and replaces them.
_FIRST_POLICY_NAME = "Стандартные условия"


async def sign_up(people: People, wanted: NewAccount, visit: Visit) -> SignedIn:
    """A new account and, when an organisation is named, that organisation with the person as its owner.

    Raises ``EmailTaken``, ``PasswordGuessable``.
    """
    password_hash = await hash_for(wanted)
    async with people.database.system() as connection:
        person, place = await _open_account(people, connection, wanted, password_hash, visit)
        tokens = await sessions.begin_for_program(people, connection, person, place, visit)
        return SignedIn(person, place, tokens)


async def sign_up_browser(people: People, wanted: NewAccount, visit: Visit) -> SignedInBrowser:
    """The same for a browser. Raises ``EmailTaken``, ``PasswordGuessable``."""
    password_hash = await hash_for(wanted)
    async with people.database.system() as connection:
        person, place = await _open_account(people, connection, wanted, password_hash, visit)
        token = await sessions.begin_for_browser(people, connection, person, place, visit)
        return SignedInBrowser(person, place, token, proofs.issue_device(people.keys, person.id))


async def hash_for(wanted: NewAccount) -> str:
    """The hash of the password of a new account. Raises ``PasswordGuessable``."""
    return await hash_new_password(wanted.password, wanted.email, wanted.name, wanted.organisation_name or "")


async def insert_account(
    people: People, connection: Connection, wanted: NewAccount, password_hash: str, *, confirmed: bool
) -> Person:
    """The person alone. ``confirmed`` says that the address has been proved. Raises ``EmailTaken``."""
    now = people.clock.now()
    person = Person(new_id(), wanted.email, wanted.name, wanted.locale)
    if not await store.insert_person(connection, person, password_hash, now, now if confirmed else None):
        raise EmailTaken
    return person


async def me(people: People, identity: Identity) -> tuple[Account, list[Membership]]:
    """The person as they are now, and where they belong. Raises ``Unauthenticated``."""
    async with people.database.system() as connection:
        account = await store.account_by_id(connection, identity.person_id)
        if account is None or account.disabled_at is not None:
            raise Unauthenticated
        return account, await store.memberships(connection, identity.person_id)


async def change_profile(people: People, identity: Identity, name: str, locale: Locale, visit: Visit) -> None:
    """Another name or language."""
    async with people.database.system() as connection:
        account = await _locked(connection, identity.person_id)
        await store.set_profile(connection, identity.person_id, name, locale)
        if name != account.person.name:
            await record_for_person(people, connection, account.person, "profile.changed", visit, after={"name": name})


async def change_password(people: People, identity: Identity, current: str, new: str, visit: Visit) -> None:
    """Another password; every other session of the person ends.

    Raises ``PasswordWrong``, ``PasswordGuessable``, ``RateLimited``.
    """
    person = await require_password(people, identity.person_id, current)
    new_hash = await hash_new_password(new, person.email, person.name, field="new_password")
    async with people.database.system() as connection:
        account = await _locked(connection, identity.person_id)
        await store.set_password(connection, identity.person_id, new_hash)
        now = people.clock.now()
        await session_store.end_all(connection, identity.person_id, now, but=identity.session_id)
        await tell(connection, identity.person_id, "password_changed", now)
        await record_for_person(people, connection, account.person, "password.changed", visit)


async def require_password(people: People, person_id: UUID, password: str) -> Person:
    """The person whose password it is. Raises ``PasswordWrong``; tries are counted by person, ``RateLimited``."""
    if people.limiter is not None:
        await people.limiter.hit("account", "password", str(person_id))
    async with people.database.system() as connection:
        account = await store.account_by_id(connection, person_id)
    if not await verify_password(account.password_hash if account else None, password) or account is None:
        raise PasswordWrong
    return account.person


async def ask_to_confirm_email(people: People, identity: Identity, visit: Visit) -> None:
    """Mail the link once more; nothing for an address that is confirmed."""
    async with people.database.system() as connection:
        account = await _locked(connection, identity.person_id)
        if account.email_confirmed_at is None:
            await mail_link(people, connection, "email_confirmation", identity.person_id)
            await record_for_person(people, connection, account.person, "email_confirmation.asked", visit)


async def _locked(connection: Connection, person_id: UUID) -> Account:
    account = await store.lock_account(connection, person_id)
    if account is None:
        raise Unauthenticated
    return account


async def _open_account(
    people: People, connection: Connection, wanted: NewAccount, password_hash: str, visit: Visit
) -> tuple[Person, Membership | None]:
    person = await insert_account(people, connection, wanted, password_hash, confirmed=False)
    place = None
    if wanted.organisation_name is not None:
        now = people.clock.now()
        place = await _found_organisation(connection, wanted.organisation_name, person.id, now)
        trail = Trail("person", person.id, person.name, visit.address, visit.user_agent, visit.request_id)
        organisation = place.organisation.id
        await audit.record(connection, organisation, trail, "organisation.founded", "organisation", organisation, now)
    await mail_link(people, connection, "email_confirmation", person.id)
    return person, place


async def _found_organisation(connection: Connection, name: str, owner_id: UUID, now: datetime) -> Membership:
    for slug in rules.slug_candidates(name):
        organisation = Organisation(new_id(), slug, Names(name, name))
        if await store.insert_organisation(connection, organisation, now):
            break
    await store.insert_membership(connection, organisation.id, owner_id, "owner", now)
    policy = CancellationPolicy(new_id(), _FIRST_POLICY_NAME, rules.DEFAULT_CANCELLATION_TIERS)
    await store.insert_cancellation_policy(connection, organisation.id, policy, now)
    return Membership(organisation, "owner")
