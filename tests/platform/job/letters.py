"""Dead letters and ended jobs, as workers leave them behind."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from kamhub.kit.ids import new_id
from tests.builders import Operator, World


def dead_letter(
    world: World,
    operator: Operator | None,
    *,
    kind: str = "notice.send",
    queue: str = "notices",
    reason: str = "out_of_attempts",
    error: str = "MailRefused: the server does not take it",
    died_at: datetime | None = None,
    lock: str | None = None,
    **arguments: Any,
) -> UUID:
    """A job that failed twice and for good; ``operator`` None is one of the installation. Returns its id."""
    job_id, died = new_id(), died_at or world.now
    organisation = operator.id if operator else None
    given = arguments or {"message_id": str(new_id())}
    world.execute(
        "INSERT INTO dead_jobs (id, organisation_id, kind, queue, priority, lock, arguments, reason, error, traceback, attempts, "
        "request_id, enqueued_at, died_at) VALUES (%s, %s, %s, %s, 0, %s, %s, %s, %s, 'Traceback: line 7', 2, 'req-12345678', %s, %s)",
        job_id, organisation, kind, queue, lock, Jsonb(given), reason, error, died - timedelta(hours=1), died,
    )  # fmt: skip
    for attempt in (1, 2):
        world.execute(
            "INSERT INTO job_failures (job, organisation_id, attempt, error, traceback, at) VALUES (%s, %s, %s, %s, '', %s)",
            job_id, organisation, attempt, f"{error} ({attempt})", died - timedelta(minutes=3 - attempt),
        )  # fmt: skip
    return job_id


def done_job(world: World, operator: Operator, kind: str = "notice.send") -> UUID:
    """A job that was done. Returns its id."""
    job_id, now = new_id(), world.now
    world.execute(
        "INSERT INTO job_history (id, organisation_id, kind, queue, outcome, attempts, enqueued_at, started_at, finished_at, "
        "expires_at) VALUES (%s, %s, %s, 'notices', 'done', 1, %s, %s, %s, %s)",
        job_id, operator.id, kind, now, now, now, now + timedelta(days=30),
    )  # fmt: skip
    return job_id
