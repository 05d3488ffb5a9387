"""SQL of people, memberships and the organisations they found; in the system scope."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from kamhub.kit.text import Locale, Names
from kamhub.platform.database.pool import Connection
from kamhub.platform.person.types import (
    Account,
    CancellationPolicy,
    Membership,
    Organisation,
    Person,
    Role,
)

_ACCOUNT = "SELECT id, email, name, locale, password_hash, disabled_at, email_confirmed_at, totp_enabled_at IS NOT NULL FROM people"


async def account_by_email(connection: Connection, email: str) -> Account | None:
    """The account with that e-mail (in lower case), disabled ones included."""
    return await _account(connection, f"{_ACCOUNT} WHERE email = %s", email)


async def account_by_id(connection: Connection, person_id: UUID) -> Account | None:
    """The account of that person, disabled ones included."""
    return await _account(connection, f"{_ACCOUNT} WHERE id = %s", person_id)


async def lock_account(connection: Connection, person_id: UUID) -> Account | None:
    """The same, locked: what begins, continues or ends sessions of one person happens one after the other."""
    return await _account(connection, f"{_ACCOUNT} WHERE id = %s FOR NO KEY UPDATE", person_id)


async def _account(connection: Connection, query: str, key: str | UUID) -> Account | None:
    row = await (await connection.execute(query.encode(), (key,))).fetchone()
    return Account(Person(*row[:4]), *row[4:]) if row else None


async def insert_person(
    connection: Connection, person: Person, password_hash: str, at: datetime, confirmed_at: datetime | None = None
) -> bool:
    """Add a person; False when the e-mail is taken."""
    added = await connection.execute(
        "INSERT INTO people (id, email, name, password_hash, locale, created_at, email_confirmed_at) "
        "VALUES (%s, %s, %s, %s, %s, %s, %s) ON CONFLICT ON CONSTRAINT people_email_key DO NOTHING",
        (person.id, person.email, person.name, password_hash, person.locale, at, confirmed_at),
    )
    return added.rowcount == 1


async def set_password(connection: Connection, person_id: UUID, password_hash: str) -> None:
    """Replace the password."""
    await connection.execute("UPDATE people SET password_hash = %s WHERE id = %s", (password_hash, person_id))


async def set_profile(connection: Connection, person_id: UUID, name: str, locale: Locale) -> None:
    """Replace name and language."""
    await connection.execute("UPDATE people SET name = %s, locale = %s WHERE id = %s", (name, locale, person_id))


async def confirm_email(connection: Connection, person_id: UUID, at: datetime) -> None:
    """Note that the person reads what is sent to their address; the first time counts."""
    await connection.execute(
        "UPDATE people SET email_confirmed_at = coalesce(email_confirmed_at, %s) WHERE id = %s", (at, person_id)
    )


async def insert_organisation(connection: Connection, organisation: Organisation, at: datetime) -> bool:
    """Add an organisation; False when the slug is taken."""
    added = await connection.execute(
        "INSERT INTO organisations (id, slug, name_ru, name_en, created_at) VALUES (%s, %s, %s, %s, %s) "
        "ON CONFLICT ON CONSTRAINT organisations_slug_key DO NOTHING",
        (organisation.id, organisation.slug, organisation.name.ru, organisation.name.en, at),
    )
    return added.rowcount == 1


async def insert_membership(
    connection: Connection, organisation_id: UUID, person_id: UUID, role: Role, at: datetime
) -> None:
    """Make a person a member."""
    await connection.execute(
        "INSERT INTO memberships (organisation_id, person_id, role, created_at) VALUES (%s, %s, %s, %s)",
        (organisation_id, person_id, role, at),
    )


async def insert_cancellation_policy(
    connection: Connection, organisation_id: UUID, policy: CancellationPolicy, at: datetime
) -> None:
    """Add a policy and make it the current one of the organisation."""
    await connection.execute(
        "INSERT INTO cancellation_policies (organisation_id, id, name, created_at) VALUES (%s, %s, %s, %s)",
        (organisation_id, policy.id, policy.name, at),
    )
    minutes, percents = zip(*policy.tiers, strict=True)
    await connection.execute(
        "INSERT INTO cancellation_tiers (organisation_id, policy_id, minutes_before, refund_percent) "
        "SELECT %s, %s, * FROM unnest(%s::integer[], %s::smallint[])",
        (organisation_id, policy.id, list(minutes), list(percents)),
    )
    await connection.execute(
        "UPDATE organisations SET cancellation_policy_id = %s WHERE id = %s", (policy.id, organisation_id)
    )


async def membership(connection: Connection, person_id: UUID, organisation_id: UUID | None = None) -> Membership | None:
    """The place in that organisation, or in the first one joined when none is named; none archived."""
    places = await memberships(connection, person_id)
    return next((place for place in places if organisation_id in {None, place.organisation.id}), None)


async def memberships(connection: Connection, person_id: UUID) -> list[Membership]:
    """Every organisation the person belongs to, the first one joined first; at most 200, none archived."""
    rows = await connection.execute(
        "SELECT o.id, o.slug, o.name_ru, o.name_en, m.role FROM memberships m "
        "JOIN organisations o ON o.id = m.organisation_id "
        "WHERE m.person_id = %s AND o.archived_at IS NULL ORDER BY m.created_at, m.organisation_id LIMIT 200",
        (person_id,),
    )
    return [Membership(Organisation(row[0], row[1], Names(row[2], row[3])), row[4]) for row in await rows.fetchall()]
