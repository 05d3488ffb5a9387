"""Forward-only migrations: SQL files in order, under an advisory lock, each in a transaction of its own.

The job library (procrastinate) keeps its own schema; ``_jobs_schema`` applies it and its upgrades by the library's own
files, so that they stay the library's business.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib import resources
from importlib.metadata import version as package_version

import psycopg
from psycopg import Connection

from kamhub.platform.database.errors import DatabaseUnsuitable

MINIMUM_SERVER = 17
LOCK_KEY = 0x6B616D687562  # "kamhub"
_FIRST_ON_JOBS = 11  # the first migration that builds on the tables of the job library
_FILE_NAME = re.compile(r"(\d{4})_[a-z0-9_]+\.sql")
_OLDEST_PROGRAM = re.compile(r"^-- Oldest program: (\d{4})\b", re.MULTILINE)
_LIBRARY_FILE = re.compile(r"(\d+)\.(\d+)\.(\d+)_(\d+)_.*\.sql")

# The newest migration, and the schema that a program has to know to work on it. Read as JSON, because a database that was
# migrated before this was noted has no such column.
SCHEMA_STATE = (
    "SELECT max(version), max(coalesce((to_jsonb(m) ->> 'oldest_program')::integer, version)) FROM schema_migrations m"
)


@dataclass(frozen=True, slots=True)
class Migration:
    """One file: its number, name, text and the SHA-256 of the text."""

    version: int
    name: str
    text: str

    @property
    def checksum(self) -> str:
        return hashlib.sha256(self.text.encode()).hexdigest()

    @property
    def oldest_program(self) -> int:
        """The schema a program has to know to work on this one, from the line ``-- Oldest program: 0020``.

        Without the line nobody vouches for the programs before it, so it is the migration itself.
        """
        said = _OLDEST_PROGRAM.search(self.text)
        return min(int(said[1]), self.version) if said else self.version


def load_migrations() -> list[Migration]:
    """The migrations this program carries, in order."""
    folder = resources.files("kamhub.platform.database").joinpath("migrations")
    found = [
        Migration(int(match[1]), entry.name, entry.read_text("utf-8"))
        for entry in folder.iterdir()
        if (match := _FILE_NAME.fullmatch(entry.name))
    ]
    return sorted(found, key=lambda migration: migration.version)


def check_server(connection: Connection) -> None:
    """Raise ``DatabaseUnsuitable`` when the server is too old or has no pgvector to offer."""
    major = connection.info.server_version // 10000
    if major < MINIMUM_SERVER:
        raise DatabaseUnsuitable(f"PostgreSQL {MINIMUM_SERVER} or newer is needed, this server is {major}.")
    row = connection.execute("SELECT count(*) FROM pg_available_extensions WHERE name = 'vector'").fetchone()
    if row is None or row[0] == 0:
        raise DatabaseUnsuitable(
            "The extension pgvector is not installed on this PostgreSQL server (package pgvector)."
        )


def applied_versions(connection: Connection) -> dict[int, str]:
    """Version → checksum of what the database has; empty for a new database."""
    exists = connection.execute("SELECT to_regclass('public.schema_migrations') IS NOT NULL").fetchone()
    if exists is None or not exists[0]:
        return {}
    return dict(connection.execute("SELECT version, checksum FROM schema_migrations").fetchall())


def oldest_program(connection: Connection) -> int:
    """The schema a program has to know to work on this database; raises what PostgreSQL says when it has none yet."""
    row = connection.execute(SCHEMA_STATE).fetchone()
    return row[1] or 0 if row else 0


def compare(applied: dict[int, str], carried: Iterable[Migration], oldest: int | None = None) -> list[Migration]:
    """The migrations still to run; what a newer program applied is passed over when this one, knowing ``oldest``, works on it.

    Raises ``DatabaseUnsuitable`` when the database is too new or was changed.
    """
    known = {migration.version: migration for migration in carried}
    newest = max(known, default=0)
    ahead = [version for version in applied if version > newest]
    if ahead and (oldest is None or oldest > newest):
        raise DatabaseUnsuitable(
            f"The database schema is at version {max(ahead)}, this program knows {newest}: "
            "it was migrated by a newer program. Run that one, or restore a backup made before it."
        )
    for version, checksum in applied.items():
        if version not in ahead and (version not in known or known[version].checksum != checksum):
            raise DatabaseUnsuitable(f"Migration {version} of this program is not the one the database was made with.")
    return [known[version] for version in sorted(known) if version not in applied]


def require_current(connection: Connection) -> None:
    """Raise ``DatabaseUnsuitable`` unless the schema is the one this program needs, or a newer one that it works on."""
    check_server(connection)
    if pending := missing(connection):
        raise DatabaseUnsuitable(
            f"The database schema lacks {len(pending)} migration(s), the first is {pending[0].name}: run `kamhub migrate`."
        )


def missing(connection: Connection) -> list[Migration]:
    """The migrations of this program that the database lacks. Raises ``DatabaseUnsuitable`` as ``compare``."""
    applied = applied_versions(connection)
    return compare(applied, load_migrations(), oldest_program(connection) if applied else None)


def migrate(url: str, report: Callable[[str], None] = lambda _: None) -> list[str]:
    """Bring the database at ``url`` to this program's schema; returns the names of what was applied.

    Two programs may call this at once: the second waits for the first. A newer schema that this program works on is left
    alone. Raises ``DatabaseUnsuitable``.
    """
    with psycopg.connect(url, autocommit=True, connect_timeout=10, application_name="kamhub-migrate") as connection:
        check_server(connection)
        connection.execute("SELECT pg_advisory_lock(%s)", (LOCK_KEY,))
        pending = missing(connection)
        if max(applied_versions(connection), default=0) > load_migrations()[-1].version:
            return []
        for migration in pending:
            if migration.version == _FIRST_ON_JOBS:
                _jobs_schema(connection)
            report(migration.name)
            _apply(connection, migration)
        _jobs_schema(connection)
        return [migration.name for migration in pending]


def _apply(connection: Connection, migration: Migration) -> None:
    with connection.transaction():
        # A migration that would wait behind a long transaction gives up instead of stopping all traffic.
        connection.execute("SET LOCAL lock_timeout = '5s'")
        connection.execute(
            "CREATE TABLE IF NOT EXISTS schema_migrations (version integer PRIMARY KEY, name text NOT NULL, "
            "checksum text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())"
        )
        connection.execute("ALTER TABLE schema_migrations ADD COLUMN IF NOT EXISTS oldest_program integer")
        connection.execute(migration.text.encode())
        connection.execute(
            "INSERT INTO schema_migrations (version, name, checksum, oldest_program) VALUES (%s, %s, %s, %s)",
            (migration.version, migration.name, migration.checksum, migration.oldest_program),
        )
        connection.execute("GRANT SELECT ON schema_migrations TO kamhub_system, kamhub_public")


def _jobs_schema(connection: Connection) -> None:
    """Create or upgrade the tables of the job library, and let the running roles use them."""
    installed = package_version("procrastinate")
    folder = resources.files("procrastinate").joinpath("sql")
    with connection.transaction():
        connection.execute(
            "CREATE TABLE IF NOT EXISTS job_schema (version text PRIMARY KEY, at timestamptz DEFAULT now())"
        )
        versions = [row[0] for row in connection.execute("SELECT version FROM job_schema").fetchall()]
        if installed in versions:
            return
        if not versions:
            connection.execute(folder.joinpath("schema.sql").read_bytes())
        for text in _library_upgrades(folder.joinpath("migrations").iterdir(), versions, installed):
            connection.execute(text)
        connection.execute("INSERT INTO job_schema (version) VALUES (%s)", (installed,))
        connection.execute("GRANT SELECT ON job_schema TO kamhub_system")
        connection.execute(
            "GRANT SELECT, INSERT, UPDATE, DELETE ON procrastinate_jobs, procrastinate_events, "
            "procrastinate_periodic_defers, procrastinate_workers TO kamhub_system"
        )
        connection.execute("GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO kamhub_tenant, kamhub_system")
        # A tenant may put jobs into the queue, but sees nobody's: the library's insert runs as its owner.
        connection.execute(
            "ALTER FUNCTION procrastinate_defer_jobs_v1(procrastinate_job_to_defer_v1[]) "
            "SECURITY DEFINER SET search_path = public, pg_temp"
        )


def _library_upgrades(files: Iterable[object], have: list[str], target: str) -> list[bytes]:
    """Texts of the library's upgrade files newer than the newest version we have, in order."""
    if not have:
        return []
    newest = max(tuple(int(part) for part in version.split(".")) for version in have)
    wanted = tuple(int(part) for part in target.split("."))
    steps = []
    for entry in files:
        match = _LIBRARY_FILE.fullmatch(getattr(entry, "name", ""))
        if match and newest < (step := tuple(int(part) for part in match.groups()[:3])) <= wanted:
            steps.append((step, int(match[4]), entry.read_bytes()))  # type: ignore[attr-defined]
    return [text for _, _, text in sorted(steps)]
