"""Databases of one test process: made from the migrated template, emptied after a test and used again.

Making one is copying six hundred files, which takes longer than most tests; emptying one takes a few milliseconds. What a
test may have left behind that emptying does not undo (another schema, statistics, tables grown large) ends the database.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from uuid import uuid4

import psycopg
from psycopg import sql

from kamhub.platform.embedded.types import ClusterAddress

_LARGEST = 512 * 1024  # bytes of a table, after which plans would be other ones
_CATALOGS = (
    "pg_class", "pg_attribute", "pg_attrdef", "pg_type", "pg_proc", "pg_trigger", "pg_constraint", "pg_index", "pg_policy",
    "pg_namespace", "pg_extension", "pg_rewrite", "pg_inherits", "pg_enum", "pg_default_acl", "pg_event_trigger",
)  # fmt: skip
# Rows of a catalogue and the youngest of them: another number after any statement that defines something.
_SCHEMA = " UNION ALL ".join(
    f"SELECT '{name}', count(*), max(xmin::text::bigint) FROM pg_catalog.{name}" for name in _CATALOGS
)
_STATISTICS = """SELECT 'statistics', count(*), 0 FROM pg_catalog.pg_statistic s JOIN pg_catalog.pg_class c ON c.oid = s.starelid
    WHERE c.relnamespace = 'public'::regnamespace"""
_SIZES = """SELECT 'sizes', count(*), sum(reltuples)::bigint FROM pg_catalog.pg_class
    WHERE relkind IN ('r', 'i') AND relnamespace = 'public'::regnamespace"""
_SETTINGS = """SELECT 'settings', count(*), 0 FROM pg_catalog.pg_db_role_setting s JOIN pg_catalog.pg_database d
    ON d.oid = s.setdatabase WHERE d.datname = current_database()"""
_STATE = f"{_SCHEMA} UNION ALL {_STATISTICS} UNION ALL {_SIZES} UNION ALL {_SETTINGS} ORDER BY 1"
_END_OTHERS = """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()"""
_LOOK_AGAIN = 0.001  # seconds; the server, asked to wait by itself, looks every tenth of a second
_USED = """SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
    AND pg_relation_size(oid) > 0 ORDER BY 1"""
_REWIND = """SELECT setval(format('%I.%I', schemaname, sequencename)::regclass, start_value, false)
    FROM pg_sequences WHERE last_value IS NOT NULL"""


@dataclass(slots=True)
class Databases:
    """``take`` one, ``give_back`` when nobody uses it any more."""

    address: ClusterAddress
    _free: list[str] = field(default_factory=list)
    _state: list[tuple[object, ...]] = field(default_factory=list)
    _kept: dict[str, object] = field(default_factory=dict)

    @property
    def server(self) -> str:
        """The address of the server for its owner, without a database."""
        return self.address.owner_url.rsplit("/", 1)[0]

    def take(self) -> str:
        """The name of a database as the migrations leave it."""
        if self._free:
            return self._free.pop()
        name = f"test_{uuid4().hex}"
        with psycopg.connect(f"{self.server}/postgres", autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {self.address.database} STRATEGY FILE_COPY".encode())
        if not self._state:
            self._learn(name)
        return name

    def give_back(self, name: str) -> None:
        """Empty it for the next test, or end it when it is not what it was."""
        with psycopg.connect(f"{self.server}/{name}", autocommit=True) as connection:
            # Until they are gone; one that never goes is met by the limit of the test.
            while connection.execute(_END_OTHERS).fetchall():
                time.sleep(_LOOK_AGAIN)
            if self._empty(connection):
                self._free.append(name)
                return
        with psycopg.connect(f"{self.server}/postgres", autocommit=True) as connection:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())

    def _learn(self, name: str) -> None:
        """What a fresh one is like: its catalogues, and the rows that migrations have put there."""
        with psycopg.connect(f"{self.server}/{name}", autocommit=True) as connection:
            self._state = connection.execute(_STATE.encode()).fetchall()
            self._kept = {table: self._content(connection, table) for table in self._filled(connection)}

    def _empty(self, connection: psycopg.Connection) -> bool:
        """Whether it is as it was made, its rows gone."""
        if connection.execute(_STATE.encode()).fetchall() != self._state:
            return False
        filled = self._filled(connection)
        if any(self._content(connection, table) != kept for table, kept in self._kept.items()):
            return False
        left = [sql.Identifier(table) for table in filled if table not in self._kept]
        if not left:
            return True
        size = connection.execute(
            "SELECT max(pg_relation_size(name::regclass)) FROM unnest(%s::text[]) name", (filled,)
        ).fetchone()
        if size is None or size[0] > _LARGEST:
            return False
        # As a replica: no trigger fires, so that what is append-only goes too, in any order.
        connection.execute("SET session_replication_role = replica")
        connection.execute(sql.SQL("; ").join(sql.SQL("DELETE FROM {}").format(table) for table in left))
        connection.execute(_REWIND)
        return True

    def _filled(self, connection: psycopg.Connection) -> list[str]:
        """The tables with rows in them."""
        used = [table for (table,) in connection.execute(_USED).fetchall()]
        asked = sql.SQL(", ").join(
            sql.SQL("CASE WHEN EXISTS (SELECT FROM {}) THEN {} END").format(sql.Identifier(table), table)
            for table in used
        )
        row = connection.execute(sql.SQL("SELECT array_remove(ARRAY[{}]::text[], NULL)").format(asked)).fetchone()
        return list(row[0]) if row else []

    @staticmethod
    def _content(connection: psycopg.Connection, table: str) -> object:
        return connection.execute(
            sql.SQL("SELECT count(*), md5(string_agg(t::text, '' ORDER BY t::text)) FROM {} t").format(
                sql.Identifier(table)
            )
        ).fetchone()
