"""Workers whose database goes away. It is stopped here, so these tests have one of their own."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from uuid import uuid4

import psycopg
import pytest

from kamhub.platform.database.migrate import migrate
from kamhub.platform.embedded.cluster import Cluster
from kamhub.platform.embedded.types import ClusterAddress
from tests.platform.job.processes import WorkerProcesses, health
from tests.platform.job.support import SLOW, Eventually, Marks, Queue, seen


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    made = Cluster(tmp_path_factory.mktemp("outage"))
    try:
        migrate(made.start().owner_url)
        yield made
    finally:
        made.destroy()


@pytest.fixture(scope="module")
def postgres(cluster: Cluster) -> ClusterAddress:
    return cluster.address


@pytest.fixture
def database_owner_url(cluster: Cluster, postgres: ClusterAddress) -> str:
    """A fresh database, which ends with its server."""
    cluster.start()
    name, server = f"test_{uuid4().hex}", postgres.owner_url.rsplit("/", 1)[0]
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {postgres.database}".encode())
    return f"{server}/{name}"


async def test_the_worker_goes_on_after_a_restart_of_the_database(
    queue: Queue, marks: Marks, cluster: Cluster, workers: WorkerProcesses, eventually: Eventually
) -> None:
    worker = workers.start()
    port = await asyncio.to_thread(workers.health_port, worker)
    interrupted = await queue.put(SLOW, word="a", seconds=1)
    await eventually(seen(marks, "begin a"))

    await asyncio.to_thread(cluster.stop)
    status, body = await asyncio.to_thread(health, port)
    assert (status, body["database"], body["last_heartbeat"]) == (503, False, None)
    cluster.start()

    later = await queue.put(SLOW, word="b", seconds=0)
    await eventually(lambda: queue.is_(later, "done"), 90)
    await eventually(lambda: queue.is_(interrupted, "done"), 90)
    assert worker.poll() is None


async def test_a_worker_without_its_database_for_too_long_ends_with_an_error(
    queue: Queue, marks: Marks, cluster: Cluster, workers: WorkerProcesses, eventually: Eventually
) -> None:
    worker = workers.start(recover_within=1.0)
    await queue.put(SLOW, word="a", seconds=0)
    await eventually(seen(marks, "end a"))
    await asyncio.to_thread(cluster.stop)
    assert await asyncio.to_thread(worker.wait, 30) == 1
    assert "WorkerCannotRecover" in workers.output(worker)
