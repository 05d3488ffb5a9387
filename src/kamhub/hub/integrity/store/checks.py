"""SQL of the checks. All of it runs in the system scope."""

from __future__ import annotations

from collections.abc import Collection

from psycopg.rows import class_row

from kamhub.hub.integrity.types import CheckState, Count, IntegrityState
from kamhub.platform.database.pool import Connection


async def bound(connection: Connection, seconds: float) -> None:
    """Make this transaction one that only reads, takes one core, and gives up a statement after so many seconds."""
    await connection.execute("SET TRANSACTION READ ONLY")
    await connection.execute(
        "SELECT set_config('statement_timeout', %s, true), set_config('max_parallel_workers_per_gather', '0', true)",
        (f"{round(seconds * 1000)}ms",),
    )


async def keep(connection: Connection, count: Count) -> None:
    """Write how a try to count went; one that did not come to an end leaves what was counted before."""
    await connection.execute(
        """INSERT INTO integrity_checks AS known (name, tried_at, seconds, counted_at, breaches, broken_since, error)
           VALUES (%(name)s, %(at)s, %(seconds)s, CASE WHEN %(breaches)s::bigint IS NOT NULL THEN %(at)s::timestamptz END,
             %(breaches)s, CASE WHEN %(breaches)s::bigint > 0 THEN %(at)s::timestamptz END, %(error)s)
           ON CONFLICT (name) DO UPDATE SET tried_at = excluded.tried_at, seconds = excluded.seconds, error = excluded.error,
             counted_at = coalesce(excluded.counted_at, known.counted_at),
             breaches = coalesce(excluded.breaches, known.breaches),
             broken_since = CASE WHEN coalesce(excluded.breaches, known.breaches) > 0
                                 THEN coalesce(known.broken_since, excluded.broken_since) END""",
        {
            "name": count.name,
            "at": count.at,
            "seconds": count.seconds,
            "breaches": count.breaches,
            "error": count.error,
        },
    )


async def forget_others(connection: Connection, names: Collection[str]) -> list[str]:
    """Remove what is known of promises that are made no more; their names."""
    cursor = await connection.execute(
        "DELETE FROM integrity_checks WHERE name <> ALL (%s) RETURNING name", (list(names),)
    )
    return [row[0] for row in await cursor.fetchall()]


async def state(connection: Connection) -> IntegrityState:
    """The promises as they were last counted."""
    async with connection.cursor(row_factory=class_row(CheckState)) as cursor:
        await cursor.execute(
            "SELECT name, tried_at, seconds, counted_at, breaches, broken_since, error FROM integrity_checks ORDER BY name"
        )
        return IntegrityState(await cursor.fetchall())
