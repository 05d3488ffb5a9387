"""SQL of people, memberships and refresh tokens; in the system scope."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from kamhub.kit.text import Names
from kamhub.platform.database.pool import Connection
from kamhub.platform.person.types import (
    Account,
    CancellationPolicy,
    Membership,
    Organisation,
    Person,
    RefreshToken,
    Role,
)

_ACCOUNT = "SELECT id, email, name, locale, password_hash, disabled_at FROM people"


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
    if row is None:
        return None
    person_id, email, name, locale, password_hash, disabled_at = row
    return Account(Person(person_id, email, name, locale), password_hash, disabled_at)


async def insert_person(connection: Connection, person: Person, password_hash: str, at: datetime) -> bool:
    """Add a person; False when the e-mail is taken."""
    added = await connection.execute(
        "INSERT INTO people (id, email, name, password_hash, locale, created_at) "
        "VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT ON CONSTRAINT people_email_key DO NOTHING",
        (person.id, person.email, person.name, password_hash, person.locale, at),
    )
    return added.rowcount == 1


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
    async with connection.cursor() as cursor:
        await cursor.executemany(
            "INSERT INTO cancellation_tiers (organisation_id, policy_id, minutes_before, refund_percent) "
            "VALUES (%s, %s, %s, %s)",
            [(organisation_id, policy.id, minutes, percent) for minutes, percent in policy.tiers],
        )
    await connection.execute(
        "UPDATE organisations SET cancellation_policy_id = %s WHERE id = %s", (policy.id, organisation_id)
    )


async def membership(connection: Connection, person_id: UUID, organisation_id: UUID | None = None) -> Membership | None:
    """The place in that organisation, or in the first one joined when none is named; none archived."""
    row = await (
        await connection.execute(
            "SELECT o.id, o.slug, o.name_ru, o.name_en, m.role FROM memberships m "
            "JOIN organisations o ON o.id = m.organisation_id "
            "WHERE m.person_id = %s AND o.archived_at IS NULL AND (%s::uuid IS NULL OR o.id = %s) "
            "ORDER BY m.created_at, m.organisation_id LIMIT 1",
            (person_id, organisation_id, organisation_id),
        )
    ).fetchone()
    return Membership(Organisation(row[0], row[1], Names(row[2], row[3])), row[4]) if row else None


async def insert_refresh_token(
    connection: Connection, token_hash: bytes, token: RefreshToken, issued_at: datetime
) -> None:
    """Add a fresh token to its family."""
    await connection.execute(
        "INSERT INTO refresh_tokens (token_hash, family_id, person_id, organisation_id, issued_at, "
        "expires_at) VALUES (%s, %s, %s, %s, %s, %s)",
        (token_hash, token.family_id, token.person_id, token.organisation_id, issued_at, token.expires_at),
    )


async def refresh_token_owner(connection: Connection, token_hash: bytes) -> UUID | None:
    """The person whose token it is."""
    row = await (
        await connection.execute("SELECT person_id FROM refresh_tokens WHERE token_hash = %s", (token_hash,))
    ).fetchone()
    return row[0] if row else None


async def refresh_token(connection: Connection, token_hash: bytes) -> RefreshToken | None:
    """The token as it is now; read it after locking the account."""
    row = await (
        await connection.execute(
            "SELECT family_id, person_id, organisation_id, expires_at, used_at, revoked_at "
            "FROM refresh_tokens WHERE token_hash = %s",
            (token_hash,),
        )
    ).fetchone()
    return RefreshToken(*row) if row else None


async def mark_used(connection: Connection, token_hash: bytes, at: datetime) -> None:
    """Note that the token was exchanged for its successor."""
    await connection.execute("UPDATE refresh_tokens SET used_at = %s WHERE token_hash = %s", (at, token_hash))


async def end_family(connection: Connection, family_id: UUID, at: datetime) -> None:
    """Revoke every token of the family that is not revoked yet."""
    await connection.execute(
        "UPDATE refresh_tokens SET revoked_at = %s WHERE family_id = %s AND revoked_at IS NULL",
        (at, family_id),
    )
