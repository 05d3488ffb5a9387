"""SQL of the workers: taking jobs, ending runs, taking up what was left behind. All of it runs in the system scope.

A run is named by job, worker and attempt: when another worker has taken the job up, nothing that the first one writes
about it counts any more.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, LiteralString
from uuid import UUID

from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from kamhub.platform.database.pool import Connection
from kamhub.platform.job.types import Reason

# Lanes are looked at in their order; of each, jobs that are due, in the order in which they fell due. Jobs with the same
# lock go in the order of their numbers: one that runs, is due, or waits to be tried again keeps the later ones waiting;
# one that was only ever meant for later does not. What a server crash makes of the mark "running" is harmless, so that
# mark does not wait for the disk.
FETCH: LiteralString = """
WITH eager AS MATERIALIZED (SELECT set_config('synchronous_commit', 'off', true)),
lanes AS (
  SELECT * FROM unnest(%(queues)s::text[], %(priorities)s::integer[], %(room)s::integer[])
    WITH ORDINALITY AS lane (queue, priority, room, place)
),
free AS (
  SELECT job.id, lanes.place, lanes.room, row_number() OVER (PARTITION BY lanes.queue ORDER BY lanes.place, job.rank) AS number
  FROM eager, lanes CROSS JOIN LATERAL (
    SELECT j.id, row_number() OVER () AS rank FROM (SELECT j.id FROM procrastinate_jobs j
    WHERE j.status = 'todo' AND j.queue_name = lanes.queue AND j.priority = lanes.priority AND j.scheduled_at <= now()
      AND j.task_name = ANY (%(names)s)
      AND (j.lock IS NULL OR NOT EXISTS (
        SELECT FROM procrastinate_jobs other
        WHERE other.lock = j.lock AND other.status IN ('todo', 'doing') AND other.id <> j.id
          AND (other.status = 'doing' OR (other.id < j.id AND (other.attempts > 0 OR other.scheduled_at <= now())))))
    ORDER BY j.scheduled_at, j.id LIMIT lanes.room FOR UPDATE SKIP LOCKED) j
  ) job
),
taken AS (SELECT id FROM free WHERE number <= room ORDER BY place, number LIMIT %(most)s)
UPDATE procrastinate_jobs SET status = 'doing', worker_id = %(worker)s
WHERE id = ANY (ARRAY (SELECT id FROM taken)) RETURNING *"""

NEXT_DUE: LiteralString = """
SELECT extract(epoch FROM min(job.scheduled_at) - now())::float FROM unnest(%s::text[], %s::integer[]) AS lane (queue, priority) CROSS JOIN LATERAL (
  SELECT j.scheduled_at FROM procrastinate_jobs j
  WHERE j.status = 'todo' AND j.queue_name = lane.queue AND j.priority = lane.priority AND j.scheduled_at > now()
  ORDER BY j.scheduled_at LIMIT 1) job"""

_OURS: LiteralString = (
    "id = %(job)s AND status = 'doing' AND worker_id IS NOT DISTINCT FROM %(worker)s AND attempts = %(attempt)s"
)

PUT_BACK: LiteralString = (
    "UPDATE procrastinate_jobs SET status = 'todo', worker_id = NULL, attempts = attempts + 1, "
    "scheduled_at = coalesce(now() + %(after)s::interval, scheduled_at), "
    "args = args || %(change)s WHERE " + _OURS
)

BURY: LiteralString = (
    "WITH dead AS (DELETE FROM procrastinate_jobs WHERE " + _OURS + " RETURNING *) "
    "INSERT INTO dead_jobs (id, organisation_id, kind, queue, priority, lock, arguments, reason, error, traceback, attempts, "
    "  request_id, enqueued_at) "
    "SELECT (args ->> 'id')::uuid, (args ->> 'organisation')::uuid, task_name, queue_name, priority, lock, args -> 'with', "
    "  %(reason)s, %(error)s, %(traceback)s, attempts + %(runs)s, args ->> 'request', (args ->> 'at')::timestamptz FROM dead"
)


# The library's own function, which tells the workers; called by itself it costs a third of what the library's client does.
INSERT: LiteralString = (
    "SELECT procrastinate_defer_jobs_v1(ARRAY[ROW(%s, %s, %s::integer, %s, NULL, %s, %s::timestamptz)"
    "::procrastinate_job_to_defer_v1])"
)


@dataclass(frozen=True, slots=True)
class Claim:
    """Which run of which job, by which worker. ``attempt`` counts the runs before it."""

    job: int
    worker: int | None
    attempt: int

    def as_parameters(self) -> dict[str, object]:
        return {"job": self.job, "worker": self.worker, "attempt": self.attempt}


@dataclass(frozen=True, slots=True)
class LeftBehind:
    """A job marked as running whose worker is gone. ``kills`` counts the workers that vanished with it before."""

    claim: Claim
    id: UUID
    organisation_id: UUID | None
    name: str
    kills: int


async def insert(
    connection: Connection,
    name: str,
    queue: str,
    priority: int,
    lock: str | None,
    run_at: datetime | None,
    kept: Mapping[str, Any],
) -> None:
    """Put a job into the queue, in the caller's transaction and scope; without ``run_at`` due now, by the database's clock."""
    await connection.execute(INSERT, (queue, name, priority, lock, Jsonb(kept), run_at))


async def fetch(
    connection: Connection, worker: int, lanes: Sequence[tuple[str, int, int]], names: Sequence[str], most: int
) -> list[dict[str, Any]]:
    """Take at most ``most`` jobs; ``lanes`` are queue, priority and how many of it may be taken.

    Raises ``UniqueViolation`` when another worker took a job with the same lock at the same moment: ask again.
    """
    queues, priorities, room = zip(*lanes, strict=True)
    async with connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(
            FETCH,
            {
                "queues": list(queues), "priorities": list(priorities), "room": list(room), "names": list(names),
                "most": most, "worker": worker,
            },
        )  # fmt: skip
        return await cursor.fetchall()


async def next_due(connection: Connection, lanes: Sequence[tuple[str, int, int]]) -> float | None:
    """In how many seconds, by the database's clock, the next job of these lanes falls due; None when nothing is planned."""
    queues, priorities, _ = zip(*lanes, strict=True)
    row = await (await connection.execute(NEXT_DUE, (list(queues), list(priorities)))).fetchone()
    return row[0] if row else None


