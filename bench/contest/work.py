"""The jobs themselves, the same for every contestant, and the tables in which they leave their traces."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from psycopg import AsyncConnection
from psycopg.rows import TupleRow
from psycopg_pool import AsyncConnectionPool

from bench.contest.types import POOL, Connection

# Names of the connections of a worker process: the library's own, and those of the jobs.
LIBRARY, JOBS = "contest-library", "contest-jobs"

# ``at`` are seconds of the monotonic clock, which all processes of a machine share.
TABLES = """
CREATE TABLE effects (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, number int NOT NULL, item int, worker int NOT NULL,
    at double precision NOT NULL
);
CREATE TABLE starts (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, number int NOT NULL, at double precision NOT NULL
);
CREATE TABLE callers (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, number int NOT NULL);
"""

Run = Callable[..., Awaitable[None]]


class Work:
    """Bodies of the jobs, by kind in ``runs``. Each writes in a transaction of its own."""

    def __init__(self, pool: AsyncConnectionPool[Connection]) -> None:
        self._pool = pool
        self.runs: dict[str, Run] = {"effect": self.effect, "long": self.long, "fail": self.fail}

    async def effect(self, number: int, item: int | None, seconds: float) -> None:
        """Leave one row in ``effects``, with the moment of the first line."""
        at = time.monotonic()
        if seconds:
            await asyncio.sleep(seconds)
        async with self._pool.connection() as connection:
            await connection.execute(
                "INSERT INTO effects (number, item, worker, at) VALUES (%s, %s, %s, %s)",
                (number, item, os.getpid(), at),
            )

    async def long(self, number: int, item: int | None, seconds: float) -> None:
        """Tell that it began, then take its time."""
        async with self._pool.connection() as connection:
            await connection.execute("INSERT INTO starts (number, at) VALUES (%s, %s)", (number, time.monotonic()))
        await self.effect(number, item, seconds)

    async def fail(self, number: int, item: int | None, seconds: float) -> None:
        """Never succeed."""
        await asyncio.sleep(seconds)
        raise ValueError(f"job {number} of item {item} always fails")


@asynccontextmanager
async def open_work(url: str) -> AsyncIterator[Work]:
    """The jobs on a pool of their own."""
    pool: AsyncConnectionPool[Connection] = AsyncConnectionPool(
        url, connection_class=AsyncConnection[TupleRow], kwargs={"application_name": JOBS},
        min_size=2, max_size=POOL, open=False,
    )  # fmt: skip
    async with pool:
        await pool.wait()
        yield Work(pool)
