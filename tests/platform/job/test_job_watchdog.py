"""The worker's process when a job keeps it from working or from ending."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol
from uuid import UUID

import pytest

from kamhub.platform.job.watchdog import EXIT_CODE, Watchdog
from tests.platform.job.misbehaving_program import (
    BLOCK_LOOP,
    BLOCK_THREAD,
    EAT_MEMORY,
    KILL_ITSELF,
    SWALLOW,
    SWALLOW_SHORTLY,
    WAIT_LONG,
    WRITE_MARK,
)
from tests.platform.job.processes import health
from tests.platform.job.support import QUICK, Eventually, Marks, Queue, seen

_PROGRAM = Path(__file__).with_name("misbehaving_program.py")
_ROOT = Path(__file__).parents[3]


class Start(Protocol):
    def __call__(
        self, *data_dir: Path, health_port: int = 0, memory: int = 2048, **timings: float
    ) -> subprocess.Popen[str]: ...


@pytest.fixture
def start(database_url: str) -> Iterator[Start]:
    """Start a worker with misbehaving jobs, with a data folder as `kamhub worker` does; what still runs is killed."""
    started: list[subprocess.Popen[str]] = []

    def begin(*data_dir: Path, health_port: int = 0, memory: int = 2048, **timings: float) -> subprocess.Popen[str]:
        ours = {
            "PYTHONPATH": str(_ROOT),
            "KAMHUB_DATABASE_URL": database_url,
            "KAMHUB_WORKER_HEALTH_PORT": str(health_port),
            "KAMHUB_WORKER_MEMORY_MB": str(memory),
        }
        process = subprocess.Popen(
            [sys.executable, _PROGRAM, database_url, json.dumps(dataclasses.asdict(QUICK) | timings), *data_dir],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=os.environ | ours,
        )  # fmt: skip
        started.append(process)
        return process

    yield begin
    for process in started:
        process.kill()
        process.communicate()


async def _exit_code(process: subprocess.Popen[str], seconds: float = 40) -> int:
    return await asyncio.to_thread(process.wait, seconds)


def _output(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.read()


# The loop is blocked, or the process is killed.


async def test_a_job_that_blocks_the_loop_ends_its_worker_and_the_trace_names_it(
    queue: Queue, marks: Marks, start: Start, eventually: Eventually
) -> None:
    job = await queue.put(BLOCK_LOOP)
    worker = start(stuck_after=1.0)
    assert await _exit_code(worker) == EXIT_CODE == 70
    output = _output(worker)
    assert "a job keeps the whole worker from working" in output
    assert "in block_loop" in output
    assert await queue.is_(job, "running"), "nobody is left who could have put it back"
    start(stuck_after=20.0)
    await eventually(seen(marks, "block loop 2"), 40)
    [failure] = await queue.failures(job)
    assert (failure.attempt, failure.error.partition(":")[0]) == (1, "WorkerLost")
    assert await _kills(queue, job) == 1


async def test_a_job_that_kills_its_worker_runs_again_and_is_dead_after_five(
    queue: Queue, marks: Marks, start: Start, eventually: Eventually
) -> None:
    job = await queue.put(KILL_ITSELF)
    await queue.execute("UPDATE procrastinate_jobs SET attempts = 3, args = args || '{\"kills\": 3}'")
    for _ in range(2):
        assert await _exit_code(start()) == -signal.SIGKILL
    start()
    await eventually(lambda: queue.is_(job, "dead"), 40)
    letter = await queue.dead(job)
    assert (letter.reason, letter.attempts, letter.traceback) == ("kills_workers", 5, "")
    assert await marks.all() == ["kill itself 4", "kill itself 5"]
    assert [failure.attempt for failure in await queue.failures(job)] == [4, 5]


async def _kills(queue: Queue, job: UUID) -> object:
    [(kills,)] = await queue.fetch(
        "SELECT (args ->> 'kills')::integer FROM procrastinate_jobs WHERE (args ->> 'id')::uuid = %s", job
    )
    return kills


async def test_a_job_that_eats_all_the_memory_fails_alone(
    queue: Queue, marks: Marks, start: Start, eventually: Eventually, tmp_path: Path
) -> None:
    job = await queue.put(EAT_MEMORY)
    worker = start(tmp_path, memory=400)
    await eventually(lambda: queue.is_(job, "dead"), 60)
    letter = await queue.dead(job)
    assert (letter.reason, letter.error) == ("out_of_attempts", "MemoryError")
    assert "in eat_memory" in letter.traceback
    await queue.put(WRITE_MARK)
    await eventually(seen(marks, "well"))
    assert worker.poll() is None


# The process is to end, and a job will not.


async def test_a_thread_that_does_not_end_does_not_keep_the_process_from_ending(
    queue: Queue, marks: Marks, start: Start, eventually: Eventually, tmp_path: Path
) -> None:
    job = await queue.put(BLOCK_THREAD)
    worker = start(tmp_path)
    await eventually(seen(marks, "block thread"), 40)
    await _ends_and_puts_back(queue, worker, job)


async def test_a_job_that_cannot_be_cancelled_does_not_keep_the_process_from_ending(
    queue: Queue, marks: Marks, start: Start, eventually: Eventually, tmp_path: Path
) -> None:
    job = await queue.put(SWALLOW)
    worker = start(tmp_path)
    await eventually(seen(marks, "swallow"), 40)
    await _ends_and_puts_back(queue, worker, job)


async def _ends_and_puts_back(queue: Queue, worker: subprocess.Popen[str], job: UUID) -> None:
    worker.terminate()
    assert await _exit_code(worker, 20) == 0
    row = await queue.row(job)
    assert (row.status, row.attempts) == ("waiting", 1)
    assert await _kills(queue, job) is None


async def test_a_second_signal_does_not_wait_for_the_grace(
    queue: Queue, marks: Marks, start: Start, eventually: Eventually, tmp_path: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    worker = start(tmp_path, health_port=port, grace=600.0)
    job = await queue.put(WAIT_LONG)
    await eventually(seen(marks, "wait long"), 40)
    worker.terminate()

    async def stopping() -> bool:
        return (await asyncio.to_thread(health, port))[1]["status"] == "stopping"

    await eventually(stopping)
    assert worker.poll() is None
    assert await queue.is_(job, "running"), "within the grace it goes on"
    worker.terminate()
    assert await _exit_code(worker, 20) == 0
    row = await queue.row(job)
    assert (row.status, row.attempts, row.error) == ("waiting", 1, None)


async def test_three_runs_that_cannot_be_cancelled_end_the_process_with_an_error(
    queue: Queue, marks: Marks, start: Start, tmp_path: Path
) -> None:
    ids = [await queue.put(SWALLOW_SHORTLY) for _ in range(3)]
    worker = start(tmp_path)
    assert await _exit_code(worker) == 1
    output = _output(worker)
    assert "Jobs that cannot be cancelled use up this worker" in output
    assert [(await queue.row(job)).status for job in ids] == ["dead"] * 3


# The watchdog alone.


@pytest.fixture
def watched() -> Iterator[Callable[[float], tuple[Watchdog, threading.Event]]]:
    """A watchdog with that limit, and what is set when it would end the process."""
    made: list[Watchdog] = []

    def make(limit: float) -> tuple[Watchdog, threading.Event]:
        ended = threading.Event()
        made.append(Watchdog(limit, ended.set))
        return made[-1], ended

    yield make
    for watchdog in made:
        watchdog.stop()


Watched = Callable[[float], tuple[Watchdog, threading.Event]]


def test_silence_ends_the_process(watched: Watched) -> None:
    watchdog, ended = watched(0.2)
    watchdog.start()
    assert ended.wait(5)


async def test_a_loop_that_is_alive_is_left_alone(watched: Watched) -> None:
    watchdog, ended = watched(2.0)
    watchdog.start()
    for _ in range(30):
        watchdog.beat()
        assert not await asyncio.to_thread(ended.wait, 0.1)


def test_a_watchdog_that_is_stopped_ends_nothing(watched: Watched) -> None:
    watchdog, ended = watched(0.2)
    watchdog.start()
    watchdog.stop()
    assert not ended.wait(0.6)


async def test_a_process_that_was_stopped_and_goes_on_gets_its_time_anew(
    queue: Queue, marks: Marks, start: Start, eventually: Eventually
) -> None:
    worker = start(stuck_after=2.0, poll_every=60.0)
    job = await queue.put(WAIT_LONG)
    await eventually(seen(marks, "wait long"), 40)
    worker.send_signal(signal.SIGSTOP)
    # Its silence is longer than the limit when another takes its job for lost.
    other = start(stalled_after=3.0)
    await eventually(lambda: _taken_up(queue, job), 40)
    worker.send_signal(signal.SIGCONT)
    await eventually(lambda: _workers(queue, 2), 40)
    for process in (worker, other):
        process.terminate()
        assert await _exit_code(process) == 0


async def _taken_up(queue: Queue, job: UUID) -> bool:
    return bool(await queue.failures(job))


async def _workers(queue: Queue, count: int) -> bool:
    return await queue.fetch("SELECT count(*) FROM job_workers") == [(count,)]
