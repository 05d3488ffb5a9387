"""SQL of the table of runs and of what it says. All of it runs in the system scope."""

from __future__ import annotations

from psycopg.rows import class_row

from kamhub.platform.backup.types import BackupRun, BackupState
from kamhub.platform.database.pool import Connection


async def insert_run(connection: Connection, run: BackupRun) -> None:
    """Write down how a verb ended."""
    await connection.execute(
        "INSERT INTO backup_runs (id, task, backup, started_at, ended_at, ok, size_bytes, error) "
        "VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
        (run.id, run.task, run.backup, run.started_at, run.ended_at, run.ok, run.size_bytes, run.error),
    )


async def last_run(connection: Connection, task: str, *, ok: bool | None = None) -> BackupRun | None:
    """The latest run of a task, of those that ended so if it is said how."""
    async with connection.cursor(row_factory=class_row(BackupRun)) as cursor:
        await cursor.execute(
            "SELECT id, task, backup, started_at, ended_at, ok, size_bytes, error FROM backup_runs "
            "WHERE task = %s AND (%s::boolean IS NULL OR ok = %s) ORDER BY ended_at DESC, id DESC LIMIT 1",
            (task, ok, ok),
        )
        return await cursor.fetchone()


async def state(connection: Connection) -> BackupState:
    """How the fleet's backups are."""
    row = await (await connection.execute("SELECT created_at FROM installation")).fetchone()
    if row is None:
        raise LookupError("the database does not say which hub it is of")
    made, tried = await last_run(connection, "create", ok=True), await last_run(connection, "create")
    proven, looked = await last_run(connection, "verify", ok=True), await last_run(connection, "verify")
    restored = await last_run(connection, "restore", ok=True)
    counted = await connection.execute("SELECT task, count(*) FROM backup_runs WHERE NOT ok GROUP BY task")
    return BackupState(
        # A restored database remembers only what was before its backup: its time begins anew.
        since=max(row[0], restored.ended_at) if restored else row[0],
        created_at=made.started_at if made else None,
        size_bytes=made.size_bytes if made else None,
        created_ok=tried.ok if tried else None,
        verified_at=proven.ended_at if proven else None,
        verified_ok=looked.ok if looked else None,
        failures={task: int(number) for task, number in await counted.fetchall()},
    )
