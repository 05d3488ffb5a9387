"""SQL of what people see of jobs, and of what they do with dead letters.

Runs in the scope of an organisation, which sees its own jobs, or in the system scope, which sees all of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import LiteralString
from uuid import UUID

import psycopg

from kamhub.platform.database.pool import Connection
from kamhub.platform.job.types import DeadJob, Failure, JobRow, JobStatus

_LIVE: LiteralString = """
SELECT (j.args ->> 'id')::uuid AS id, (j.args ->> 'organisation')::uuid AS organisation_id, j.task_name AS kind,
       j.queue_name::text AS queue, CASE j.status WHEN 'todo' THEN 'waiting' ELSE 'running' END AS status,
       j.scheduled_at AS run_at, j.attempts, (j.args ->> 'at')::timestamptz AS enqueued_at, j.args ->> 'request' AS request_id,
       CASE WHEN j.attempts > 0 THEN (SELECT f.error FROM job_failures f WHERE f.job = (j.args ->> 'id')::uuid
                                      ORDER BY f.id DESC LIMIT 1) END AS error,
       j.args -> 'progress' AS progress
FROM procrastinate_jobs j"""
_ENDED: LiteralString = """
SELECT id, organisation_id, kind, queue, outcome AS status, finished_at AS run_at, attempts, enqueued_at, request_id,
       reason AS error, NULL::jsonb AS progress FROM job_history"""
_DEAD: LiteralString = """
SELECT id, organisation_id, kind, queue, 'dead' AS status, died_at AS run_at, attempts, enqueued_at, request_id,
       error, NULL::jsonb AS progress FROM dead_jobs"""
_SOURCES: dict[JobStatus, LiteralString] = {
    "waiting": _LIVE + " WHERE j.status = 'todo'",
    "running": _LIVE + " WHERE j.status = 'doing'",
    "dead": _DEAD + " WHERE true",
    "done": _ENDED + " WHERE outcome = 'done'",
    "discarded": _ENDED + " WHERE outcome = 'discarded'",
}
STATUSES: tuple[JobStatus, ...] = tuple(_SOURCES)
_FILTERS: LiteralString = (
    " AND (%(kind)s::text IS NULL OR kind = %(kind)s) AND (%(queue)s::text IS NULL OR queue = %(queue)s)"
    " AND (%(organisation)s::uuid IS NULL OR organisation_id = %(organisation)s)"
)


@dataclass(frozen=True, slots=True)
class JobFilter:
    """Which jobs; None is any. ``text`` is looked for in kind, error and id of dead letters."""

    status: JobStatus | None = None
    kind: str | None = None
    queue: str | None = None
    text: str | None = None
    organisation: UUID | None = None

    def as_parameters(self) -> dict[str, object]:
        escaped = self.text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") if self.text else None
        return {
            "kind": self.kind, "queue": self.queue, "organisation": self.organisation,
            "text": f"%{escaped}%" if escaped else None,
        }  # fmt: skip


def _source(status: JobStatus) -> LiteralString:
    # The filters name the columns of the list, which the live table calls otherwise.
    return "SELECT * FROM (" + _SOURCES[status] + ") AS jobs WHERE true" + _FILTERS


async def jobs(connection: Connection, wanted: JobFilter, limit: int, offset: int) -> list[JobRow]:
    """Jobs, the newest first: running and waiting before ended ones of the same moment."""
    statuses = (wanted.status,) if wanted.status else STATUSES
    # Of every source only what can be on the page, so that each may use its index.
    parts = ["(" + _source(status) + " ORDER BY run_at DESC, id DESC LIMIT %(reach)s)" for status in statuses]
    found = "SELECT * FROM (" + " UNION ALL ".join(parts) + ") AS found"
    query = found + " ORDER BY run_at DESC, id DESC LIMIT %(limit)s OFFSET %(offset)s"
    values = {**wanted.as_parameters(), "reach": limit + offset, "limit": limit, "offset": offset}
    rows = await (await connection.execute(query.encode(), values)).fetchall()
    return [JobRow(*row) for row in rows]


async def counts(connection: Connection, wanted: JobFilter, most: int | None = None) -> dict[JobStatus, int]:
    """How many jobs there are by status, whatever status is wanted; counted up to ``most``, so that a look stays cheap."""
    parts = [
        "SELECT '" + status + "', count(*) FROM (" + _source(status) + " LIMIT %(most)s::bigint) AS s"
        for status in STATUSES
    ]
    values = {**wanted.as_parameters(), "most": most}
    rows = await (await connection.execute(" UNION ALL ".join(parts).encode(), values)).fetchall()
    return dict(rows)


async def job(connection: Connection, job_id: UUID) -> JobRow | None:
    """One job, wherever it is; None when there is none, or its history was pruned."""
    live = _LIVE + " WHERE (j.args ->> 'id')::uuid = %(id)s"
    query = live + " UNION ALL " + _DEAD + " WHERE id = %(id)s UNION ALL " + _ENDED + " WHERE id = %(id)s LIMIT 1"
    row = await (await connection.execute(query, {"id": job_id})).fetchone()
    return JobRow(*row) if row else None


async def failures(connection: Connection, job_id: UUID) -> list[Failure]:
    """Why its runs failed, the last first."""
    query = "SELECT at, attempt, error, traceback FROM job_failures WHERE job = %s ORDER BY id DESC"
    return [Failure(*row) for row in await (await connection.execute(query, (job_id,))).fetchall()]


_DEAD_COLUMNS: LiteralString = "id, organisation_id, kind, queue, reason, error, traceback, arguments, attempts, enqueued_at, died_at, request_id, lock"
_DEAD_FILTER: LiteralString = (
    _FILTERS + " AND (%(text)s::text IS NULL OR error ILIKE %(text)s OR kind ILIKE %(text)s OR id::text ILIKE %(text)s)"
)


async def dead_jobs(connection: Connection, wanted: JobFilter, limit: int, offset: int) -> list[DeadJob]:
    """Dead letters, the latest death first."""
    query = f"SELECT {_DEAD_COLUMNS} FROM dead_jobs WHERE true {_DEAD_FILTER} ORDER BY died_at DESC, id DESC LIMIT %(limit)s OFFSET %(offset)s"
    values = {**wanted.as_parameters(), "limit": limit, "offset": offset}
    rows = await (await connection.execute(query, values)).fetchall()
    return [DeadJob(*row) for row in rows]


async def count_dead(connection: Connection, wanted: JobFilter) -> int:
    """How many dead letters there are."""
    query = f"SELECT count(*) FROM dead_jobs WHERE true {_DEAD_FILTER}"
    row = await (await connection.execute(query, wanted.as_parameters())).fetchone()
    return int(row[0]) if row else 0


async def dead_kinds(connection: Connection) -> list[tuple[str, int]]:
    """Kinds that have dead letters, with how many."""
    query = "SELECT kind, count(*)::integer FROM dead_jobs GROUP BY kind ORDER BY kind"
    return [(row[0], row[1]) for row in await (await connection.execute(query)).fetchall()]


async def dead_job(connection: Connection, job_id: UUID) -> DeadJob | None:
    """One dead letter."""
    query = f"SELECT {_DEAD_COLUMNS} FROM dead_jobs WHERE id = %s"
    row = await (await connection.execute(query, (job_id,))).fetchone()
    return DeadJob(*row) if row else None


async def dead_of_kind(connection: Connection, kind: str, most: int) -> list[UUID]:
    """Ids of dead letters of that kind, those enqueued first, first."""
    query = "SELECT id FROM dead_jobs WHERE kind = %s ORDER BY id LIMIT %s"
    return [row[0] for row in await (await connection.execute(query, (kind, most))).fetchall()]


async def take_dead(connection: Connection, job_ids: Sequence[UUID]) -> list[tuple[DeadJob, int]]:
    """Take dead letters out, with their priority; whoever takes one has it alone. Those that are gone are left out."""
    query = f"DELETE FROM dead_jobs WHERE id = ANY (%s) RETURNING {_DEAD_COLUMNS}, priority"
    rows = await (await connection.execute(query, (list(job_ids),))).fetchall()
    return sorted(((DeadJob(*row[:-1]), row[-1]) for row in rows), key=lambda taken: taken[0].id)


async def keep_discarded(connection: Connection, letter: DeadJob, reason: str, now: datetime, kept: timedelta) -> None:
    """Write into the history that a dead letter was discarded, and why."""
    await connection.execute(
        """INSERT INTO job_history (id, organisation_id, kind, queue, outcome, attempts, request_id, reason, enqueued_at,
                                    started_at, finished_at, expires_at)
           VALUES (%(id)s, %(organisation)s, %(kind)s, %(queue)s, 'discarded', %(attempts)s, %(request)s, %(reason)s,
                   %(enqueued)s, %(died)s, %(now)s, %(expires)s)""",
        {
            "id": letter.id, "organisation": letter.organisation_id, "kind": letter.kind, "queue": letter.queue,
            "attempts": letter.attempts, "request": letter.request_id, "reason": reason, "enqueued": letter.enqueued_at,
            "died": letter.died_at, "now": now, "expires": now + kept,
        },
    )  # fmt: skip


async def require_readable(connection: Connection) -> None:
    """Raises ``psycopg.Error`` when a table of the queue is missing or may not be read. Runs in the system scope."""
    await connection.execute(
        """SELECT (SELECT max(1) FROM (SELECT FROM procrastinate_jobs LIMIT 1) AS j),
                  (SELECT max(1) FROM (SELECT FROM dead_jobs LIMIT 1) AS d),
                  (SELECT max(1) FROM (SELECT FROM job_history LIMIT 1) AS h),
                  (SELECT max(1) FROM (SELECT FROM job_workers LIMIT 1) AS w)"""
    )


def dead_letters(connection: psycopg.Connection) -> int:
    """How many dead letters there are, for the doctor. Runs in the system scope."""
    row = connection.execute("SELECT count(*) FROM dead_jobs").fetchone()
    return int(row[0]) if row else 0