async def others_wait(connection: Connection, queue: str) -> bool:
    """Whether jobs of that queue are due and nothing but a free hand is missing."""
    row = await (
        await connection.execute(
            """SELECT EXISTS (
                 SELECT FROM procrastinate_jobs j WHERE j.queue_name = %s AND j.status = 'todo' AND j.scheduled_at <= now()
                   AND NOT EXISTS (SELECT FROM procrastinate_jobs d WHERE d.status = 'doing' AND d.lock = j.lock))""",
            (queue,),
        )
    ).fetchone()
    return bool(row and row[0])


async def finish(connection: Connection, claim: Claim, started: datetime, kept: timedelta) -> bool:
    """Mark the job as done, on any connection that may act for it; False when the run does not own it any more."""
    row = await (
        await connection.execute(
            "SELECT finish_job(%s, %s, %s, %s, %s)", (claim.job, claim.worker, claim.attempt, started, kept)
        )
    ).fetchone()
    return bool(row and row[0])


async def put_back(connection: Connection, claim: Claim, after: timedelta | None, change: Mapping[str, Any]) -> bool:
    """Make a running job wait again, due after that time; ``change`` replaces members of what the queue keeps of it.

    ``after`` None: in its old place, ahead of what fell due later. False when the run does not own the job any more.
    """
    values = {**claim.as_parameters(), "after": after, "change": Jsonb(change)}
    return (await connection.execute(PUT_BACK, values)).rowcount == 1


async def bury(connection: Connection, claim: Claim, reason: Reason, error: str, traceback: str, runs: int = 1) -> bool:
    """Make a dead letter of a running job; False when the run does not own it any more. ``runs``: 0 if it never ran."""
    values = {**claim.as_parameters(), "reason": reason, "error": error, "traceback": traceback, "runs": runs}
    return (await connection.execute(BURY, values)).rowcount == 1


async def record_failure(
    connection: Connection, job: UUID, organisation: UUID | None, attempt: int, error: str, traceback: str
) -> None:
    """Keep why a run failed; ``attempt`` is 1 for the first."""
    await connection.execute(
        "INSERT INTO job_failures (job, organisation_id, attempt, error, traceback) VALUES (%s, %s, %s, %s, %s)",
        (job, organisation, attempt, error, traceback),
    )


async def say_progress(connection: Connection, claim: Claim, progress: Mapping[str, Any]) -> None:
    """Keep what a running job says of itself."""
    query = "UPDATE procrastinate_jobs SET args = args || %(change)s WHERE " + _OURS
    await connection.execute(query, {**claim.as_parameters(), "change": Jsonb({"progress": progress})})


