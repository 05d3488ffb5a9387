"""A worker with jobs of every temper: ``python -m tests.system.jobs.program URL JSON-of-timings MODE``.

Every job has one effect, a row in ``effects``, a table without any unique constraint: a second one would show. The
modes are ``honest``; ``apart``, the control, in which effect and mark of done are saved one after the other; ``old``
and ``new``, which know different kinds, as in a rolling deploy.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from kamhub.platform.database.pool import Connection, Database
from kamhub.platform.job.registry import Registry
from kamhub.platform.job.run import Run
from kamhub.platform.job.types import (
    DONE,
    GiveUp,
    Job,
    Kind,
    Outcome,
    Queue,
    Retry,
    TryAgain,
    WorkerCannotRecover,
    WorkerTimings,
)
from kamhub.platform.job.worker import JobWorker

ATTEMPTS = 8
WHERE_TOLD = "that is where every task waits"
FOR_EVER = 99
APART = 0.25  # seconds between effect and mark of done in the control

_PATIENT = Retry(attempts=ATTEMPTS, first=timedelta(milliseconds=50), longest=timedelta(milliseconds=400))
# With the database away a run of what is deaf only times out, and each time counts: enough of them for a slow machine's outage.
_DEAF = Retry(attempts=60, first=timedelta(milliseconds=50), longest=timedelta(milliseconds=400))
_TWICE = Retry(attempts=2, first=timedelta(milliseconds=50), longest=timedelta(milliseconds=400))
_KEPT = timedelta(days=1)
_EFFECT = b"INSERT INTO effects (job, attempt, version) VALUES (%s, %s, %s)"
_OLD_NAME, _NEW_NAME = "deploy.old_name", "deploy.new_name"


@dataclass(frozen=True, slots=True)
class Setting:
    """How the jobs of this process behave."""

    apart: bool
    version: str


async def effect(run: Run[Setting]) -> Outcome:
    """The effect and the mark of done, in one transaction unless this is the control."""
    if not run.context.apart:
        async with run.transaction() as connection:
            await _write(run, connection)
            return await run.finish(connection)
    async with run.transaction() as connection:
        await _write(run, connection)
    await asyncio.sleep(APART)
    return DONE


async def _write(run: Run[Setting], connection: Connection) -> None:
    await connection.execute(_EFFECT, (run.id, run.attempt, run.context.version))


async def short(run: Run[Setting]) -> Outcome:
    """Nothing but its effect."""
    return await effect(run)


async def long(run: Run[Setting], *, milliseconds: int) -> Outcome:
    """Work first, the effect at the end."""
    await asyncio.sleep(milliseconds / 1000)
    return await effect(run)


async def parts(run: Run[Setting], *, count: int) -> Outcome:
    """Several transactions, each safe to repeat, before the effect."""
    for number in range(count):
        async with run.transaction() as connection:
            await connection.execute(
                "INSERT INTO parts (job, number) VALUES (%s, %s) ON CONFLICT DO NOTHING", (run.id, number)
            )
        await asyncio.sleep(0.02)
    return await effect(run)


async def held(run: Run[Setting], *, milliseconds: int) -> Outcome:
    """Slow inside the transaction of effect and mark, when a worker that freezes holds the lock of its job's row."""
    async with run.transaction() as connection:
        await _write(run, connection)
        outcome = await run.finish(connection)
        await asyncio.sleep(milliseconds / 1000)
    return outcome


async def fail(run: Run[Setting], *, times: int) -> Outcome:
    """Fail so often, then do it."""
    if run.failures < times:
        raise ValueError(f"failure {run.failures + 1} of {times}")
    return await effect(run)


async def give_up(run: Run[Setting]) -> Outcome:
    """Say at once that it cannot be done."""
    return GiveUp("it cannot be done")


async def hang(run: Run[Setting]) -> Outcome:
    """Never end."""
    await asyncio.Event().wait()
    return DONE


async def swallow(run: Run[Setting]) -> Outcome:
    """In its first run deaf to being cancelled, and writing its effect long after the run was given up."""
    ends = time.monotonic() + (2.5 if run.failures == 0 else 0.0)
    while time.monotonic() < ends:
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.sleep(0.1)
    return await effect(run)


