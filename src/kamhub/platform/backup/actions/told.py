"""The verbs as worker and command line call them: how each ended is written down, and who has to know is told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace as replace_fields
from datetime import timedelta
from typing import TypeVar

import psycopg
import structlog

from kamhub.kit.clock import Clock
from kamhub.kit.ids import new_id
from kamhub.platform.alert.actions import raise_alert, recover
from kamhub.platform.alert.types import AlertKind
from kamhub.platform.backup import alerts, rules
from kamhub.platform.backup.actions.create import create as make
from kamhub.platform.backup.actions.create import size_before
from kamhub.platform.backup.actions.prune import prune as remove
from kamhub.platform.backup.actions.restore import restore as replace
from kamhub.platform.backup.actions.verify import verify as prove
from kamhub.platform.backup.services import Backups
from kamhub.platform.backup.store import runs
from kamhub.platform.backup.types import (
    BackupBusy,
    BackupError,
    BackupNotFound,
    BackupRun,
    BackupStopped,
    Manifest,
    PlaceName,
    Progress,
    Pruned,
    Restored,
    Stop,
    Task,
    Verification,
    no_progress,
)
from kamhub.platform.database.errors import DatabaseUnavailable
from kamhub.platform.database.pool import Connection, Database
from kamhub.platform.monitoring.masks import mask_text

T = TypeVar("T")
_log = structlog.get_logger("kamhub.backup")
_LONGEST_ERROR = 500
_FAILURES: dict[Task, AlertKind] = {
    "create": alerts.FAILED,
    "verify": alerts.VERIFY_FAILED,
    "prune": alerts.PRUNE_FAILED,
}


async def create(database: Database, backups: Backups, *, stop: Stop, say: Progress = no_progress) -> Manifest:
    """Make a backup; one that is much smaller than the one before is told of, and kept. Raises as ``create`` does."""

    def work() -> tuple[Manifest, int | None]:
        manifest = make(backups, stop=stop, say=say)
        return manifest, size_before(backups, manifest)

    async def write(connection: Connection, run: BackupRun, made: tuple[Manifest, int | None]) -> BackupRun:
        manifest, before = made
        if before is not None and rules.too_small(manifest.size, before):
            facts = {"backup": manifest.name, "size": f"{manifest.size:,}", "before": f"{before:,}"}
            await raise_alert(connection, alerts.TOO_SMALL, run.ended_at, **facts)
        else:
            await recover(connection, alerts.TOO_SMALL, run.ended_at, backup=manifest.name)
        await recover(connection, alerts.OVERDUE, run.ended_at, backup=manifest.name)
        return _with(run, manifest.name, manifest.size)

    return (await _told(database, backups.clock, "create", None, stop, work, write))[0]


async def verify(
    database: Database,
    backups: Backups,
    name: str | None = None,
    *,
    place: PlaceName | None = None,
    stop: Stop,
    say: Progress = no_progress,
) -> tuple[str, Verification]:
    """Prove a backup. Raises as ``verify`` does."""

    async def write(_: Connection, run: BackupRun, done: tuple[str, Verification]) -> BackupRun:
        return _with(run, done[0], None)

    return await _told(
        database,
        backups.clock,
        "verify",
        name,
        stop,
        lambda: prove(backups, name, place=place, stop=stop, say=say),
        write,
    )


async def prune(database: Database, backups: Backups) -> Pruned:
    """Remove old backups. Raises as ``prune`` does."""

    async def write(_: Connection, run: BackupRun, __: Pruned) -> BackupRun:
        return run

    return await _told(database, backups.clock, "prune", None, Stop(), lambda: remove(backups), write)


async def restore(
    database: Database,
    backups: Backups,
    name: str,
    *,
    place: PlaceName | None,
    adopt: bool,
    stop: Stop,
    say: Progress = no_progress,
) -> Restored:
    """Replace the database by a backup; it is written down in the restored one. Raises as ``restore`` does."""

    async def write(_: Connection, run: BackupRun, __: Restored) -> BackupRun:
        return run

    def work() -> Restored:
        return replace(backups, name, place=place, adopt=adopt, stop=stop, say=say)

    return await _told(database, backups.clock, "restore", name, stop, work, write)


async def watch(database: Database, clock: Clock) -> bool:
    """Tell when the newest backup is too old. Returns whether it is."""
    now = clock.now()
    async with database.system() as connection:
        state = await runs.state(connection)
        if not rules.is_overdue(state, now):
            return False
        hours = (now - rules.newest_of(state)) // timedelta(hours=1)
        await raise_alert(connection, alerts.OVERDUE, now, hours=str(hours))
    return True


async def _told(
    database: Database,
    clock: Clock,
    task: Task,
    name: str | None,
    stop: Stop,
    work: Callable[[], T],
    write: Callable[[Connection, BackupRun, T], Awaitable[BackupRun]],
) -> T:
    """Run a verb beside the loop and write down how it ended; ``write`` adds what only a verb that went well can say."""
    began = clock.now()
    try:
        result = await _beside(work, stop)
    except (BackupBusy, BackupNotFound, BackupStopped):
        raise  # it was not tried, or will be again
    except Exception as error:
        run = BackupRun(new_id(), task, name, began, clock.now(), ok=False, error=_words(error))
        async with _if_it_can_be_written(database) as connection:
            await runs.insert_run(connection, run)
            if kind := _FAILURES.get(task):
                await raise_alert(connection, kind, run.ended_at, error=_words(error), backup=name or "-")
        raise
    run = BackupRun(new_id(), task, name, began, clock.now(), ok=True)
    async with _if_it_can_be_written(database) as connection:
        run = await write(connection, run, result)
        await runs.insert_run(connection, run)
        if kind := _FAILURES.get(task):
            await recover(connection, kind, run.ended_at, backup=run.backup or "-")
    return result


@asynccontextmanager
async def _if_it_can_be_written(database: Database) -> AsyncIterator[Connection]:
    """What was done about a backup counts, also when the database that is to remember it is away or not there yet."""
    try:
        async with database.system() as connection:
            yield connection
    except (DatabaseUnavailable, psycopg.Error) as error:
        _log.warning("the end of a backup task was not written", error=type(error).__name__)


async def _beside(work: Callable[[], T], stop: Stop) -> T:
    """Run it in a thread; when we are to end it is asked to stop, and waited for."""
    running = asyncio.ensure_future(asyncio.to_thread(work))
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        stop.set()
        await asyncio.wait({running})
        if not running.cancelled():
            running.exception()  # it was asked for
        raise


def _words(error: Exception) -> str:
    text = str(error) if isinstance(error, BackupError) else f"{type(error).__name__}: {error}"
    return mask_text(text)[:_LONGEST_ERROR] or type(error).__name__


def _with(run: BackupRun, backup: str, size: int | None) -> BackupRun:
    return replace_fields(run, backup=backup, size_bytes=size)
