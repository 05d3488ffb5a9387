"""Migrations: forward only, once, by one at a time, and nothing without a sentence."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from kamhub.platform.database import migrate as under_test
from kamhub.platform.database.errors import DatabaseUnsuitable
from kamhub.platform.database.migrate import Migration, check_server, compare, load_migrations, migrate, require_current
from kamhub.platform.embedded.types import ClusterAddress

CARRIED = load_migrations()
NAMES = [migration.name for migration in CARRIED]


@pytest.fixture
def empty_url(postgres: ClusterAddress) -> Iterator[str]:
    """A database without anything in it, as its owner."""
    name, base = f"empty_{uuid4().hex}", postgres.owner_url.rsplit("/", 1)[0]
    with psycopg.connect(f"{base}/postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
        yield f"{base}/{name}"
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


def schema_of(url: str) -> list[tuple[Any, ...]]:
    query = "SELECT table_name, column_name, data_type FROM information_schema.columns WHERE table_schema = 'public' ORDER BY 1, 2"
    with psycopg.connect(url) as connection:
        return connection.execute(query).fetchall()


def execute(url: str, statement: str) -> None:
    with psycopg.connect(url) as connection:
        connection.execute(statement.encode())


def current(url: str) -> None:
    with psycopg.connect(url) as connection:
        require_current(connection)


def test_the_files_are_numbered_without_gaps() -> None:
    assert [migration.version for migration in CARRIED] == list(range(1, len(CARRIED) + 1))
    assert all(migration.name.startswith(f"{migration.version:04}_") for migration in CARRIED)


def test_an_empty_database_is_brought_up_once(empty_url: str) -> None:
    with pytest.raises(DatabaseUnsuitable, match=rf"lacks {len(CARRIED)} migration.*{NAMES[0]}.*kamhub migrate"):
        current(empty_url)
    told: list[str] = []
    assert migrate(empty_url, told.append) == NAMES == told
    current(empty_url)
    made = schema_of(empty_url)
    assert ("bookings", "status", "text") in made
    assert migrate(empty_url, told.append) == []
    assert (told, schema_of(empty_url)) == (NAMES, made)


def test_two_at_once_do_the_work_once(empty_url: str) -> None:
    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(lambda _: migrate(empty_url), range(4)))
    assert sorted(done) == [[], [], [], NAMES]
    current(empty_url)


def test_a_database_that_is_behind_gets_the_rest(empty_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as older:
        older.setattr(under_test, "load_migrations", lambda: CARRIED[:-1])
        assert migrate(empty_url) == NAMES[:-1]
    with pytest.raises(DatabaseUnsuitable, match=rf"lacks 1 migration\(s\), the first is {NAMES[-1]}"):
        current(empty_url)
    assert migrate(empty_url) == NAMES[-1:]
    current(empty_url)


def test_a_newer_database_is_left_alone(database_owner_url: str) -> None:
    execute(
        database_owner_url,
        "INSERT INTO schema_migrations (version, name, checksum) VALUES (9000, '9000_later.sql', 'x')",
    )
    before = schema_of(database_owner_url)
    for attempt in (migrate, current):
        with pytest.raises(
            DatabaseUnsuitable, match=rf"version 9000, this program knows {CARRIED[-1].version}.*newer program"
        ):
            attempt(database_owner_url)
    assert schema_of(database_owner_url) == before


def later(text: str) -> list[Migration]:
    """What the next program carries: everything of this one, and a migration with this text."""
    return [*CARRIED, Migration(len(CARRIED) + 1, "9999_later.sql", text)]


def test_a_program_works_on_a_newer_schema_that_says_so(empty_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    vouched = f"-- Oldest program: {len(CARRIED):04}\nCREATE TABLE later (id int);"
    with monkeypatch.context() as newer:
        newer.setattr(under_test, "load_migrations", lambda: later(vouched))
        assert migrate(empty_url)[-1] == "9999_later.sql"
    current(empty_url)
    made = schema_of(empty_url)
    assert (migrate(empty_url), schema_of(empty_url)) == ([], made)  # as after a rollback of the program
    with monkeypatch.context() as older:
        older.setattr(under_test, "load_migrations", lambda: CARRIED[:-1])
        for attempt in (migrate, current):
            with pytest.raises(DatabaseUnsuitable, match="newer program"):
                attempt(empty_url)
    execute(empty_url, "UPDATE schema_migrations SET checksum = 'changed' WHERE version = 2")
    with pytest.raises(DatabaseUnsuitable, match="Migration 2 of this program is not the one"):
        current(empty_url)


@pytest.mark.parametrize(
    ("text", "oldest"),
    [("SELECT 1", 21), ("-- Oldest program: 0019\nSELECT 1", 19), ("-- Why.\n-- Oldest program: 0099\n", 21)],
)
def test_nobody_before_it_works_on_a_migration_that_does_not_say_so(text: str, oldest: int) -> None:
    assert Migration(21, "0021_x.sql", text).oldest_program == oldest


def test_a_database_from_before_this_was_noted_is_current(database_owner_url: str) -> None:
    execute(database_owner_url, "ALTER TABLE schema_migrations DROP COLUMN oldest_program")
    current(database_owner_url)
    assert migrate(database_owner_url) == []


def test_a_changed_migration_is_refused(database_owner_url: str) -> None:
    execute(database_owner_url, "UPDATE schema_migrations SET checksum = 'changed' WHERE version = 2")
    for attempt in (migrate, current):
        with pytest.raises(DatabaseUnsuitable, match="Migration 2 of this program is not the one"):
            attempt(database_owner_url)


def test_a_migration_that_fails_leaves_no_half(empty_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = Migration(len(CARRIED) + 1, "9999_broken.sql", "CREATE TABLE half (id int); SELECT 1 / 0;")
    with monkeypatch.context() as spoilt:
        spoilt.setattr(under_test, "load_migrations", lambda: [*CARRIED, broken])
        with pytest.raises(psycopg.errors.DivisionByZero):
            migrate(empty_url)
    assert not [row for row in schema_of(empty_url) if row[0] == "half"]
    assert migrate(empty_url) == []
    current(empty_url)


def test_what_is_missing_in_the_middle_is_still_run() -> None:
    applied = {migration.version: migration.checksum for migration in CARRIED if migration.version != 2}
    assert [migration.version for migration in compare(applied, CARRIED)] == [2]
    with pytest.raises(DatabaseUnsuitable, match="Migration 2 "):
        compare({1: CARRIED[0].checksum, 2: "x"}, [CARRIED[0], CARRIED[2]])


class FakeServer:
    """A connection to a server that is not ours: its version, and how many extensions of that name it has."""

    def __init__(self, version: int, extensions: int | None) -> None:
        self.info = SimpleNamespace(server_version=version)
        self._extensions = extensions

    def execute(self, _: str) -> FakeServer:
        return self

    def fetchone(self) -> tuple[int] | None:
        return None if self._extensions is None else (self._extensions,)


@pytest.mark.parametrize(
    ("version", "extensions", "sentence"),
    [
        (160_004, 1, "PostgreSQL 17 or newer is needed, this server is 16"),
        (170_000, 0, "pgvector"),
        (180_000, None, "pgvector"),
    ],
)
def test_a_server_we_cannot_run_on_is_told_in_a_sentence(version: int, extensions: int | None, sentence: str) -> None:
    with pytest.raises(DatabaseUnsuitable, match=sentence):
        check_server(FakeServer(version, extensions))  # type: ignore[arg-type]
    check_server(FakeServer(170_000, 1))  # type: ignore[arg-type]


def library_file(name: str) -> Any:
    return SimpleNamespace(name=name, read_bytes=name.encode)


def test_upgrades_of_the_job_library_are_taken_in_order() -> None:
    names = [
        "03.10.00_50_b.sql",
        "03.02.00_01_a.sql",
        "03.10.00_01_a.sql",
        "03.11.00_01_later.sql",
        "03.01.00_01_old.sql",
        "README.md",
    ]
    files = [library_file(name) for name in names]
    steps = under_test._library_upgrades(files, ["3.0.0", "3.1.0"], "3.10.0")
    assert steps == [b"03.02.00_01_a.sql", b"03.10.00_01_a.sql", b"03.10.00_50_b.sql"]
    assert under_test._library_upgrades(files, [], "3.10.0") == []


def test_another_version_of_the_job_library_is_upgraded(database_owner_url: str) -> None:
    execute(database_owner_url, "UPDATE job_schema SET version = (string_to_array(version, '.'))[1] || '.999.0'")
    assert migrate(database_owner_url) == []
    with psycopg.connect(database_owner_url) as connection:
        versions = {row[0] for row in connection.execute("SELECT version FROM job_schema").fetchall()}
    assert version("procrastinate") in versions
