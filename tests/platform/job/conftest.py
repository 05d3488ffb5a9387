"""A PostgreSQL for the job tests, which stop and start it, and a fresh migrated database for each of them."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
from job_support import Marks, Queue
from kamhub.platform.database.migrate import migrate
from kamhub.platform.embedded.cluster import Cluster
from kamhub.platform.job.worker import JobWorker


@pytest.fixture(scope="session")
def job_cluster() -> Iterator[Cluster]:
    root = Path(tempfile.mkdtemp(prefix="kamhub-jobs-")).resolve()
    root.chmod(0o711)
    cluster = Cluster(root / "data", system_dir=root / "system")
    try:
        migrate(cluster.start().owner_url)
        yield cluster
    finally:
        cluster.stop(1.0)
        shutil.rmtree(root, ignore_errors=True)


@pytest.fixture
def job_urls(job_cluster: Cluster) -> Iterator[tuple[str, str]]:
    """URLs of a new database: the running login and the owner."""
    address = job_cluster.start()
    name = f"jobs_{secrets.token_hex(6)}"
    with psycopg.connect(_other(address.owner_url, "postgres"), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE kamhub".encode())
        yield _other(address.app_url, name), _other(address.owner_url, name)
        with contextlib.suppress(psycopg.OperationalError):
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


@pytest.fixture
def job_url(job_urls: tuple[str, str]) -> str:
    return job_urls[0]


@pytest.fixture
def queue(job_urls: tuple[str, str]) -> Queue:
    return Queue(job_urls[0], job_urls[1])


@pytest.fixture
def marks(job_urls: tuple[str, str]) -> Marks:
    with psycopg.connect(job_urls[1], autocommit=True) as connection:
        connection.execute("CREATE TABLE marks (id bigserial PRIMARY KEY, mark text, at timestamptz DEFAULT now())")
        connection.execute("GRANT SELECT, INSERT ON marks TO kamhub_system")
        connection.execute("GRANT USAGE ON SEQUENCE marks_id_seq TO kamhub_system")
    return Marks(job_urls[0])


@pytest.fixture
def working() -> Callable[..., contextlib.AbstractAsyncContextManager[None]]:
    """Run workers for the length of a block; ended well, and whatever they raised is raised."""

    @asynccontextmanager
    async def work(*workers: JobWorker[object]) -> AsyncIterator[None]:
        tasks = [asyncio.create_task(worker.run()) for worker in workers]
        try:
            yield
        finally:
            for worker in workers:
                worker.stop()
            await asyncio.wait_for(asyncio.gather(*tasks), 15)

    return work


@pytest.fixture
def eventually() -> Callable[..., Awaitable[None]]:
    """Wait until something is true of the database; fails when it does not come true in time."""

    async def wait(done: Callable[[], Awaitable[bool]], seconds: float = 10.0) -> None:
        deadline = time.monotonic() + seconds
        while not await done():
            assert time.monotonic() < deadline, "it did not come true in time"
            await asyncio.sleep(0.02)

    return wait


def _other(url: str, database: str) -> str:
    return urlunsplit(urlsplit(url)._replace(path=f"/{database}"))
