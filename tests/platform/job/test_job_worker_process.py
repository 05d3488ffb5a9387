"""Workers as processes: killed, stopped, and left without their database."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from job_support import QUICK

pytestmark = pytest.mark.asyncio

PROGRAM = Path(__file__).with_name("worker_program.py")


@pytest.fixture
def start_worker(job_url: str) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    running: list[subprocess.Popen[str]] = []

    def start(**timings: float) -> subprocess.Popen[str]:
        wanted = dataclasses.asdict(QUICK) | timings
        process = subprocess.Popen(
            [sys.executable, PROGRAM, job_url, json.dumps(wanted)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, env=os.environ | {"PYTHONPATH": str(PROGRAM.parent)},
        )  # fmt: skip
        running.append(process)
        return process

    yield start
    for process in running:
        process.kill()
        process.communicate()


def seen(marks, mark: str, times: int = 1):
    async def check() -> bool:
        return (await marks.all()).count(mark) >= times

    return check


async def ended(process: subprocess.Popen[str], seconds: float) -> int:
    return await asyncio.to_thread(process.wait, seconds)


async def test_what_a_killed_worker_left_is_done_by_another(queue, marks, start_worker, eventually) -> None:
    first = start_worker()
    job = await queue.put("slow", word="a", seconds=1)
    await eventually(seen(marks, "begin a"))
    first.kill()
    await ended(first, 5)
    assert (await queue.row(job)).status == "doing"
    start_worker()
    await eventually(lambda: queue.is_(job, "succeeded"), 20)
    assert await marks.all() == ["begin a", "begin a", "end a"]


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_ends_the_worker_well_and_loses_no_job(
    queue, marks, start_worker, eventually, signum: signal.Signals
) -> None:
    worker = start_worker()
    job = await queue.put("slow", word="a", seconds=30)
    await eventually(seen(marks, "begin a"))
    worker.send_signal(signum)
    assert await ended(worker, 5) == 0
    row = await queue.row(job)
    assert (row.status, row.attempts) == ("todo", 1)


async def test_a_running_job_is_let_finish_within_the_grace(queue, marks, start_worker, eventually) -> None:
    worker = start_worker(grace=10.0)
    job = await queue.put("slow", word="a", seconds=1)
    await eventually(seen(marks, "begin a"))
    worker.terminate()
    assert await ended(worker, 8) == 0
    assert (await queue.row(job)).status == "succeeded"


async def test_the_worker_goes_on_after_a_restart_of_the_database(
    queue, marks, job_cluster, start_worker, eventually
) -> None:
    worker = start_worker()
    interrupted = await queue.put("slow", word="a", seconds=1)
    await eventually(seen(marks, "begin a"))
    await asyncio.to_thread(job_cluster.stop)
    job_cluster.start()
    later = await queue.put("slow", word="b", seconds=0)
    await eventually(lambda: queue.is_(later, "succeeded"), 30)
    await eventually(lambda: queue.is_(interrupted, "succeeded"), 30)
    assert worker.poll() is None


async def test_the_worker_goes_on_after_its_connections_were_cut(queue, marks, start_worker, eventually) -> None:
    worker = start_worker()
    await queue.put("slow", word="a", seconds=0)
    await eventually(seen(marks, "end a"))
    await queue.cut_connections()
    job = await queue.put("slow", word="b", seconds=0)
    await eventually(lambda: queue.is_(job, "succeeded"), 20)
    assert worker.poll() is None


async def test_a_worker_without_its_database_for_too_long_ends_with_an_error(
    queue, marks, job_cluster, start_worker, eventually
) -> None:
    worker = start_worker(recover_within=1.0)
    await queue.put("slow", word="a", seconds=0)
    await eventually(seen(marks, "end a"))
    await asyncio.to_thread(job_cluster.stop)
    try:
        assert await ended(worker, 30) == 1
    finally:
        job_cluster.start()
    output = worker.stdout.read()
    assert "WorkerCannotRecover" in output
