"""Putting jobs into the queue."""

from __future__ import annotations

from datetime import datetime

import procrastinate

from kamhub.platform.database.pool import Connection

# Only used to write the insert; it never opens a connection of its own.
_app = procrastinate.App(connector=procrastinate.PsycopgConnector())


async def enqueue(
    connection: Connection,
    name: str,
    *,
    queue: str,
    lock: str | None = None,
    run_at: datetime | None = None,
    **arguments: str | int,
) -> None:
    """Insert a job in the caller's transaction.

    Jobs with the same ``lock`` run one after another. ``arguments`` are stored as JSON: identifiers, never
    personal data.
    """
    deferrer = _app.configure_task(
        name, allow_unknown=True, queue=queue, lock=lock, schedule_at=run_at, connection=connection
    )
    await deferrer.defer_async(**arguments)
