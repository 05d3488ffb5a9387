"""SQL about jobs that the library lacks. All of it runs in the system scope."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from kamhub.platform.database.pool import Connection
from kamhub.platform.job.types import FailedJob


@dataclass(frozen=True, slots=True)
class StalledJob:
    """A job marked as running whose worker is gone. ``attempts`` counts the runs before this one."""

    id: int
    name: str
    attempts: int


async def record_failure(connection: Connection, job_id: int, attempt: int, error: str, traceback: str) -> None:
    """Keep why a run failed."""
    await connection.execute(
        "INSERT INTO job_failures (job_id, attempt, error, traceback) VALUES (%s, %s, %s, %s)",
        (job_id, attempt, error, traceback),
    )


async def lock_stalled(connection: Connection, stalled_after: float, own: Collection[int]) -> list[StalledJob]:
    """Running jobs whose worker has been silent for ``stalled_after`` seconds, and those in ``own``; locked.

    Jobs that another worker is sweeping at this moment are left to it.
    """
    rows = await (
        await connection.execute(
            """SELECT j.id, j.task_name, j.attempts FROM procrastinate_jobs j
               LEFT JOIN procrastinate_workers w ON w.id = j.worker_id
               WHERE j.status = 'doing' AND (w.id IS NULL OR j.id = ANY (%s)
                     OR w.last_heartbeat < now() - make_interval(secs => %s))
               ORDER BY j.id FOR UPDATE OF j SKIP LOCKED""",
            (list(own), stalled_after),
        )
    ).fetchall()
    return [StalledJob(*row) for row in rows]


async def running_of(connection: Connection, worker_id: int) -> set[int]:
    """Ids of the jobs that the database believes this worker to be running."""
    cursor = await connection.execute(
        "SELECT id FROM procrastinate_jobs WHERE status = 'doing' AND worker_id = %s", (worker_id,)
    )
    return {row[0] for row in await cursor.fetchall()}


async def put_back(connection: Connection, job_id: int) -> None:
    """Make a running or failed job wait again, due now."""
    await forget_queueing_lock(connection, job_id)
    await connection.execute("SELECT procrastinate_retry_job_v2(%s, now(), NULL, NULL, NULL)", (job_id,))


async def fail(connection: Connection, job_id: int) -> None:
    """Keep a running job as failed."""
    await connection.execute("SELECT procrastinate_finish_job_v1(%s, 'failed', false)", (job_id,))


async def forget_queueing_lock(connection: Connection, job_id: int) -> None:
    """Let the next job with the same queueing lock wait in the queue, and this one go back to it."""
    await connection.execute(
        "UPDATE procrastinate_jobs SET queueing_lock = NULL WHERE id = %s AND queueing_lock IS NOT NULL",
        (job_id,),
    )


async def wake_workers(connection: Connection) -> None:
    """Make every worker look into the queue on commit; the library tells them of new jobs only."""
    await connection.execute(
        'SELECT pg_notify(\'procrastinate_any_queue_v1\', \'{"type": "job_inserted", "job_id": 0}\')'
    )


async def last_heartbeat(connection: Connection, worker_id: int) -> datetime | None:
    """When that worker last said that it lives; None when it is not registered any more."""
    query = "SELECT last_heartbeat FROM procrastinate_workers WHERE id = %s"
    cursor = await connection.execute(query, (worker_id,))
    row = await cursor.fetchone()
    return row[0] if row else None


async def failed_jobs(connection: Connection, limit: int, offset: int = 0) -> list[FailedJob]:
    """Jobs that failed for good, the newest first, each with its last error."""
    rows = await (
        await connection.execute(
            """SELECT j.id, j.task_name, j.queue_name, j.attempts,
                      (SELECT max(e.at) FROM procrastinate_events e
                       WHERE e.job_id = j.id AND e.type = 'failed'),
                      (SELECT f.error FROM job_failures f WHERE f.job_id = j.id ORDER BY f.id DESC LIMIT 1)
               FROM procrastinate_jobs j WHERE j.status = 'failed' ORDER BY j.id DESC LIMIT %s OFFSET %s""",
            (limit, offset),
        )
    ).fetchall()
    return [FailedJob(*row) for row in rows]


async def run_again(connection: Connection, job_id: int) -> bool:
    """Give a failed job all its attempts anew, due now; False when there is no such failed job."""
    cursor = await connection.execute(
        "SELECT 1 FROM procrastinate_jobs WHERE id = %s AND status = 'failed' FOR UPDATE", (job_id,)
    )
    if await cursor.fetchone() is None:
        return False
    await put_back(connection, job_id)
    await connection.execute("UPDATE procrastinate_jobs SET attempts = 0 WHERE id = %s", (job_id,))
    await wake_workers(connection)
    return True


async def tidy(connection: Connection, kept_days: int) -> None:
    """Delete jobs that succeeded more than ``kept_days`` days ago, and failures whose job is gone."""
    await connection.execute(
        """DELETE FROM procrastinate_jobs j USING procrastinate_events e
           WHERE e.job_id = j.id AND e.type = 'succeeded' AND e.at < now() - make_interval(days => %s)
             AND j.status = 'succeeded'""",
        (kept_days,),
    )
    await connection.execute(
        "DELETE FROM job_failures f WHERE NOT EXISTS (SELECT FROM procrastinate_jobs j WHERE j.id = f.job_id)"
    )
