"""SQL of keys."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from psycopg.rows import TupleRow

from kamhub.platform.api_key.types import ApiKey, KeyHolder
from kamhub.platform.database.pool import Connection

_KEY = (
    "SELECT k.organisation_id, k.id, k.name, k.hint, k.scopes, k.created_by, p.name, k.created_at, k.expires_at, "
    "k.last_used_at, k.revoked_at FROM api_keys k LEFT JOIN people p ON p.id = k.created_by"
)
_LIVE = "k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > %(now)s)"


async def holder(connection: Connection, key_hash: bytes, now: datetime) -> KeyHolder | None:
    """Who the key with that digest speaks for; None for an unknown, expired or revoked one. In the system scope."""
    row = await (
        await connection.execute(
            "SELECT k.organisation_id, k.id, k.name, k.scopes, k.last_used_at FROM api_keys k "
            "JOIN organisations o ON o.id = k.organisation_id AND o.archived_at IS NULL "
            "WHERE k.key_hash = %s AND k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > %s)",
            (key_hash, now),
        )
    ).fetchone()
    return KeyHolder(row[0], row[1], row[2], frozenset(row[3]), row[4]) if row else None


async def note_used(connection: Connection, organisation_id: UUID, key_id: UUID, at: datetime) -> None:
    """Note that the key was used."""
    await connection.execute(
        "UPDATE api_keys SET last_used_at = %s WHERE organisation_id = %s AND id = %s", (at, organisation_id, key_id)
    )


async def keys(
    connection: Connection, organisation_id: UUID, now: datetime, *, offset: int, limit: int
) -> tuple[list[ApiKey], int]:
    """A page of the keys, live ones first, then the newest first, and how many there are. In the tenant scope, where only
    members have names."""
    parameters = {"organisation": organisation_id, "now": now, "offset": offset, "limit": limit}
    rows = await connection.execute(
        f"{_KEY} WHERE k.organisation_id = %(organisation)s "
        f"ORDER BY {_LIVE} DESC, k.created_at DESC, k.id DESC "
        "OFFSET %(offset)s LIMIT %(limit)s".encode(),
        parameters,
    )
    found = [_key(row) for row in await rows.fetchall()]
    counted = await connection.execute("SELECT count(*) FROM api_keys WHERE organisation_id = %s", (organisation_id,))
    row = await counted.fetchone()
    return found, row[0] if row else 0


async def find(connection: Connection, organisation_id: UUID, key_id: UUID) -> ApiKey | None:
    """One of them."""
    return await _find(connection, organisation_id, key_id, "")


async def lock(connection: Connection, organisation_id: UUID, key_id: UUID) -> ApiKey | None:
    """The same, locked."""
    return await _find(connection, organisation_id, key_id, " FOR UPDATE OF k")


async def _find(connection: Connection, organisation_id: UUID, key_id: UUID, locked: str) -> ApiKey | None:
    rows = await connection.execute(
        f"{_KEY} WHERE k.organisation_id = %s AND k.id = %s{locked}".encode(), (organisation_id, key_id)
    )
    row = await rows.fetchone()
    return _key(row) if row else None


async def lock_keys(connection: Connection, organisation_id: UUID) -> None:
    """Keys of one organisation are made one after the other, or two at a time could pass the cap."""
    await connection.execute("SELECT FROM organisations WHERE id = %s FOR NO KEY UPDATE", (organisation_id,))


async def live_keys(connection: Connection, organisation_id: UUID, now: datetime) -> int:
    """How many work."""
    rows = await connection.execute(
        f"SELECT count(*) FROM api_keys k WHERE k.organisation_id = %(organisation)s AND {_LIVE}".encode(),
        {"organisation": organisation_id, "now": now},
    )
    row = await rows.fetchone()
    return row[0] if row else 0


async def insert(connection: Connection, key: ApiKey, key_hash: bytes) -> None:
    """Add a key."""
    await connection.execute(
        "INSERT INTO api_keys (organisation_id, id, name, key_hash, hint, scopes, created_by, created_at, expires_at) "
        "VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
        (
            key.organisation_id,
            key.id,
            key.name,
            key_hash,
            key.hint,
            list(key.scopes),
            key.created_by,
            key.created_at,
            key.expires_at,
        ),
    )


async def revoke(connection: Connection, organisation_id: UUID, key_id: UUID, at: datetime) -> None:
    """End a key."""
    await connection.execute(
        "UPDATE api_keys SET revoked_at = %s WHERE organisation_id = %s AND id = %s", (at, organisation_id, key_id)
    )


async def revoke_beyond(
    connection: Connection, organisation_id: UUID, person_id: UUID, scopes: frozenset[str], at: datetime
) -> list[tuple[UUID, str]]:
    """End the keys that person has made for more than these scopes; returns ids and names."""
    rows = await connection.execute(
        "UPDATE api_keys SET revoked_at = %s WHERE organisation_id = %s AND created_by = %s AND revoked_at IS NULL "
        "AND NOT scopes <@ %s::text[] RETURNING id, name",
        (at, organisation_id, person_id, sorted(scopes)),
    )
    return [(row[0], row[1]) for row in await rows.fetchall()]


def _key(row: TupleRow) -> ApiKey:
    organisation_id, key_id, name, hint, scopes, *rest = row
    return ApiKey(organisation_id, key_id, name, hint, tuple(scopes), *rest)
