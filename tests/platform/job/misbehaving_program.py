"""A worker whose jobs misbehave: ``misbehaving_program.py URL JSON-of-timings [DATA_DIR]``.

With a data folder it is ``kamhub worker`` as it is, on other jobs than the product's. Each job writes into ``marks`` that
it has begun.
"""

from __future__ import annotations

import asyncio
import json
import signal
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kamhub.platform.database.pool import Database
from kamhub.platform.job.registry import Registry
from kamhub.platform.job.run import Run
from kamhub.platform.job.types import DONE, Job, Outcome, Queue, WorkerTimings
from kamhub.platform.job.worker import JobWorker
from tests.platform.job.support import ONCE, job_of


async def _add(run: Run[Any], mark: str) -> None:
    async with run.transaction() as connection:
        await connection.execute("INSERT INTO marks (mark) VALUES (%s)", (mark,))


async def block_loop(run: Run[Any]) -> Outcome:
    """Keep the whole process from doing anything."""
    await _add(run, f"block loop {run.attempt}")
    time.sleep(600)  # noqa: ASYNC251 - as wrong as it can be
    return DONE


async def block_thread(run: Run[Any]) -> Outcome:
    """Wait for a thread that does not end."""
    await _add(run, "block thread")
    await asyncio.to_thread(time.sleep, 600)
    return DONE


async def swallow(run: Run[Any]) -> Outcome:
    """Never let itself be cancelled."""
    await _add(run, "swallow")
    while True:
        try:
            await asyncio.sleep(600)
        except asyncio.CancelledError:
            continue


async def wait_long(run: Run[Any]) -> Outcome:
    """Take long, and let itself be cancelled."""
    await _add(run, "wait long")
    await asyncio.Event().wait()
    return DONE


async def eat_memory(run: Run[Any]) -> Outcome:
    """Take all there is, down to the last few kilobytes."""
    await _add(run, "eat memory")
    eaten: list[bytes] = []
    size = 1 << 24
    while True:
        try:
            eaten.append(bytes(size))
        except MemoryError:
            if size < 1 << 10:
                raise
            size //= 2


async def write_mark(run: Run[Any]) -> Outcome:
    """Do what a job should."""
    await _add(run, "well")
    return DONE


async def kill_itself(run: Run[Any]) -> Outcome:
    """End the process as the kernel ends one that eats all the memory."""
    await _add(run, f"kill itself {run.attempt}")
    signal.raise_signal(signal.SIGKILL)
    return DONE


BLOCK_LOOP = job_of("block loop", block_loop, ONCE, timeout=600)
BLOCK_THREAD = job_of("block thread", block_thread, ONCE, timeout=600)
SWALLOW = job_of("swallow", swallow, ONCE, timeout=600)
SWALLOW_SHORTLY = job_of("swallow shortly", swallow, ONCE, timeout=0.2)
WAIT_LONG = job_of("wait long", wait_long, ONCE, timeout=600)
KILL_ITSELF = job_of("kill itself", kill_itself, ONCE, timeout=600)
EAT_MEMORY = job_of("eat memory", eat_memory, ONCE, timeout=600)
WRITE_MARK = job_of("write mark", write_mark, ONCE)
JOBS: tuple[Job[Any], ...] = (
    BLOCK_LOOP, BLOCK_THREAD, SWALLOW, SWALLOW_SHORTLY, WAIT_LONG, KILL_ITSELF, EAT_MEMORY, WRITE_MARK,
)  # fmt: skip


def registry(hands: Mapping[Queue, int] | None = None) -> Registry[Any]:
    """In place of the product's."""
    return Registry(JOBS, (), {Queue.MAINTENANCE: 6, **(hands or {})})


async def main(url: str, timings: WorkerTimings) -> None:
    async with Database(url, application="misbehaving-program") as database:
        await JobWorker(database, registry(), None, timings=timings).run()


def as_the_product_does(data_dir: Path, timings: WorkerTimings) -> None:
    """``kamhub worker`` with our jobs."""
    from kamhub.app.commands import worker

    ours: dict[str, object] = {"registry": registry, "WorkerTimings": lambda **_: timings}
    for name, value in ours.items():
        setattr(worker, name, value)
    worker.worker(data_dir)


if __name__ == "__main__":
    wanted = WorkerTimings(**json.loads(sys.argv[2]))
    if len(sys.argv) > 3:
        as_the_product_does(Path(sys.argv[3]), wanted)
    else:
        asyncio.run(main(sys.argv[1], wanted))
