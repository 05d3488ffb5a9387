"""`kamhub backup`: backups by hand."""

from __future__ import annotations

import asyncio
import json
import logging
import signal
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from kamhub.app.backups import make_backups
from kamhub.app.commands.target import fail, open_target, read_settings
from kamhub.app.wiring import key_ring
from kamhub.platform.backup.actions import listing, told
from kamhub.platform.backup.actions import prune as pruning
from kamhub.platform.backup.services import Backups
from kamhub.platform.backup.types import Backup, BackupError, PlaceName, Stop
from kamhub.platform.backup.types import Progress as Say
from kamhub.platform.database.pool import Database
from kamhub.platform.embedded.types import EmbeddedDatabaseError
from kamhub.platform.monitoring.logs import configure_logging
from kamhub.platform.settings import Settings

T = TypeVar("T")
_MEGABYTE = 1_000_000


@dataclass(frozen=True, slots=True)
class _Work:
    backups: Backups
    database: Database
    stop: Stop
    say: Say


def create(data_dir: Path | None, *, as_json: bool) -> None:
    """Make a backup now."""
    made = _with_database(data_dir, lambda work: told.create(work.database, work.backups, stop=work.stop, say=work.say))
    if as_json:
        print(json.dumps({"name": made.name, "created_at": made.created_at.isoformat(), "size": made.size}))
    else:
        print(f"{made.name}: {made.size / _MEGABYTE:.1f} MB, {sum(made.tables.values()):,} rows")


def show(data_dir: Path | None, *, as_json: bool) -> None:
    """The backups there are, the newest first."""
    settings, folder = read_settings(data_dir)
    try:
        found = listing.listed(make_backups(settings, "", folder, None))[::-1]
    except BackupError as error:
        fail(str(error))
    if as_json:
        print(json.dumps([_as_json(backup) for backup in found]))
        return
    if not found:
        print("There are no backups yet: `kamhub backup create` makes one.")
        return
    table = Table("name", "made at (UTC)", "MB", "kept in", "verified", box=None)
    for backup in found:
        size = f"{backup.manifest.size / _MEGABYTE:.1f}" if backup.manifest else "-"
        cells = (f"{backup.created_at:%Y-%m-%d %H:%M}", size, ", ".join(backup.places), _verified(backup))
        table.add_row(backup.name, *cells)
    Console(width=140).print(table)


def verify(data_dir: Path | None, name: str | None, place: PlaceName | None) -> None:
    """Prove a backup."""
    found, result = _with_database(
        data_dir,
        lambda work: told.verify(work.database, work.backups, name, place=place, stop=work.stop, say=work.say),
    )
    print(f"{found} can be restored: every row is there, every promise holds ({result.seconds:.0f} s)")


def restore(data_dir: Path | None, name: str, place: PlaceName | None, *, yes: bool, adopt: bool) -> None:
    """Replace the database by a backup."""
    if not yes:
        fail(
            f"This replaces the database by {name}, and keeps the one there is under another name: say --yes to do it."
        )
    done = _with_database(
        data_dir,
        lambda work: told.restore(
            work.database, work.backups, name, place=place, adopt=adopt, stop=work.stop, say=work.say
        ),
    )
    print(f"{name} is restored ({done.seconds:.0f} s). Start web and worker again, so that they forget what they knew.")
    if done.kept_as is not None:
        print(f"The database that was there is kept as {done.kept_as}; drop it when it is not needed any more.")
    if done.migrations:
        print(f"{done.migrations} migration(s) were applied: the backup was made by an older program.")
    if done.other_key:
        print(
            "It was made with another KAMHUB_SECRET_KEY: put that one behind the current one, else its secrets stay shut."
        )


def prune(data_dir: Path | None, *, dry: bool) -> None:
    """Remove what has been kept long enough."""

    async def work(given: _Work) -> tuple[str, ...]:
        if dry:
            return (await asyncio.to_thread(pruning.prune, given.backups, dry=True)).removed
        return (await told.prune(given.database, given.backups)).removed

    removed = _with_database(data_dir, work)
    print("\n".join(removed) if removed else "Nothing has been kept for too long.")


def _with_database(data_dir: Path | None, work: Callable[[_Work], Awaitable[T]]) -> T:
    """Run one verb; ends with its sentence when it is refused."""
    try:
        with open_target(data_dir) as target, _one_sentence(target.settings), _bar() as say:
            backups = make_backups(
                target.settings, target.app_url, target.data_dir, key_ring(target.settings, target.data_dir)
            )
            return asyncio.run(_run(backups, work, say))
    except (BackupError, EmbeddedDatabaseError) as error:
        fail(str(error).splitlines()[0])
    except asyncio.CancelledError:
        fail("It was interrupted; what it had begun is removed.", 130)


@contextmanager
def _one_sentence(settings: Settings) -> Iterator[None]:
    """Whoever sits in front of it is told by the sentence of the command; an alert that it raises is none for them."""
    configure_logging(settings.model_copy(update={"log_level": "error"}))
    ours = logging.getLogger("kamhub")
    before = ours.level
    ours.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        ours.setLevel(before)


async def _run(backups: Backups, work: Callable[[_Work], Awaitable[T]], say: Say) -> T:
    async with Database(backups.app_url, application="kamhub-backup") as database:
        task = asyncio.ensure_future(work(_Work(backups, database, Stop(), say)))
        for signum in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(signum, task.cancel)
        return await task


@contextmanager
def _bar() -> Iterator[Say]:
    """A progress bar on standard error, when somebody looks."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        tasks = {}

        def say(done: int, total: int, what: str) -> None:
            if what not in tasks:
                tasks[what] = progress.add_task(what, total=total)
            progress.update(tasks[what], completed=done, total=total)

        yield say


def _verified(backup: Backup) -> str:
    if backup.manifest is None:
        return "SPOILT"
    if backup.verification is None:
        return "never"
    return (
        f"{backup.verification.at:%Y-%m-%d %H:%M}" if backup.verification.ok else f"BAD: {backup.verification.problem}"
    )


def _as_json(backup: Backup) -> dict[str, object]:
    """``verified_at`` is when it was last proven; null when never, or when the last verification was bad."""
    return {
        "name": backup.name,
        "created_at": backup.created_at.isoformat(),
        "size": backup.manifest.size if backup.manifest else None,
        "verified_at": backup.verification.at.isoformat() if backup.verification and backup.proven else None,
        "problem": None if backup.good else (backup.verification.problem if backup.verification else "spoilt"),
        "places": list(backup.places),
    }