async def lock_left_behind(
    connection: Connection, ours: int, stalled_after: float, own: Collection[int] = (), ended: Collection[int] = ()
) -> list[LeftBehind]:
    """Running jobs whose worker has been silent for ``stalled_after`` seconds or is one of ``ended``, and those in ``own``;
    locked. ``ours`` is the worker that asks: it may be silent, because it stops and lets its jobs finish.

    Jobs that another worker is looking at this moment are left to it.
    """
    rows = await (
        await connection.execute(
            """SELECT j.id, j.worker_id, j.attempts, (j.args ->> 'id')::uuid, (j.args ->> 'organisation')::uuid, j.task_name,
                      coalesce((j.args ->> 'kills')::integer, 0)
               FROM procrastinate_jobs j LEFT JOIN procrastinate_workers w ON w.id = j.worker_id
               WHERE j.status = 'doing' AND (w.id IS NULL OR j.id = ANY (%s) OR w.id = ANY (%s)
                     OR w.id <> %s AND w.last_heartbeat < now() - make_interval(secs => %s))
               ORDER BY j.id FOR UPDATE OF j SKIP LOCKED""",
            (list(own), list(ended), ours, stalled_after),
        )
    ).fetchall()
    return [LeftBehind(Claim(row[0], row[1], row[2]), *row[3:]) for row in rows]


async def running_of(connection: Connection, worker_id: int) -> set[int]:
    """Numbers of the jobs that the database believes this worker to be running."""
    cursor = await connection.execute(
        "SELECT id FROM procrastinate_jobs WHERE status = 'doing' AND worker_id = %s", (worker_id,)
    )
    return {row[0] for row in await cursor.fetchall()}


async def bury_unknown(connection: Connection, waited: float, error: str, most: int) -> int:
    """Make dead letters of jobs that no worker of the fleet knows, due for ``waited`` seconds; returns how many."""
    cursor = await connection.execute(
        """WITH unknown AS (
             SELECT id FROM procrastinate_jobs j
             WHERE j.status = 'todo' AND j.scheduled_at < now() - make_interval(secs => %(waited)s)
               AND NOT EXISTS (SELECT FROM job_workers w WHERE j.task_name = ANY (w.kinds))
             ORDER BY id LIMIT %(most)s FOR UPDATE SKIP LOCKED),
           dead AS (DELETE FROM procrastinate_jobs j USING unknown WHERE j.id = unknown.id RETURNING j.*)
           INSERT INTO dead_jobs (id, organisation_id, kind, queue, priority, lock, arguments, reason, error, traceback, attempts,
             request_id, enqueued_at)
           SELECT (args ->> 'id')::uuid, (args ->> 'organisation')::uuid, task_name, queue_name, priority, lock, args -> 'with',
             'unknown_kind', %(error)s, '', attempts, args ->> 'request', (args ->> 'at')::timestamptz FROM dead""",
        {"waited": waited, "error": error, "most": most},
    )
    return cursor.rowcount


async def claim_tick(connection: Connection, kind: str, tick: datetime, *, also_new: bool) -> bool:
    """Move the timetable's line on to that tick; True for exactly one caller in the fleet, whose transaction it is.

    Unless ``also_new`` is set, a line that is new counts from now on: its last tick is taken for done.
    """
    row = await (
        await connection.execute(
            """WITH known AS (SELECT tick FROM job_ticks WHERE kind = %(kind)s),
               moved AS (
                 INSERT INTO job_ticks (kind, tick) VALUES (%(kind)s, %(tick)s)
                 ON CONFLICT (kind) DO UPDATE SET tick = EXCLUDED.tick WHERE job_ticks.tick < EXCLUDED.tick RETURNING 1)
               SELECT EXISTS (SELECT FROM moved) AND (%(also_new)s OR EXISTS (SELECT FROM known))""",
            {"kind": kind, "tick": tick, "also_new": also_new},
        )
    ).fetchone()
    return bool(row and row[0])


async def is_waiting(connection: Connection, lock: str) -> bool:
    """Whether a job with that lock waits in the queue."""
    query = "SELECT EXISTS (SELECT FROM procrastinate_jobs WHERE lock = %s AND status = 'todo')"
    row = await (await connection.execute(query, (lock,))).fetchone()
    return bool(row and row[0])


async def wake_workers(connection: Connection) -> None:
    """Make every worker look into the queue on commit; the library tells them of new jobs only."""
    await connection.execute(
        'SELECT pg_notify(\'procrastinate_any_queue_v1\', \'{"type": "job_inserted", "job_id": 0}\')'
    )
