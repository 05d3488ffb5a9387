"""SQL about the workers of the fleet and about the queues as a whole. All of it runs in the system scope."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import LiteralString
from uuid import UUID

from kamhub.platform.database.pool import Connection
from kamhub.platform.job.types import QueueState, WorkerRow

# The number of a worker's lock, apart from those of everything else that is locked by number.
_LOCK: LiteralString = "hashtextextended('worker:' || {}, 7)"


async def tie(connection: Connection, worker_id: int) -> None:
    """Hold the worker's lock for as long as this connection lives; waits for whoever looks at it this moment."""
    await connection.execute("SELECT pg_advisory_lock(" + _LOCK.format("%s::bigint") + ")", (worker_id,))


async def untied(connection: Connection, worker_id: int) -> set[int]:
    """Other workers that have jobs and whose lock nobody holds, of those that hold one as long as they live.

    Looks by taking the locks for the length of this statement, shared, so that several may look at once.
    """
    cursor = await connection.execute(
        """WITH others AS MATERIALIZED (
             SELECT worker_id FROM job_workers w WHERE tied AND worker_id <> %s
             AND EXISTS (SELECT FROM procrastinate_jobs j WHERE j.worker_id = w.worker_id AND j.status = 'doing'))
           SELECT worker_id FROM others WHERE pg_try_advisory_xact_lock_shared("""
        + _LOCK.format("worker_id")
        + ")",
        (worker_id,),
    )
    return {row[0] for row in await cursor.fetchall()}


async def introduce(
    connection: Connection,
    worker_id: int,
    host: str,
    pid: int,
    version: str,
    queues: Sequence[str],
    kinds: Sequence[str],
) -> None:
    """Say who a registered worker is and which jobs it runs. It is ``tie``d."""
    await connection.execute(
        """INSERT INTO job_workers (worker_id, host, pid, version, queues, kinds, started_at, tied)
           VALUES (%s, %s, %s, %s, %s, %s, now(), true)""",
        (worker_id, host, pid, version, list(queues), list(kinds)),
    )


async def last_heartbeat(connection: Connection, worker_id: int) -> datetime | None:
    """When that worker last said that it lives; None when it is not registered any more."""
    query = "SELECT last_heartbeat FROM procrastinate_workers WHERE id = %s"
    row = await (await connection.execute(query, (worker_id,))).fetchone()
    return row[0] if row else None


async def forget_silent(connection: Connection, silent: float) -> list[int]:
    """Strike workers off that have been silent for so many seconds and whose jobs were taken up; returns their numbers.

    The others stay: the job of a vanished machine may be locked by its open transaction, and nobody waits for that.
    """
    cursor = await connection.execute(
        """DELETE FROM procrastinate_workers w WHERE w.last_heartbeat < now() - make_interval(secs => %s)
           AND NOT EXISTS (SELECT FROM procrastinate_jobs j WHERE j.worker_id = w.id AND j.status = 'doing') RETURNING w.id""",
        (silent,),
    )
    return [row[0] for row in await cursor.fetchall()]


async def workers(connection: Connection) -> list[WorkerRow]:
    """The fleet, the oldest first."""
    rows = await (
        await connection.execute(
            """SELECT w.id, f.host, f.pid, f.version, f.queues, f.kinds, f.started_at, w.last_heartbeat,
                      (SELECT count(*) FROM procrastinate_jobs j WHERE j.worker_id = w.id AND j.status = 'doing')
               FROM procrastinate_workers w JOIN job_workers f ON f.worker_id = w.id ORDER BY w.id"""
        )
    ).fetchall()
    return [
        WorkerRow(row[0], row[1], row[2], row[3], tuple(row[4]), tuple(row[5]), row[6], row[7], row[8]) for row in rows
    ]


QUEUES = """
SELECT queue, sum(waiting)::integer, sum(scheduled)::integer, sum(running)::integer, sum(dead)::integer,
       coalesce(extract(epoch FROM now() - min(oldest)), 0)::float
FROM (
  SELECT queue_name AS queue,
         count(*) FILTER (WHERE status = 'todo' AND scheduled_at <= now()) AS waiting,
         count(*) FILTER (WHERE status = 'todo' AND scheduled_at > now()) AS scheduled,
         count(*) FILTER (WHERE status = 'doing') AS running,
         0 AS dead,
         min(scheduled_at) FILTER (WHERE status = 'todo' AND scheduled_at <= now()) AS oldest
  FROM procrastinate_jobs
  WHERE %(organisation)s::uuid IS NULL OR (args ->> 'organisation')::uuid = %(organisation)s
  GROUP BY queue_name
  UNION ALL
  SELECT queue, 0, 0, 0, count(*), NULL FROM dead_jobs
  WHERE %(organisation)s::uuid IS NULL OR organisation_id = %(organisation)s GROUP BY queue
) AS counted
GROUP BY queue ORDER BY queue"""


async def queues(connection: Connection, organisation_id: UUID | None = None) -> list[QueueState]:
    """The queues that hold anything, of one organisation or of everybody."""
    cursor = await connection.execute(QUEUES, {"organisation": organisation_id})
    return [QueueState(*row) for row in await cursor.fetchall()]
