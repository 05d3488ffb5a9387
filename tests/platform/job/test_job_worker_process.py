"""Workers as processes, killed and stopped."""

from __future__ import annotations

import asyncio
import signal

import pytest

from tests.platform.job.processes import WorkerProcesses
from tests.platform.job.support import SLOW, Eventually, Marks, Queue, seen


async def test_what_a_killed_worker_left_is_done_by_another(
    queue: Queue, marks: Marks, workers: WorkerProcesses, eventually: Eventually
) -> None:
    first = workers.start()
    job = await queue.put(SLOW, word="a", seconds=1)
    await eventually(seen(marks, "begin a"))
    first.kill()
    await asyncio.to_thread(first.wait, 5)
    assert (await queue.row(job)).status == "running"
    workers.start()
    await eventually(lambda: queue.is_(job, "done"), 20)
    assert await marks.all() == ["begin a", "begin a", "end a"]


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_ends_the_worker_well_and_loses_no_job(
    queue: Queue, marks: Marks, workers: WorkerProcesses, eventually: Eventually, signum: signal.Signals
) -> None:
    worker = workers.start()
    job = await queue.put(SLOW, word="a", seconds=30)
    await eventually(seen(marks, "begin a"))
    worker.send_signal(signum)
    assert await asyncio.to_thread(worker.wait, 5) == 0
    row = await queue.row(job)
    assert (row.status, row.attempts) == ("waiting", 1)


async def test_a_running_job_is_let_finish_within_the_grace(
    queue: Queue, marks: Marks, workers: WorkerProcesses, eventually: Eventually
) -> None:
    worker = workers.start(grace=10.0)
    job = await queue.put(SLOW, word="a", seconds=1)
    await eventually(seen(marks, "begin a"))
    worker.terminate()
    assert await asyncio.to_thread(worker.wait, 8) == 0
    assert (await queue.row(job)).status == "done"


async def test_the_worker_goes_on_after_its_connections_were_cut(
    queue: Queue, marks: Marks, workers: WorkerProcesses, eventually: Eventually
) -> None:
    worker = workers.start()
    await queue.put(SLOW, word="a", seconds=0)
    await eventually(seen(marks, "end a"))
    await queue.cut_connections()
    job = await queue.put(SLOW, word="b", seconds=0)
    await eventually(lambda: queue.is_(job, "done"), 20)
    assert worker.poll() is None
