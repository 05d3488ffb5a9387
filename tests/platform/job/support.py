"""What the job tests look at, and the jobs they run."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Protocol

import psycopg

from kamhub.platform.database.pool import Connection
from kamhub.platform.job.queue import enqueue
from kamhub.platform.job.types import WorkerTimings
from kamhub.platform.job.worker import JobWorker

QUICK = WorkerTimings(
    heartbeat_every=0.3, stalled_after=1.2, sweep_every=0.3, poll_every=0.3, grace=0.3, recover_within=30.0
)

_SYSTEM = "-c role=kamhub_system"


@asynccontextmanager
async def system(url: str) -> AsyncIterator[Connection]:
    """One transaction in the system scope."""
    async with await psycopg.AsyncConnection.connect(url, options=_SYSTEM) as connection:
        yield connection


@dataclass(frozen=True)
class Marks:
    """A table that jobs write into, each mark in a transaction of its own."""

    url: str

    async def add(self, mark: str) -> None:
        async with system(self.url) as connection:
            await connection.execute("INSERT INTO marks (mark) VALUES (%s)", (mark,))

    async def all(self) -> list[str]:
        async with system(self.url) as connection:
            rows = await (await connection.execute("SELECT mark FROM marks ORDER BY id")).fetchall()
        return [row[0] for row in rows]


Check = Callable[[], Awaitable[bool]]
Working = Callable[..., AbstractAsyncContextManager[None]]


class Eventually(Protocol):
    async def __call__(self, done: Check, seconds: float = 10.0) -> None: ...


def seen(marks: Marks, mark: str) -> Check:
    """Whether a job has written that."""

    async def look() -> bool:
        return mark in await marks.all()

    return look


async def is_well(worker: JobWorker[Marks]) -> bool:
    return (await worker.health()).well


@dataclass(frozen=True)
class Row:
    status: str
    attempts: int


@dataclass
class Queue:
    """The queue as seen from outside."""

    url: str
    owner_url: str

    async def put(self, name: str, lock: str | None = None, **arguments: str | int) -> int:
        """Enqueue and commit; returns the job's id."""
        async with system(self.url) as connection:
            await enqueue(connection, name, queue="test", lock=lock, run_at=None, **arguments)
            row = await (await connection.execute("SELECT max(id) FROM procrastinate_jobs")).fetchone()
        assert row is not None
        return int(row[0])

    async def row(self, job_id: int) -> Row:
        async with system(self.url) as connection:
            query = "SELECT status::text, attempts FROM procrastinate_jobs WHERE id = %s"
            row = await (await connection.execute(query, (job_id,))).fetchone()
        assert row is not None
        return Row(*row)

    async def is_(self, job_id: int, status: str) -> bool:
        return (await self.row(job_id)).status == status

    async def failures(self, job_id: int) -> list[tuple[int, str, str]]:
        """Attempt, error and traceback of each failed run."""
        async with system(self.url) as connection:
            query = "SELECT attempt, error, traceback FROM job_failures WHERE job_id = %s ORDER BY id"
            return [(row[0], row[1], row[2]) for row in await (await connection.execute(query, (job_id,))).fetchall()]

    async def fetch(self, query: str, *arguments: object) -> list[tuple[object, ...]]:
        async with system(self.url) as connection:
            return list(await (await connection.execute(query.encode(), arguments)).fetchall())

    async def cut_connections(self) -> None:
        """End every other connection to the database, as a failing network would."""
        async with await psycopg.AsyncConnection.connect(self.owner_url, autocommit=True) as connection:
            await connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
