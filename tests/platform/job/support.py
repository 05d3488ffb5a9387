"""What the job tests look at, and the jobs they run."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol
from uuid import UUID

import psycopg

from kamhub.platform.database.pool import Connection, Database
from kamhub.platform.job.queue import enqueue
from kamhub.platform.job.registry import Registry
from kamhub.platform.job.run import Run
from kamhub.platform.job.store import lists
from kamhub.platform.job.types import (
    DONE,
    DeadJob,
    Entry,
    Failure,
    Job,
    JobRow,
    JobStatus,
    Kind,
    Outcome,
    Retry,
    Scope,
    WorkerTimings,
)
from kamhub.platform.job.types import Queue as QueueName
from kamhub.platform.job.worker import JobWorker

QUICK = WorkerTimings(
    heartbeat_every=0.3, stalled_after=1.2, sweep_every=0.3, look_every=0.1, poll_every=0.3, grace=0.3, last_words=0.3, recover_within=30.0,
    stuck_after=200.0,
)  # fmt: skip
SOON = Retry(attempts=3, first=timedelta(milliseconds=10), longest=timedelta(milliseconds=20))
ONCE = Retry(attempts=1)

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


def job_of(
    name: str,
    function: Callable[..., Awaitable[Outcome]],
    retry: Retry = SOON,
    *,
    timeout: float = 5.0,
    queue: QueueName = QueueName.MAINTENANCE,
    scope: Scope = "system",
    priority: int = 0,
    formerly: tuple[str, ...] = (),
) -> Job[Any]:
    """A job with the arguments its function takes."""
    arguments = frozenset(list(inspect.signature(function).parameters)[1:])
    kind = Kind(name, queue, scope, arguments, priority)
    return Job(kind, function, timedelta(seconds=timeout), retry, kept=timedelta(days=1), formerly=formerly)


def worker_of(
    database: Database,
    marks: Marks,
    *jobs: Job[Any],
    timetable: Sequence[Entry] = (),
    timings: WorkerTimings = QUICK,
    hands: dict[QueueName, int] | None = None,
    **more: Any,
) -> JobWorker[Marks]:
    """A worker in this process."""
    return JobWorker(database, Registry(jobs, timetable, hands), marks, timings=timings, **more)


async def mark(run: Run[Marks], *, word: str) -> Outcome:
    """Write a mark, in the transaction that ends the job."""
    async with run.transaction() as connection:
        await connection.execute("INSERT INTO marks (mark) VALUES (%s)", (word,))
        return await run.finish(connection)


async def slow(run: Run[Marks], *, word: str, seconds: int) -> Outcome:
    """Two marks with a pause between, each in a transaction of its own."""
    await run.context.add(f"begin {word}")
    await asyncio.sleep(seconds)
    await run.context.add(f"end {word}")
    return DONE


MARK = job_of("mark", mark)
SLOW = job_of("slow", slow, Retry(attempts=8), timeout=60)

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


@dataclass
class Queue:
    """The queue as seen from outside."""

    url: str
    owner_url: str

    async def put(
        self, what: Job[Any], lock: str | None = None, run_at: datetime | None = None, **arguments: str | int
    ) -> UUID:
        """Enqueue and commit; returns the job's id."""
        return await self.put_kind(what.kind, lock, run_at, **arguments)

    async def put_kind(
        self, kind: Kind, lock: str | None = None, run_at: datetime | None = None, **arguments: str | int
    ) -> UUID:
        """Enqueue what perhaps nobody knows."""
        async with system(self.url) as connection:
            return await enqueue(connection, kind, organisation_id=None, lock=lock, run_at=run_at, **arguments)

    async def row(self, job_id: UUID) -> JobRow:
        async with system(self.url) as connection:
            found = await lists.job(connection, job_id)
        assert found is not None, "the job is lost"
        return found

    async def is_(self, job_id: UUID, status: JobStatus) -> bool:
        return (await self.row(job_id)).status == status

    async def failures(self, job_id: UUID) -> list[Failure]:
        """Failed runs, the first first."""
        async with system(self.url) as connection:
            return (await lists.failures(connection, job_id))[::-1]

    async def dead(self, job_id: UUID) -> DeadJob:
        async with system(self.url) as connection:
            found = await lists.dead_job(connection, job_id)
        assert found is not None, "there is no such dead letter"
        return found

    async def fetch(self, query: str, *arguments: object) -> list[tuple[object, ...]]:
        async with system(self.url) as connection:
            return list(await (await connection.execute(query.encode(), arguments)).fetchall())

    async def execute(self, statement: str, *arguments: object) -> None:
        async with system(self.url) as connection:
            await connection.execute(statement.encode(), arguments)

    async def cut_connection(self, pid: int) -> None:
        """End the connection that this server process serves."""
        async with await psycopg.AsyncConnection.connect(self.owner_url, autocommit=True) as connection:
            await connection.execute("SELECT pg_terminate_backend(%s)", (pid,))

    async def cut_connections(self) -> None:
        """End every other connection to the database, as a failing network would."""
        async with await psycopg.AsyncConnection.connect(self.owner_url, autocommit=True) as connection:
            await connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
