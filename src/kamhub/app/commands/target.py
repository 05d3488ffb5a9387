"""Which database and data folder a command works on."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import psycopg
from psycopg import sql

from kamhub.platform.database.errors import DatabaseUnsuitable
from kamhub.platform.database.migrate import require_current
from kamhub.platform.embedded.address import running_address
from kamhub.platform.embedded.cluster import Cluster
from kamhub.platform.embedded.data_dir import DataDirLock, default_data_dir
from kamhub.platform.settings import Settings, SettingsRefused, load_settings


@dataclass(frozen=True, slots=True)
class Target:
    """``owner_url`` may change the schema, ``app_url`` is the running login; they are one for an external database."""

    settings: Settings
    data_dir: Path
    app_url: str
    owner_url: str


def fail(sentence: str, code: int = 1) -> NoReturn:
    """Say why on standard error and end."""
    print(sentence, file=sys.stderr)
    raise SystemExit(code)


def read_settings(data_dir: Path | None) -> tuple[Settings, Path]:
    """The settings and the data folder; ends with the reasons when they cannot be run with."""
    try:
        settings = load_settings()
    except SettingsRefused as refused:
        fail(f"These settings cannot be run with:\n{refused}")
    return settings, (data_dir or settings.data_dir or default_data_dir()).absolute()


def known_target(settings: Settings, data_dir: Path) -> Target | None:
    """The configured database, else the embedded one of the data folder if it runs."""
    if settings.database_url is not None:
        url = settings.database_url.get_secret_value()
        owner = settings.migration_database_url
        return Target(settings, data_dir, url, owner.get_secret_value() if owner else url)
    if address := running_address(data_dir):
        return Target(settings, data_dir, address.app_url, address.owner_url)
    return None


@contextmanager
def open_target(data_dir: Path | None) -> Iterator[Target]:
    """The database to work on; an embedded one that does not run is started for the time of the block."""
    settings, folder = read_settings(data_dir)
    if target := known_target(settings, folder):
        yield target
        return
    with DataDirLock(folder):
        cluster = Cluster(folder)
        address = cluster.start()
        try:
            yield Target(settings, folder, address.app_url, address.owner_url)
        finally:
            cluster.stop()


def require_target(data_dir: Path | None) -> Target:
    """The database to serve from; ends with a sentence when there is none."""
    settings, folder = read_settings(data_dir)
    target = known_target(settings, folder)
    if target is None:
        fail(
            "KAMHUB_DATABASE_URL is not set and no embedded database runs here: start `kamhub up`, or name a database."
        )
    return target


def require_schema(url: str, *, role: str | None) -> None:
    """End with a sentence unless the database answers and has a schema that this program works on.

    ``role`` is the running role to look with; None looks as the login itself, which then must own the schema.
    """
    try:
        with psycopg.connect(url, connect_timeout=10, autocommit=True) as connection:
            if role is not None:
                connection.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(role)))
            require_current(connection)
    except DatabaseUnsuitable as unsuitable:
        fail(str(unsuitable))
    except (psycopg.errors.UndefinedObject, psycopg.errors.InvalidParameterValue):
        fail("The database has no schema yet: run `kamhub migrate`.")
    except psycopg.errors.InsufficientPrivilege:
        fail(
            "This login may not do it: GRANT kamhub_public, kamhub_engine, kamhub_tenant, kamhub_system TO it for running, "
            "and set KAMHUB_MIGRATION_DATABASE_URL to the owner of the schema for the rest."
        )
    except psycopg.OperationalError as error:
        fail(unreachable(error))


def unreachable(error: BaseException) -> str:
    """The sentence for a server that does not answer."""
    return f"The database cannot be reached: {first_line(error)}"


def first_line(error: BaseException) -> str:
    """What an error says, without the advice below it."""
    return str(error).strip().split("\n")[0]


def child_environment(**values: str) -> dict[str, str]:
    """Our environment with these settings."""
    # glibc keeps memory of its own for every thread that once worked; two such stores are a tenth of our memory less.
    thrift = {"MALLOC_ARENA_MAX": "2"}
    return {**thrift, **os.environ, **{f"KAMHUB_{name.upper()}": value for name, value in values.items()}}
