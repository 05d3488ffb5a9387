"""Workers as processes, killed and stopped."""

from __future__ import annotations

import asyncio
import signal

import pytest

from tests.platform.job.processes import WorkerProcesses
from tests.platform.job.support import SLOW, Eventually, Marks, Queue, seen


async def test_what_a_killed_worker_left_is_done_by_another_that_need_not_wait_for_it_to_fall_silent(
    queue: Queue, marks: Marks, workers: WorkerProcesses, eventually: Eventually
) -> None:
    patient: dict[str, float] = {"stalled_after": 600.0, "sweep_every": 600.0, "poll_every": 600.0}
    first = workers.start(**patient)
    job = await queue.put(SLOW, word="a", seconds=1)
    await eventually(seen(marks, "begin a"))
    first.kill()
    await asyncio.to_thread(first.wait, 5)
    assert (await queue.row(job)).status == "running"
    workers.start(**patient)
    await eventually(lambda: queue.is_(job, "done"), 20)
    assert await marks.all() == ["begin a", "begin a", "end a"]


async def test_a_worker_that_only_lost_the_connection_that_tells_it_lives_keeps_its_jobs(
    queue: Queue, marks: Marks, workers: WorkerProcesses, eventually: Eventually
) -> None:
    workers.start()
    job = await queue.put(SLOW, word="a", seconds=3)
    await eventually(seen(marks, "begin a"))
    workers.health_port(workers.start(look_every=1.0))
    ties = "SELECT pid, objid FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    before = await queue.fetch(ties)
    await queue.cut_connection(int(str(before[0][0])))

    async def tied_again() -> bool:
        now = await queue.fetch(ties)
        return {lock for _, lock in now} == {lock for _, lock in before} and now != before

    await eventually(tied_again)
    await eventually(lambda: queue.is_(job, "done"))
    assert await marks.all() == ["begin a", "end a"]
    assert await queue.failures(job) == []


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
    worker = workers.start(grace=10.0, stalled_after=0.4, heartbeat_every=0.1)
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
