"""SQL of the database that is dumped or was loaded; connections are of a login that may read everything."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, LiteralString
from uuid import UUID

import psycopg
from psycopg import Connection, sql

RUNNING_ROLES = ("kamhub_public", "kamhub_engine", "kamhub_tenant", "kamhub_system")

# Ordinary tables of the product; what belongs to an extension is made again with it.
_TABLES: LiteralString = """
SELECT n.nspname, c.relname, pg_total_relation_size(c.oid)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND n.nspname NOT LIKE 'pg\\_%%' AND n.nspname <> 'information_schema'
  AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
ORDER BY 1, 2"""

# A login reads what row-level security would hide when it bypasses it, or owns the tables.
_MAY_READ_ALL: LiteralString = """
SELECT r.rolsuper OR (
    (SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind = 'r' AND n.nspname = 'public' AND NOT (has_table_privilege(c.oid, 'SELECT')
       AND (r.rolbypassrls OR NOT c.relrowsecurity OR pg_has_role(c.relowner, 'USAGE')))) = 0)
FROM pg_roles r WHERE r.rolname = current_user"""

# Who is granted something in this database, or named by a policy.
_ROLES: LiteralString = """
SELECT DISTINCT r.rolname FROM pg_shdepend d JOIN pg_roles r ON r.oid = d.refobjid
WHERE d.dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND d.refclassid = 'pg_authid'::regclass AND d.deptype IN ('a', 'r') AND r.rolname NOT LIKE 'pg\\_%%'
  AND NOT pg_has_role(r.oid, current_user, 'MEMBER') ORDER BY 1"""


@contextmanager
def connected(url: str) -> Iterator[Connection]:
    """A connection that waits for long statements, each statement for itself. Raises ``psycopg.OperationalError``."""
    options = "-c statement_timeout=0 -c idle_in_transaction_session_timeout=0 -c timezone=UTC"
    with psycopg.connect(
        url, autocommit=True, connect_timeout=10, application_name="kamhub-backup", options=options
    ) as connection:
        yield connection


@contextmanager
def frozen(connection: Connection) -> Iterator[str]:
    """One moment of the database for everybody who names it: yields the name of the exported snapshot."""
    with connection.transaction():
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield str(_one(connection, "SELECT pg_export_snapshot()"))


def may_read_all(connection: Connection) -> bool:
    """Whether this login may dump every row."""
    return bool(_one(connection, _MAY_READ_ALL))


def table_sizes(connection: Connection) -> dict[str, int]:
    """Bytes by table name without schema, as the programs call them."""
    return {str(name): int(size) for _, name, size in connection.execute(_TABLES).fetchall()}


def count_rows(connection: Connection) -> dict[str, int]:
    """Rows by ``schema.table``, in the transaction of the connection."""
    counts = {}
    for schema, name, _ in connection.execute(_TABLES).fetchall():
        query = sql.SQL("SELECT count(*) FROM ONLY {}").format(sql.Identifier(schema, name))
        row = connection.execute(query).fetchone()
        counts[f"{schema}.{name}"] = int(row[0]) if row else 0
    return counts


def roles(connection: Connection) -> tuple[str, ...]:
    """The roles that a dump of this database grants rights to, but for its own login."""
    return tuple(str(row[0]) for row in connection.execute(_ROLES).fetchall())


def schema_version(connection: Connection) -> int:
    """The newest migration. Raises ``psycopg.errors.UndefinedTable`` when the database is not the product's."""
    return int(_one(connection, "SELECT coalesce(max(version), 0) FROM schema_migrations"))


def installation(connection: Connection) -> tuple[UUID, datetime] | None:
    """Which hub the database is of, and since when; None when it is of none, or of one before there were backups."""
    if not _one(connection, "SELECT to_regclass('public.installation') IS NOT NULL"):
        return None
    row = connection.execute("SELECT id, created_at FROM installation").fetchone()
    return (row[0], row[1]) if row else None


def is_empty(connection: Connection) -> bool:
    """Whether the hub has no operator yet (the shared catalogue is none), so that nothing is lost when it is replaced."""
    if not _one(connection, "SELECT to_regclass('public.organisations') IS NOT NULL"):
        return True
    return not _one(
        connection, "SELECT EXISTS (SELECT FROM organisations WHERE id <> '00000000-0000-0000-0000-000000000000')"
    )


def take_each_role(connection: Connection) -> None:
    """Take every running role once, as the product does. Raises ``psycopg.Error`` when the login may not."""
    for role in RUNNING_ROLES:
        connection.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(role)))
        connection.execute("SELECT count(*) FROM departures WHERE false")
        connection.execute("RESET ROLE")


def analyse(connection: Connection) -> None:
    """Statistics for the planner: a dump has none."""
    connection.execute("ANALYZE")


def _one(connection: Connection, query: LiteralString) -> Any:
    row = connection.execute(query).fetchone()
    return row[0] if row else None
