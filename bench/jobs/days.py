"""Ten million jobs through the product's own statements: do the tables stay small, and does taking a job stay quick?

Every simulated day 450,000 jobs are enqueued, taken and finished, all of them kept in the history for seven days; a day's end
prunes as the product does, with the clock set forward by that day. Vacuuming is left to the server.
"""

from __future__ import annotations

import asyncio
import statistics
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import psycopg
from psycopg import AsyncConnection
from psycopg.rows import TupleRow
from rich.console import Console
from rich.table import Table

from bench.servers import scratch_database
from kamhub.platform.job.store import work
from kamhub.platform.retention.store import EXPIRED

A_DAY = 450_000
_BATCH = 5_000
_KEPT = timedelta(days=7)
_LANES = [("notices", 0, _BATCH)]
_LOOKS = 100
_ENQUEUE = """
SELECT count(*) FROM unnest(procrastinate_defer_jobs_v1(ARRAY(
  SELECT ROW('notices', 'notice.send', 0, 'booking:' || n, NULL,
             jsonb_build_object('id', gen_random_uuid(), 'at', now(), 'organisation', '00000000-0000-0000-0000-000000000001',
                                'with', jsonb_build_object('message_id', gen_random_uuid())), NULL)::procrastinate_job_to_defer_v1
  FROM generate_series(1, %s) n)))"""
_SIZES = """
SELECT pg_total_relation_size('procrastinate_jobs') / 1e6, pg_total_relation_size('job_history') / 1e6,
       (SELECT count(*) FROM job_history), (SELECT n_dead_tup FROM pg_stat_user_tables WHERE relname = 'procrastinate_jobs')"""

Connection = AsyncConnection[TupleRow]


@dataclass(frozen=True, slots=True)
class Day:
    """What was seen at its end: megabytes with indexes, rows, milliseconds."""

    jobs_mb: float
    history_mb: float
    history_rows: int
    dead_tuples: int
    take_ms: float
    take_p95_ms: float
    seconds: float


def run(console: Console, days: int = 3) -> None:
    """Print a line a day; 23 days are ten million jobs."""
    with scratch_database() as (_, address):
        seen = asyncio.run(_live(address.app_url, days))
    table = Table(title=f"{days * A_DAY:,} jobs, {A_DAY:,} a day, history kept for seven days")
    for column in ("day", "queue MB", "history MB", "history rows", "dead rows", "take 20: ms", "p95 ms", "jobs/s"):
        table.add_column(column, justify="right")
    for number, day in enumerate(seen, 1):
        table.add_row(
            str(number), f"{day.jobs_mb:.1f}", f"{day.history_mb:,.0f}", f"{day.history_rows:,}", f"{day.dead_tuples:,}",
            f"{day.take_ms:.2f}", f"{day.take_p95_ms:.2f}", f"{A_DAY / day.seconds:,.0f}",
        )  # fmt: skip
    console.print(table)


async def _live(url: str, days: int) -> list[Day]:
    async with await psycopg.AsyncConnection.connect(
        url, autocommit=True, options="-c role=kamhub_system -c synchronous_commit=off"
    ) as connection:
        cursor = await connection.execute("INSERT INTO procrastinate_workers DEFAULT VALUES RETURNING id")
        row = await cursor.fetchone()
        assert row is not None
        return [await _day(connection, row[0], number) for number in range(days)]


async def _day(connection: Connection, worker: int, number: int) -> Day:
    started = time.monotonic()
    # As if it were that many days later: kept for longer by as much, and pruned by a clock that is ahead by as much.
    kept, shift = _KEPT + timedelta(days=number), timedelta(days=number)
    for _ in range(A_DAY // _BATCH):
        await connection.execute(_ENQUEUE, (_BATCH,))
        rows = await work.fetch(connection, worker, _LANES, ["notice.send"], _BATCH)
        numbers = [row["id"] for row in rows]
        query = "SELECT count(*) FILTER (WHERE finish_job(n, %s, 0, now(), %s)) FROM unnest(%s::bigint[]) n"
        done = await (await connection.execute(query, (worker, kept, numbers))).fetchone()
        assert done == (_BATCH,), done
    while (await connection.execute(EXPIRED["job_history"], (datetime.now(UTC) + shift, _BATCH))).rowcount:
        pass
    seconds = time.monotonic() - started
    takes = [await _take(connection, worker) for _ in range(_LOOKS)]
    sizes = await (await connection.execute(_SIZES)).fetchone()
    assert sizes is not None
    return Day(
        float(sizes[0]), float(sizes[1]), sizes[2], sizes[3], statistics.median(takes), sorted(takes)[int(_LOOKS * 0.95)],
        seconds,
    )  # fmt: skip


async def _take(connection: Connection, worker: int) -> float:
    """Milliseconds to take twenty jobs that wait; they are finished afterwards."""
    await connection.execute(_ENQUEUE, (20,))
    began = time.perf_counter()
    rows = await work.fetch(connection, worker, [("notices", 0, 20)], ["notice.send"], 20)
    took = (time.perf_counter() - began) * 1000
    assert len(rows) == 20
    await connection.execute(
        "SELECT finish_job(n, %s, 0, now(), '1 second') FROM unnest(%s::bigint[]) n",
        (worker, [row["id"] for row in rows]),
    )
    return took
