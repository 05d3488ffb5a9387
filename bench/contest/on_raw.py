"""The ceiling: a loop around ``SELECT … FOR UPDATE SKIP LOCKED``, its row lock held while the job runs.

No retries, no priorities, no history, no order: what PostgreSQL and this driver can give before any of that is added.
A killed worker's locks are gone with its connection, so its jobs wait again at once.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import Mapping, Sequence

import uvloop
from psycopg import AsyncConnection

from bench.contest.types import CONCURRENCY, Ask, Connection, Left
from bench.contest.work import LIBRARY, Work, open_work

_POLL_EVERY = 5.0
_SCHEMA = """
CREATE TABLE raw_jobs (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, due timestamptz NOT NULL, kind text NOT NULL,
    number int NOT NULL, item int, seconds double precision NOT NULL
);
CREATE INDEX raw_jobs_due ON raw_jobs (due, id);
CREATE FUNCTION raw_jobs_tell() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN PERFORM pg_notify('raw_jobs', ''); RETURN NULL; END $$;
CREATE TRIGGER raw_jobs_tell AFTER INSERT ON raw_jobs EXECUTE FUNCTION raw_jobs_tell();
"""
_INSERT = """
INSERT INTO raw_jobs (due, kind, number, item, seconds)
SELECT now() + CASE WHEN tomorrow THEN interval '1 day' ELSE interval '0' END, kind, number, item, seconds
FROM unnest(%s::text[], %s::int[], %s::int[], %s::float8[], %s::bool[]) AS a (kind, number, item, seconds, tomorrow)
"""
_TAKE = """
SELECT id, kind, number, item, seconds FROM raw_jobs WHERE due <= now() ORDER BY due, id LIMIT %s FOR UPDATE SKIP LOCKED
"""


class Raw:
    """``batch`` jobs a transaction; as many loops as make up the concurrency."""

    order = ""

    def __init__(self, batch: int) -> None:
        self._batch = batch
        self.name = f"SKIP LOCKED, batch {batch}"

    def missing(self) -> str:
        return ""

    async def install(self, connection: Connection) -> None:
        await connection.execute(_SCHEMA)

    async def enqueue(self, connection: Connection, asks: Sequence[Ask]) -> None:
        columns = zip(*((a.kind, a.number, a.item, a.seconds, a.tomorrow) for a in asks), strict=True)
        await connection.execute(_INSERT, [list(column) for column in columns])

    def program(self) -> list[str]:
        return ["-m", "bench.contest.on_raw", str(self._batch)]

    def environment(self) -> Mapping[str, str]:
        return {}

    async def left(self, connection: Connection) -> dict[int, Left]:
        rows = await (await connection.execute("SELECT number FROM raw_jobs")).fetchall()
        return {number: Left("waiting") for (number,) in rows}


async def _listen(url: str, wake: asyncio.Queue[None]) -> None:
    async with await AsyncConnection.connect(url, autocommit=True, application_name=LIBRARY) as connection:
        await connection.execute("LISTEN raw_jobs")
        async for _ in connection.notifies():
            _ring(wake)


def _ring(wake: asyncio.Queue[None]) -> None:
    with contextlib.suppress(asyncio.QueueFull):
        wake.put_nowait(None)


async def _loop(url: str, batch: int, work: Work, wake: asyncio.Queue[None]) -> None:
    async with await AsyncConnection.connect(url, application_name=LIBRARY) as connection:
        while True:
            taken = await (await connection.execute(_TAKE, (batch,))).fetchall()
            if not taken:
                await connection.rollback()
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(wake.get(), _POLL_EVERY)
                continue
            _ring(wake)
            await asyncio.gather(*(work.runs[kind](*arguments) for _, kind, *arguments in taken))
            await connection.execute("DELETE FROM raw_jobs WHERE id = ANY (%s)", ([row[0] for row in taken],))
            await connection.commit()


async def _work(batch: int, url: str) -> None:
    wake: asyncio.Queue[None] = asyncio.Queue(1)
    async with open_work(url) as work:
        loops = (_loop(url, batch, work, wake) for _ in range(CONCURRENCY // batch))
        await asyncio.gather(_listen(url, wake), *loops)


if __name__ == "__main__":
    uvloop.run(_work(int(sys.argv[1]), sys.argv[2]))
