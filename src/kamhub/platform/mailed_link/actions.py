"""Mailing links, and what following one does."""

from __future__ import annotations

import hashlib
from uuid import UUID

from kamhub.kit.ids import new_id
from kamhub.platform.database.pool import Connection
from kamhub.platform.job.queue import enqueue
from kamhub.platform.job.types import Kind, Queue
from kamhub.platform.mailed_link import rules, store
from kamhub.platform.mailed_link.types import LinkOver, MailedLink, Purpose
from kamhub.platform.person import store as person_store
from kamhub.platform.person.new_password import hash_new_password
from kamhub.platform.person.notices import tell
from kamhub.platform.person.services import People
from kamhub.platform.person.trail import record_for_person
from kamhub.platform.person.types import Person
from kamhub.platform.session import store as session_store
from kamhub.platform.session.types import Visit

# Somebody waits for these in front of a screen.
SEND = Kind("mailed_link.send", Queue.NOTICES, "system", frozenset({"link_id"}), priority=1)


async def ask_for_password_reset(people: People, email: str) -> None:
    """Mail a link to set a new password, to whoever has that address here.

    An unknown address costs the same and is told the same. Raises ``RateLimited`` after a few for one address, known or
    not, so that nobody's mailbox can be flooded.
    """
    if people.limiter is not None:
        await people.limiter.hit("authentication", "password-reset", hashlib.sha256(email.encode()).hexdigest())
    async with people.database.system() as connection:
        account = await person_store.account_by_email(connection, email)
        person_id = account.person.id if account and account.disabled_at is None else None
        await mail_link(people, connection, "password_reset", person_id)


async def mail_link(people: People, connection: Connection, purpose: Purpose, person_id: UUID | None) -> None:
    """Write a link and the job that mails it, in the caller's transaction."""
    now = people.clock.now()
    link = MailedLink(new_id(), purpose, person_id, now, now + rules.LIFETIMES[purpose], None)
    await store.insert(connection, link)
    await enqueue(connection, SEND, link_id=str(link.id))


async def is_open(people: People, purpose: Purpose, token: str) -> bool:
    """Whether following that link would still do something."""
    link_id = rules.read_token(people.keys, purpose, token)
    if link_id is None:
        return False
    async with people.database.system() as connection:
        link = await store.find(connection, link_id)
    return link is not None and link.used_at is None and link.expires_at > people.clock.now()


async def set_new_password(people: People, token: str, password: str, visit: Visit) -> None:
    """Set the password by the mailed link, end every session, and take the address as confirmed.

    Raises ``LinkOver``, ``PasswordGuessable`` (the link is still good then).
    The second factor stays: a stolen mailbox must not be enough.
    """
    link_id = rules.read_token(people.keys, "password_reset", token)
    person = await _owner(people, link_id) if link_id else None
    if link_id is None or person is None:
        raise LinkOver
    password_hash = await hash_new_password(password, person.email, person.name)
    now = people.clock.now()
    async with people.database.system() as connection:
        person_id = await store.use(connection, link_id, "password_reset", now)
        account = await person_store.lock_account(connection, person_id) if person_id else None
        if account is None or account.disabled_at is not None:
            raise LinkOver
        await person_store.set_password(connection, account.person.id, password_hash)
        await person_store.confirm_email(connection, account.person.id, now)
        await session_store.end_all(connection, account.person.id, now)
        await record_for_person(people, connection, account.person, "password.reset", visit)
        await tell(connection, account.person.id, "password_changed", now)
    # Somebody may have worn out the tries at this account; its owner has just proved to be it.
    if people.limiter is not None:
        await people.limiter.forget("account", "sign-in", hashlib.sha256(person.email.encode()).hexdigest())


async def _owner(people: People, link_id: UUID) -> Person | None:
    """Whose link it is, while it is open."""
    async with people.database.system() as connection:
        link = await store.find(connection, link_id)
        if link is None or link.person_id is None or link.used_at or link.expires_at <= people.clock.now():
            return None
        account = await person_store.account_by_id(connection, link.person_id)
    return account.person if account else None


async def confirm_email(people: People, token: str) -> None:
    """Take the address as confirmed. Raises ``LinkOver``."""
    link_id = rules.read_token(people.keys, "email_confirmation", token)
    async with people.database.system() as connection:
        now = people.clock.now()
        person_id = await store.use(connection, link_id, "email_confirmation", now) if link_id else None
        if person_id is None:
            raise LinkOver
        await person_store.confirm_email(connection, person_id, now)
