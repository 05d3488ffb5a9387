"""A queue to look into, a table for jobs to write into, and workers for the length of a block."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import psycopg
import pytest

from kamhub.platform.job.worker import JobWorker
from tests.platform.job.processes import WorkerProcesses
from tests.platform.job.support import Check, Eventually, Marks, Queue, Working


@pytest.fixture
def queue(database_url: str, database_owner_url: str) -> Queue:
    return Queue(database_url, database_owner_url)


@pytest.fixture
def marks(database_url: str, database_owner_url: str) -> Marks:
    with psycopg.connect(database_owner_url, autocommit=True) as connection:
        connection.execute("CREATE TABLE marks (id bigserial PRIMARY KEY, mark text, at timestamptz DEFAULT now())")
        connection.execute("GRANT SELECT, INSERT ON marks TO kamhub_system")
        connection.execute("GRANT USAGE ON SEQUENCE marks_id_seq TO kamhub_system")
    return Marks(database_url)


@pytest.fixture
def working() -> Working:
    """Run workers for the length of a block; ended well, and whatever they raised is raised."""

    @asynccontextmanager
    async def work(*workers: JobWorker[Marks]) -> AsyncIterator[None]:
        tasks = [asyncio.create_task(worker.run()) for worker in workers]
        try:
            yield
        finally:
            for worker in workers:
                worker.stop()
            await asyncio.wait_for(asyncio.gather(*tasks), 15)

    return work


@pytest.fixture
def eventually() -> Eventually:
    """Wait until something is true of the database; fails when it does not come true in time."""

    async def wait(done: Check, seconds: float = 60.0) -> None:
        deadline = time.monotonic() + seconds
        while not await done():
            assert time.monotonic() < deadline, "it did not come true in time"
            await asyncio.sleep(0.02)

    return wait


@pytest.fixture
def workers(database_url: str) -> Iterator[WorkerProcesses]:
    """Workers as processes of their own."""
    started = WorkerProcesses(database_url)
    yield started
    started.stop()
