"""SQL of the doctor: counts only. All but the first work in the system scope."""

from __future__ import annotations

from collections.abc import Sequence
from typing import LiteralString

import psycopg


def login_rights(connection: psycopg.Connection) -> tuple[bool, bool]:
    """Whether the login itself passes row-level security by, and whether it may use the rights of a table's owner."""
    row = connection.execute(
        "SELECT rolsuper OR rolbypassrls, EXISTS ("
        "  SELECT FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')"
        "  AND pg_has_role(session_user, relowner, 'MEMBER'))"
        " FROM pg_roles WHERE rolname = session_user"
    ).fetchone()
    return (bool(row[0]), bool(row[1])) if row else (True, True)


def people_of_domains(connection: psycopg.Connection, domains: Sequence[str]) -> int:
    """How many people with an address there could sign in."""
    return _count(
        connection,
        "SELECT count(*) FROM people WHERE disabled_at IS NULL AND split_part(email, '@', 2) = ANY (%s)",
        (list(domains),),
    )


def owners_without_second_factor(connection: psycopg.Connection) -> int:
    """How many owners and administrators have a password only."""
    return _count(
        connection,
        "SELECT count(DISTINCT p.id) FROM people p JOIN memberships m ON m.person_id = p.id "
        "WHERE m.role IN ('owner', 'admin') AND p.disabled_at IS NULL AND p.totp_enabled_at IS NULL",
    )


def keys_without_expiry(connection: psycopg.Connection) -> int:
    """How many API keys are good for ever."""
    return _count(connection, "SELECT count(*) FROM api_keys WHERE revoked_at IS NULL AND expires_at IS NULL")


def _count(connection: psycopg.Connection, query: LiteralString, params: Sequence[object] = ()) -> int:
    row = connection.execute(query, params).fetchone()
    return int(row[0]) if row else 0