async def again(run: Run[Setting], *, times: int) -> Outcome:
    """Not yet, so often."""
    if run.attempt <= times:
        return TryAgain(datetime.now(UTC), "not yet")
    return await effect(run)


async def ordered(run: Run[Setting], *, how: str) -> Outcome:
    """One of many of the same object, well or ill."""
    match how:
        case "fails":
            return await fail(run, times=1)
        case "again":
            return await again(run, times=1)
        case "gives up":
            return await give_up(run)
        case "long":
            return await long(run, milliseconds=300)
    return await effect(run)


def _job(
    name: str, function: Any, arguments: Sequence[str], queue: Queue, *, timeout: float = 20.0, retry: Retry = _PATIENT
) -> Job[Setting]:
    kind = Kind(name, queue, "tenant" if name == "kill.short" else "system", frozenset(arguments))
    return Job(kind, function, timedelta(seconds=timeout), retry, _KEPT)


SHORT = _job("kill.short", short, (), Queue.PAYMENTS)
LONG = _job("kill.long", long, ("milliseconds",), Queue.CRM)
PARTS = _job("kill.parts", parts, ("count",), Queue.CRM)
HELD = _job("kill.held", held, ("milliseconds",), Queue.CRM)
FAIL = _job("kill.fail", fail, ("times",), Queue.NOTICES)
GIVE_UP = _job("kill.give_up", give_up, (), Queue.NOTICES)
HANG = _job("kill.hang", hang, (), Queue.KNOWLEDGE, timeout=1.0, retry=_TWICE)
SWALLOW = _job("kill.swallow", swallow, (), Queue.MAINTENANCE, timeout=0.8, retry=_DEAF)
AGAIN = _job("kill.again", again, ("times",), Queue.NOTICES)
ORDERED = _job("kill.ordered", ordered, ("how",), Queue.CHAT)
JOBS = (SHORT, LONG, PARTS, HELD, FAIL, GIVE_UP, HANG, SWALLOW, AGAIN, ORDERED)

RENAMED_OLD = _job(_OLD_NAME, short, (), Queue.CHAT)
RENAMED_NEW: Job[Setting] = Job(
    Kind(_NEW_NAME, Queue.CHAT, "system"), short, timedelta(seconds=20), _PATIENT, _KEPT, formerly=(_OLD_NAME,)
)
NOVEL = _job("deploy.novel", short, (), Queue.CHAT)

_KNOWN: dict[str, tuple[Job[Setting], ...]] = {
    "honest": JOBS,
    "apart": JOBS,
    "old": (*JOBS, RENAMED_OLD),
    "new": (*JOBS, RENAMED_NEW, NOVEL),
}


def _end_with_parent() -> None:
    """The parent holds the other end of our input: when it is gone, so are we."""
    while os.read(0, 1):
        pass
    os._exit(3)


def tell_where() -> None:
    """Write down where every task of this worker waits."""
    for task in asyncio.all_tasks():
        task.print_stack(file=sys.stderr)
    print(WHERE_TOLD, file=sys.stderr, flush=True)


async def main(url: str, timings: WorkerTimings, mode: str) -> int:
    """Work until asked to stop; the exit code."""
    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, tell_where)
    async with Database(url, application=f"kill-worker-{mode}", idle_in_transaction_seconds=3) as database:
        setting = Setting(apart=mode == "apart", version=mode)
        worker = JobWorker(database, Registry(_KNOWN[mode]), setting, timings=timings)
        try:
            await worker.run()
            code = 0
        except WorkerCannotRecover as lost:
            print(f"WorkerCannotRecover: {lost}", flush=True)
            code = 1
        if worker.left_running:
            os._exit(code)  # waiting for runs that cannot be ended would be for ever
    return code


if __name__ == "__main__":
    threading.Thread(target=_end_with_parent, daemon=True).start()
    sys.exit(asyncio.run(main(sys.argv[1], WorkerTimings(**json.loads(sys.argv[2])), sys.argv[3])))
