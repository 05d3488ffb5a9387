"""SQL on the whole server: the lock of the fleet, databases made, swapped and dropped. Connected to its database `postgres`."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, LiteralString

import psycopg
from psycopg import Connection, sql

from kamhub.platform.backup.store.source import RUNNING_ROLES

LOCK_CLASS = 0x6B62616B  # "kbak"
_TERMINATE_EVERY = 0.05  # seconds
APP = "kamhub_app"

_ACCESS: LiteralString = """
SELECT CASE a.grantee WHEN 0 THEN NULL ELSE (SELECT rolname FROM pg_roles WHERE oid = a.grantee) END, a.privilege_type
FROM pg_database d, aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) a
WHERE d.datname = %s AND a.grantee <> d.datdba"""

_OTHERS: LiteralString = "SELECT pid FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()"


@contextmanager
def locked(connection: Connection, database: str) -> Iterator[bool]:
    """Hold the fleet's lock on backups of that database; yields False when somebody else has it.

    It belongs to the connection: whoever is killed lets go.
    """
    key = (LOCK_CLASS, database)
    taken = bool(_one(connection, "SELECT pg_try_advisory_lock(%s, hashtext(%s))", key))
    try:
        yield taken
    finally:
        if taken and not connection.closed:
            connection.execute("SELECT pg_advisory_unlock(%s, hashtext(%s))", key)


def database_exists(connection: Connection, name: str) -> bool:
    """Whether the server has a database of that name."""
    return bool(_one(connection, "SELECT EXISTS (SELECT FROM pg_database WHERE datname = %s)", (name,)))


def databases_like(connection: Connection, prefix: str) -> list[str]:
    """Databases whose names begin so."""
    query = "SELECT datname FROM pg_database WHERE starts_with(datname, %s) ORDER BY 1"
    return [str(row[0]) for row in connection.execute(query, (prefix,)).fetchall()]


def may_create(connection: Connection) -> bool:
    """Whether this login may make databases."""
    return bool(_one(connection, "SELECT rolsuper OR rolcreatedb FROM pg_roles WHERE rolname = current_user"))


def may_end_others(connection: Connection) -> bool:
    """Whether this login may end the connections of the running one."""
    query = """SELECT r.rolsuper OR pg_has_role(current_user, 'pg_signal_backend', 'USAGE')
      OR coalesce((SELECT pg_has_role(current_user, oid, 'USAGE') FROM pg_roles WHERE rolname = %s), true)
      FROM pg_roles r WHERE r.rolname = current_user"""
    return bool(_one(connection, query, (APP,)))


def create_database(connection: Connection, name: str) -> None:
    """An empty database of this login, as the server makes them."""
    connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))


def drop_database(connection: Connection, name: str) -> None:
    """Drop a database, whoever is connected to it; nothing happens when there is none."""
    connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def missing_roles(connection: Connection, wanted: tuple[str, ...]) -> list[str]:
    """Those of the roles that the server does not have. Roles belong to the server, no dump of a database makes them."""
    query = "SELECT name FROM unnest(%s::text[]) name WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name)"
    return [str(row[0]) for row in connection.execute(query, (list(wanted),)).fetchall()]


def create_running_roles(connection: Connection) -> None:
    """The roles that the product works as, as far as they are missing, for the running login to take."""
    for role in missing_roles(connection, RUNNING_ROLES):
        connection.execute(
            sql.SQL("CREATE ROLE {} NOLOGIN NOSUPERUSER NOBYPASSRLS NOINHERIT").format(sql.Identifier(role))
        )
        if not missing_roles(connection, (APP,)):
            connection.execute(sql.SQL("GRANT {} TO {}").format(sql.Identifier(role), sql.Identifier(APP)))


def copy_access(connection: Connection, model: str | None, name: str) -> None:
    """Let into a database whom the model lets in; without one, the running login alone. A dump does not hold that."""
    target = sql.Identifier(name)
    connection.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(target))
    if model is None:
        if not missing_roles(connection, (APP,)):
            grant = sql.SQL("GRANT CONNECT, TEMPORARY ON DATABASE {} TO {}")
            connection.execute(grant.format(target, sql.Identifier(APP)))
        return
    for role, privilege in connection.execute(_ACCESS, (model,)).fetchall():
        grantee = sql.SQL("PUBLIC") if role is None else sql.Identifier(role)
        grant = sql.SQL("GRANT {} ON DATABASE {} TO {}")
        connection.execute(grant.format(sql.SQL(privilege), target, grantee))


def swap(connection: Connection, maintenance_url: str, *, current: str, fresh: str, kept: str | None) -> None:
    """In one transaction: ``current`` becomes ``kept``, ``fresh`` becomes ``current``.

    The server keeps new connections waiting from the first renaming on; those there are, are ended meanwhile. Whoever
    connects afterwards gets the fresh one. Raises ``psycopg.errors.ObjectInUse`` when somebody would not go.
    """
    over = threading.Event()
    ender = threading.Thread(target=_end_connections, args=(maintenance_url, (current, fresh), over), daemon=True)
    ender.start()
    try:
        with connection.transaction():
            if kept is not None:
                _rename(connection, current, kept)
            _rename(connection, fresh, current)
    finally:
        over.set()
        ender.join()


def _rename(connection: Connection, old: str, new: str) -> None:
    connection.execute(sql.SQL("ALTER DATABASE {} RENAME TO {}").format(sql.Identifier(old), sql.Identifier(new)))


def _end_connections(url: str, databases: tuple[str, ...], over: threading.Event) -> None:
    with psycopg.connect(url, autocommit=True, connect_timeout=10) as connection:
        while not over.wait(_TERMINATE_EVERY):
            for database in databases:
                for (pid,) in connection.execute(_OTHERS, (database,)).fetchall():
                    try:
                        connection.execute("SELECT pg_terminate_backend(%s)", (pid,))
                    except psycopg.errors.InsufficientPrivilege:
                        return  # the renaming will say so


def _one(connection: Connection, query: LiteralString, values: tuple[Any, ...] = ()) -> Any:
    row = connection.execute(query, values or None).fetchone()
    return row[0] if row else None
