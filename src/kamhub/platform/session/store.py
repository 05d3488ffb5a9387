"""SQL of sessions and refresh tokens; in the system scope."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from kamhub.platform.database.pool import Connection
from kamhub.platform.session.types import RefreshToken, Session, Standing

_SESSION = "SELECT id, person_id, organisation_id, kind, created_at, last_seen_at, expires_at, address, user_agent FROM sessions"
# The role is what the membership says now, not what it was at sign-in; without the membership there is no standing.
_STANDING = """
SELECT s.id, s.person_id, p.name, s.organisation_id, m.role, s.last_seen_at
FROM sessions s
JOIN people p ON p.id = s.person_id AND p.disabled_at IS NULL
LEFT JOIN organisations o ON o.id = s.organisation_id AND o.archived_at IS NULL
LEFT JOIN memberships m ON m.organisation_id = o.id AND m.person_id = s.person_id
WHERE s.ended_at IS NULL AND s.expires_at > %(now)s AND (s.organisation_id IS NULL OR m.role IS NOT NULL)
"""


async def insert(connection: Connection, session: Session, token_hash: bytes | None) -> None:
    """Begin a session; a browser's has the digest of its cookie."""
    await connection.execute(
        "INSERT INTO sessions (id, person_id, organisation_id, kind, token_hash, created_at, last_seen_at, expires_at, "
        "address, user_agent) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        (
            session.id,
            session.person_id,
            session.organisation_id,
            session.kind,
            token_hash,
            session.created_at,
            session.last_seen_at,
            session.expires_at,
            session.address,
            session.user_agent,
        ),
    )


async def standing(connection: Connection, session_id: UUID, now: datetime) -> Standing | None:
    """What the session stands for; None when it has ended, or the person or the membership has."""
    return await _standing(connection, "s.id = %(key)s", session_id, now)


async def standing_of_browser(connection: Connection, token_hash: bytes, now: datetime) -> Standing | None:
    """The same for the session with that cookie."""
    return await _standing(connection, "s.token_hash = %(key)s", token_hash, now)


async def _standing(connection: Connection, which: str, key: UUID | bytes, now: datetime) -> Standing | None:
    query = f"{_STANDING} AND {which}"
    row = await (await connection.execute(query.encode(), {"key": key, "now": now})).fetchone()
    return Standing(*row) if row else None


async def live_sessions(connection: Connection, person_id: UUID, now: datetime) -> list[Session]:
    """Where the person is signed in, last used first; at most 200."""
    rows = await connection.execute(
        f"{_SESSION} WHERE person_id = %s AND ended_at IS NULL AND expires_at > %s "
        "ORDER BY last_seen_at DESC, id LIMIT 200".encode(),
        (person_id, now),
    )
    return [Session(*row) for row in await rows.fetchall()]


async def note_seen(connection: Connection, session_id: UUID, at: datetime, lifetime_days: int, idle_days: int) -> None:
    """Note that the session was used; a browser's is prolonged, up to its age."""
    await connection.execute(
        "UPDATE sessions SET last_seen_at = %(at)s, expires_at = CASE kind WHEN 'browser' THEN "
        "least(created_at + make_interval(days => %(lifetime)s), %(at)s + make_interval(days => %(idle)s)) "
        "ELSE expires_at END WHERE id = %(id)s AND last_seen_at < %(at)s",
        {"id": session_id, "at": at, "lifetime": lifetime_days, "idle": idle_days},
    )


async def prolong(connection: Connection, session_id: UUID, at: datetime, expires_at: datetime) -> None:
    """Note that a program has refreshed its session."""
    await connection.execute(
        "UPDATE sessions SET last_seen_at = %s, expires_at = %s WHERE id = %s", (at, expires_at, session_id)
    )


async def end(connection: Connection, session_id: UUID, person_id: UUID, at: datetime) -> bool:
    """End one session of that person with all its tokens; False when it is not theirs or over."""
    ended = await connection.execute(
        "UPDATE sessions SET ended_at = %s WHERE id = %s AND person_id = %s AND ended_at IS NULL",
        (at, session_id, person_id),
    )
    await _revoke(connection, [session_id], at)
    return ended.rowcount == 1


async def end_all(connection: Connection, person_id: UUID, at: datetime, *, but: UUID | None = None) -> int:
    """End every session of a person, but for one that may stay. Returns how many."""
    rows = await connection.execute(
        "UPDATE sessions SET ended_at = %s WHERE person_id = %s AND ended_at IS NULL AND id IS DISTINCT FROM %s RETURNING id",
        (at, person_id, but),
    )
    return await _end_rows(connection, [row[0] for row in await rows.fetchall()], at)


async def end_in_organisation(connection: Connection, person_id: UUID, organisation_id: UUID, at: datetime) -> int:
    """End every session in which a person works there. Returns how many."""
    rows = await connection.execute(
        "UPDATE sessions SET ended_at = %s WHERE person_id = %s AND organisation_id = %s AND ended_at IS NULL RETURNING id",
        (at, person_id, organisation_id),
    )
    return await _end_rows(connection, [row[0] for row in await rows.fetchall()], at)


async def _end_rows(connection: Connection, ids: list[UUID], at: datetime) -> int:
    if ids:
        await _revoke(connection, ids, at)
    return len(ids)


async def _revoke(connection: Connection, session_ids: list[UUID], at: datetime) -> None:
    await connection.execute(
        "UPDATE refresh_tokens SET revoked_at = %s WHERE family_id = ANY (%s) AND revoked_at IS NULL", (at, session_ids)
    )


async def has_visited(connection: Connection, person_id: UUID, address: str, since: datetime) -> bool:
    """Whether the person has been signed in from that address since then."""
    row = await (
        await connection.execute(
            "SELECT EXISTS (SELECT FROM sessions WHERE person_id = %s AND address = %s AND last_seen_at > %s)",
            (person_id, address, since),
        )
    ).fetchone()
    return bool(row and row[0])


async def insert_refresh_token(
    connection: Connection, token_hash: bytes, token: RefreshToken, issued_at: datetime
) -> None:
    """Add a fresh token to its session."""
    await connection.execute(
        "INSERT INTO refresh_tokens (token_hash, family_id, person_id, organisation_id, issued_at, "
        "expires_at) VALUES (%s, %s, %s, %s, %s, %s)",
        (token_hash, token.session_id, token.person_id, token.organisation_id, issued_at, token.expires_at),
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
