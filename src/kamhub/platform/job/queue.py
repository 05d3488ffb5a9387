"""Putting jobs into the queue."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import structlog

from kamhub.kit.ids import new_id
from kamhub.platform.database.pool import Connection
from kamhub.platform.job.store import work
from kamhub.platform.job.types import Kind
from kamhub.platform.monitoring import traces


async def enqueue(
    connection: Connection,
    kind: Kind,
    /,
    *,
    organisation_id: UUID | None = None,
    lock: str | None = None,
    run_at: datetime | None = None,
    **arguments: str | int,
) -> UUID:
    """Insert a job in the caller's transaction; returns its id.

    Jobs with the same ``lock`` (``booking:…``, ``payment:…``) run one after another, in the order they were enqueued.
    ``arguments`` are stored as JSON: identifiers, never personal data. Raises ``TypeError`` when they, or the
    organisation, are not what the kind asks for: better here, where the transaction is rolled back, than in a worker.
    """
    if arguments.keys() != kind.arguments:
        raise TypeError(f"{kind.name} takes {sorted(kind.arguments)}, not {sorted(arguments)}")
    if (organisation_id is not None) is not (kind.scope == "tenant"):
        raise TypeError(f"{kind.name} is of scope {kind.scope!r}")
    job_id = new_id()
    now = datetime.now(UTC)
    request = structlog.contextvars.get_contextvars().get("request_id")
    kept = described(job_id, organisation_id, request, now, arguments)
    if (trace := traces.here()) is not None:
        kept["trace"] = trace
    await work.insert(connection, kind.name, str(kind.queue), kind.priority, lock, run_at, kept)
    return job_id


def described(
    job_id: UUID, organisation_id: UUID | None, request_id: str | None, at: datetime, arguments: Mapping[str, Any]
) -> dict[str, Any]:
    """What the queue keeps of a job, in its column ``args``; see migration 0011."""
    kept: dict[str, Any] = {"id": str(job_id), "at": at.isoformat(), "with": dict(arguments)}
    if organisation_id is not None:
        kept["organisation"] = str(organisation_id)
    if request_id is not None:
        kept["request"] = request_id
    return kept
