"""`kamhub jobs`: the queues of the whole installation, and what to do with dead letters."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from kamhub.app.commands.target import fail, open_target, require_schema, unreachable
from kamhub.platform.audit.types import Trail
from kamhub.platform.database.errors import DatabaseUnavailable
from kamhub.platform.database.pool import Connection, Database
from kamhub.platform.job import actions
from kamhub.platform.job.store import fleet, lists
from kamhub.platform.job.store.lists import JobFilter
from kamhub.platform.job.types import DeadJob, DeadJobNotFound, Failure, JobRow, JobStatus, QueueState, WorkerRow
from kamhub.platform.job.words import age, kind_name, reason_text
from kamhub.platform.monitoring.masks import mask, mask_text

T = TypeVar("T")
_WIDTH = 160
_MOST_SHOWN = 1_000
_REASON = range(3, 501)  # characters, as the API takes them
_TRAIL = Trail("system", None, "kamhub jobs")


@dataclass(frozen=True, slots=True)
class State:
    """What `kamhub jobs` shows."""

    queues: list[QueueState]
    workers: list[WorkerRow]
    counts: dict[JobStatus, int]


def state(data_dir: Path | None, *, as_json: bool) -> None:
    """Queues, workers, and how many jobs there are by status."""
    found = _with_database(data_dir, _state)
    if as_json:
        _print_json(asdict(found))
        return
    now = datetime.now(UTC)
    queues = Table("queue", "waiting", "oldest", "for later", "running", "dead", box=None)
    for queue in found.queues:
        numbers = (queue.waiting, age(queue.oldest_waiting, "en"), queue.scheduled, queue.running, queue.dead)
        queues.add_row(escape(queue.queue), *map(str, numbers))
    workers = Table("worker", "host", "pid", "version", "running", "last heard of", "queues", box=None)
    for worker in found.workers:
        heard = f"{age((now - worker.last_heartbeat).total_seconds(), 'en')} ago"
        cells = (worker.id, worker.host, worker.pid, worker.version, worker.running, heard, ", ".join(worker.queues))
        workers.add_row(*(escape(str(cell)) for cell in cells))
    console = Console(width=_WIDTH)
    console.print(queues if found.queues else "Nothing waits and nothing runs.")
    console.print(workers if found.workers else "No worker is running.")
    console.print(", ".join(f"{number} {status}" for status, number in found.counts.items()))


def dead(data_dir: Path | None, kind: str | None, *, as_json: bool) -> None:
    """The dead letters, the latest first."""
    letters, total = _with_database(data_dir, lambda connection: _dead(connection, kind))
    if as_json:
        _print_json([_letter_json(letter) for letter in letters])
        return
    if not letters:
        print("There are no dead letters." if kind is None else f"There are no dead letters of kind {kind}.")
        return
    table = Table("id", "kind", "organisation", "died at", "attempts", "error", box=None)
    for letter in letters:
        organisation = str(letter.organisation_id or "-")
        error = mask_text(letter.error)[:80]
        cells = (letter.id, letter.kind, organisation, f"{letter.died_at:%Y-%m-%d %H:%M}", letter.attempts, error)
        table.add_row(*(escape(str(cell)) for cell in cells))
    Console(width=_WIDTH + 20).print(table)
    if total > len(letters):
        print(f"{total - len(letters)} more; --kind narrows the list")


def show(data_dir: Path | None, job_id: UUID, *, as_json: bool) -> None:
    """Everything that is known of a job, dead or not."""
    job, letter, failures = _with_database(data_dir, lambda connection: _one(connection, job_id))
    if job is None:
        fail(f"There is no job {job_id}, or its history was pruned.")
    facts = asdict(job) | (_letter_json(letter) if letter else {}) | {"failures": [asdict(each) for each in failures]}
    if as_json:
        _print_json(facts)
        return
    print(kind_name(job.kind, "en"))
    for name, value in facts.items():
        if name not in {"failures", "traceback"} and value is not None:
            print(f"  {name}: {value}")
    if letter:
        print(f"  {reason_text(letter.reason, 'en')}")
    for failure in failures:
        print(f"attempt {failure.attempt}, {failure.at:%Y-%m-%d %H:%M:%S}: {failure.error}")
    if letter and letter.traceback:
        print(mask_text(letter.traceback))


def retry(data_dir: Path | None, ids: Sequence[UUID], kind: str | None, *, everything: bool) -> None:
    """Run dead letters again: those, all of a kind, or all."""
    if (bool(ids), kind is not None, everything).count(True) != 1:
        fail("Say which: ids, --kind, or --all.")

    async def act(connection: Connection, chosen: Sequence[UUID]) -> list[DeadJob]:
        return await actions.retry_by(connection, _TRAIL, chosen, datetime.now(UTC))

    done = _with_database(data_dir, lambda connection: _handle(connection, ids, kind, act))
    _report(done, ids, "will run again")


def discard(data_dir: Path | None, ids: Sequence[UUID], reason: str) -> None:
    """Give dead letters up, with the reason."""
    told = reason.strip()
    if not ids:
        fail("Say which: one id or more.")
    if len(told) not in _REASON:
        fail(f"--reason takes {_REASON.start} to {_REASON.stop - 1} characters.")

    async def act(connection: Connection, chosen: Sequence[UUID]) -> list[DeadJob]:
        return await actions.discard_by(connection, _TRAIL, chosen, told, datetime.now(UTC))

    done = _with_database(data_dir, lambda connection: _handle(connection, ids, None, act))
    _report(done, ids, "discarded")


def _report(done: Sequence[UUID], ids: Sequence[UUID], what: str) -> None:
    print(f"{len(done)} job(s) {what}")
    if missing := [str(each) for each in ids if each not in done]:
        fail(f"Not among the dead letters: {', '.join(missing)}.")


def _with_database(data_dir: Path | None, look: Callable[[Connection], Awaitable[T]]) -> T:
    """What ``look`` finds, in one transaction across organisations."""

    async def run(url: str) -> T:
        opened = Database(url, application="kamhub-jobs", statement_timeout_seconds=0)
        async with opened as database, database.system() as connection:
            return await look(connection)

    with open_target(data_dir) as target:
        require_schema(target.app_url, role="kamhub_system")
        try:
            return asyncio.run(run(target.app_url))
        except DatabaseUnavailable as error:
            fail(unreachable(error.__cause__ or error))


async def _state(connection: Connection) -> State:
    counts = await lists.counts(connection, JobFilter())
    return State(await fleet.queues(connection), await fleet.workers(connection), counts)


async def _dead(connection: Connection, kind: str | None) -> tuple[list[DeadJob], int]:
    wanted = JobFilter(kind=kind)
    return await lists.dead_jobs(connection, wanted, _MOST_SHOWN, 0), await lists.count_dead(connection, wanted)


async def _one(connection: Connection, job_id: UUID) -> tuple[JobRow | None, DeadJob | None, list[Failure]]:
    job = await lists.job(connection, job_id)
    return job, await lists.dead_job(connection, job_id), await lists.failures(connection, job_id)


async def _handle(
    connection: Connection,
    ids: Sequence[UUID],
    kind: str | None,
    act: Callable[[Connection, Sequence[UUID]], Awaitable[list[DeadJob]]],
) -> list[UUID]:
    """Ids of those handled; of a kind, or of all, in portions."""
    if ids:
        return await _those_there(connection, ids, act)
    kinds = [kind] if kind is not None else [name for name, _ in await lists.dead_kinds(connection)]
    done: list[UUID] = []
    for each in kinds:
        while chosen := await lists.dead_of_kind(connection, each, actions.MOST_AT_ONCE):
            done += await _those_there(connection, chosen, act)
    return done


async def _those_there(
    connection: Connection,
    ids: Sequence[UUID],
    act: Callable[[Connection, Sequence[UUID]], Awaitable[list[DeadJob]]],
) -> list[UUID]:
    try:
        return [letter.id for letter in await act(connection, ids)]
    except DeadJobNotFound:
        return []


def _letter_json(letter: DeadJob) -> dict[str, Any]:
    told = asdict(letter)
    return told | {
        "error": mask_text(letter.error),
        "traceback": mask_text(letter.traceback),
        "arguments": mask(letter.arguments),
    }


def _print_json(content: object) -> None:
    print(json.dumps(content, default=_plain))


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
