"""One real PostgreSQL a test process, a fresh database a test."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest

from kamhub.hub.booking.tokens import BookingTokens
from kamhub.hub.payment.client import CloudPaymentsClient
from kamhub.hub.seats.engine import SeatEngine
from kamhub.hub.services import Hub
from kamhub.kit.clock import ManualClock
from kamhub.platform.crypto.keys import KeyRing
from kamhub.platform.database.migrate import migrate
from kamhub.platform.database.pool import Database
from kamhub.platform.embedded.cluster import Cluster
from kamhub.platform.embedded.types import ClusterAddress
from kamhub.platform.service_call.notes import CallNotes
from tests.asgi import Web, serve
from tests.builders import World, build_world
from tests.databases import Databases
from tests.hub.payment.support import Provider
from tests.spread import Deadline, Spread, is_counted, long_first, uncounted

NOW = datetime(2026, 11, 24, 0, 0, tzinfo=UTC)
NOWHERE = "http://127.0.0.1:9"  # a closed port: nothing may leave the machine from a test by accident


# Making a database is copying six hundred files: ten times as fast in memory, which no test here has to outlive.
MEMORY = Path("/dev/shm")
ENOUGH = 2 * 1024**3


def pytest_configure(config: pytest.Config) -> None:
    """Who leads the others, or works alone, ends them all when it takes too long."""
    within = os.environ.get("KAMHUB_TEST_WITHIN")
    if within and not hasattr(config, "workerinput"):
        config.pluginmanager.register(Deadline(float(within)))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    long_first(items)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Spread:
    return Spread(config, log)


@pytest.fixture(scope="module", autouse=True)
def _counted(request: pytest.FixtureRequest) -> Iterator[None]:
    """Lines are counted where that tells something."""
    with nullcontext() if is_counted(request.node.nodeid) else uncounted():
        yield


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClusterAddress]:
    """A server of this test process with a migrated template database."""
    folder = tmp_path_factory.mktemp("postgres")
    if MEMORY.is_dir() and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > ENOUGH:
        folder = Path(tempfile.mkdtemp(prefix="kamhub-test-", dir=MEMORY))
        folder.chmod(0o711)  # the database runs as another account and has to get through
    cluster = Cluster(folder / "cluster")
    address = cluster.start()
    try:
        _hurry(address)
        migrate(address.owner_url)
        yield address
    finally:
        cluster.destroy()
        shutil.rmtree(folder, ignore_errors=True)


def _hurry(address: ClusterAddress) -> None:
    """No waiting for the disk: these databases have to outlive neither the server nor the machine.

    And nobody who tidies meanwhile: what the planner knows of a table is what the test has told it.
    """
    with psycopg.connect(address.owner_url, autocommit=True) as connection:
        for name in ("fsync", "full_page_writes", "autovacuum"):
            connection.execute(f"ALTER SYSTEM SET {name} = off".encode())
        connection.execute("SELECT pg_reload_conf()")


@pytest.fixture(scope="session")
def databases(postgres: ClusterAddress) -> Databases:
    return Databases(postgres)


@pytest.fixture
def database_owner_url(databases: Databases) -> Iterator[str]:
    """A database as the migrations leave it, as its owner."""
    name = databases.take()
    yield f"{databases.server}/{name}"
    databases.give_back(name)


@pytest.fixture
def database_url(postgres: ClusterAddress, database_owner_url: str) -> str:
    """The same database, as the running login."""
    return postgres.app_url.rsplit("/", 1)[0] + "/" + database_owner_url.rsplit("/", 1)[1]


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """Open scopes on the fresh database."""
    async with Database(database_url, application="test") as opened:
        yield opened


@pytest.fixture
def clock() -> ManualClock:
    """A clock that stands still: noon of 24 November 2026 in Kamchatka."""
    return ManualClock(NOW)


@pytest.fixture
def keys() -> KeyRing:
    return KeyRing("a secret of the tests, long enough to be one")


@pytest.fixture
def world(database_owner_url: str, keys: KeyRing) -> World:
    """Two operators with a route of three legs each; see ``tests.builders``."""
    return build_world(database_owner_url, keys, NOW)


@pytest.fixture
async def hub(database: Database, clock: ManualClock, keys: KeyRing) -> AsyncIterator[Hub]:
    """The hub's services with the engine running and a provider that cannot be reached."""
    engine = SeatEngine(database, clock)
    provider = CloudPaymentsClient(NOWHERE)
    await engine.start()
    yield Hub(
        database=database,
        engine=engine,
        clock=clock,
        keys=keys,
        tokens=BookingTokens(keys),
        provider=provider,
        calls=CallNotes(database, clock),
        public_url="http://hub.test",
        production=False,
    )
    await engine.stop()
    await provider.close()


@pytest.fixture
def service() -> Provider:
    """A payment service in memory."""
    return Provider()


@pytest.fixture
async def web(
    database_url: str, keys: KeyRing, clock: ManualClock, data_dir: Path, service: Provider
) -> AsyncIterator[Web]:
    """The whole application, running in this process; without rate limits."""
    async with serve(database_url, keys, clock, data_dir, provider=service) as running:
        yield running


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    return tmp_path
