"""People on a real PostgreSQL, with a clock that is moved by hand."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest
import pytest_asyncio

from kamhub.kit.clock import ManualClock
from kamhub.platform.crypto.keys import KeyRing
from kamhub.platform.database.migrate import migrate
from kamhub.platform.database.pool import Database
from kamhub.platform.embedded.cluster import Cluster
from kamhub.platform.person.services import People
from kamhub.platform.person.types import NewAccount


@pytest.fixture(scope="session")
def database_url() -> Iterator[str]:
    """Address of a migrated database, as the login bound by row-level security."""
    folder = Path(tempfile.mkdtemp(prefix="kamhub-test-")).resolve()
    folder.chmod(0o711)
    cluster = Cluster(folder / "data", system_dir=folder / "system")
    address = cluster.start()
    try:
        migrate(address.owner_url)
        yield address.app_url
    finally:
        cluster.stop(0.5)
        shutil.rmtree(folder, ignore_errors=True)


@pytest_asyncio.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    async with Database(database_url, application="kamhub-test") as opened:
        yield opened


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(datetime(2026, 11, 24, 12, 0, tzinfo=UTC))


@pytest.fixture
def keys() -> KeyRing:
    return KeyRing("a secret of this test run, long enough")


@pytest.fixture
def people(database: Database, clock: ManualClock, keys: KeyRing) -> People:
    return People(database, clock, keys)


@pytest.fixture
def new_account() -> Callable[..., NewAccount]:
    """Make accounts that nobody else has."""

    def make(**changes: str) -> NewAccount:
        wanted = {
            "email": f"{uuid4().hex}@people.example",
            "password": "лавовый-мост-47",
            "name": "Анна Ключевская",
            "locale": "ru",
        }
        return NewAccount(**(wanted | changes))  # type: ignore[arg-type]

    return make
