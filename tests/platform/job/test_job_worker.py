"""One or two workers in this process, on a real queue."""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta

import psycopg
import pytest

from kamhub.platform.job import store
from kamhub.platform.job.queue import enqueue
from kamhub.platform.job.types import GiveUp, Job, PeriodicJob, Retry, WorkerTimings
from kamhub.platform.job.worker import JobWorker
from tests.platform.job.processes import get
from tests.platform.job.support import QUICK, Eventually, Marks, Queue, Working, is_well, seen, system

SOON = Retry(attempts=3, first=timedelta(milliseconds=10), longest=timedelta(milliseconds=20))


async def mark(marks: Marks, *, word: str) -> None:
    await marks.add(word)


MARK: Job[Marks] = Job("mark", "test", mark, timedelta(seconds=5), SOON)


async def test_a_job_runs_once_its_transaction_is_committed(
    database_url: str, queue: Queue, marks: Marks, working: Working, eventually: Eventually
) -> None:
    async with working(JobWorker(database_url, [MARK], [], marks, timings=QUICK)):
        job = await queue.put("mark", word="kept")
        await eventually(lambda: queue.is_(job, "succeeded"))
    assert await marks.all() == ["kept"]


async def test_a_job_of_a_transaction_that_is_rolled_back_was_never_there(
    database_url: str, queue: Queue, marks: Marks
) -> None:
    with pytest.raises(ZeroDivisionError):
        async with system(database_url) as connection:
            await enqueue(connection, "mark", queue="test", word="lost")
            raise ZeroDivisionError
    assert await queue.fetch("SELECT id FROM procrastinate_jobs") == []


async def test_a_new_job_wakes_the_worker_without_polling(
    database_url: str, queue: Queue, marks: Marks, working: Working, eventually: Eventually
) -> None:
    timings = WorkerTimings(poll_every=60, grace=0.3)
    async with working(worker := JobWorker(database_url, [MARK], [], marks, timings=timings)):
        await eventually(lambda: is_well(worker))
        await queue.put("mark", word="first")  # taken when the worker begins, or by a notification
        await eventually(seen(marks, "first"))
        started = time.monotonic()
        await queue.put("mark", word="second")
        await eventually(seen(marks, "second"), 5)
        assert time.monotonic() - started < 3


async def test_a_failing_job_is_tried_again_and_its_errors_are_kept(
    database_url: str, queue: Queue, marks: Marks, working: Working, eventually: Eventually
) -> None:
    async def second_time_lucky(marks: Marks) -> None:
        await marks.add("run")
        if len(await marks.all()) < 2:
            raise ConnectionError("the other side is away")

    lucky: Job[Marks] = Job("lucky", "test", second_time_lucky, timedelta(seconds=5), SOON)
    async with working(JobWorker(database_url, [lucky], [], marks, timings=QUICK)):
        job = await queue.put("lucky")
        await eventually(lambda: queue.is_(job, "succeeded"))
    [(attempt, error, traceback)] = await queue.failures(job)
    assert (attempt, error) == (1, "ConnectionError: the other side is away")
    assert "second_time_lucky" in traceback


async def test_a_job_out_of_attempts_is_kept_as_failed_and_can_be_run_again(
    database_url: str, queue: Queue, marks: Marks, working: Working, eventually: Eventually
) -> None:
    healed = asyncio.Event()

    async def broken(marks: Marks) -> None:
        await marks.add("run")
        if not healed.is_set():
            raise ValueError("broken")

    it: Job[Marks] = Job("broken", "test", broken, timedelta(seconds=5), SOON)
    async with working(JobWorker(database_url, [it], [], marks, timings=QUICK)):
        job = await queue.put("broken")
        await eventually(lambda: queue.is_(job, "failed"))
        assert [failure[0] for failure in await queue.failures(job)] == [1, 2, 3]
        async with system(database_url) as connection:
            [failed] = await store.failed_jobs(connection, 10)
        assert (failed.id, failed.name, failed.attempts, failed.error) == (
            job,
            "broken",
            3,
            "ValueError: broken",
        )
        healed.set()
        async with system(database_url) as connection:
            assert await store.run_again(connection, job)
            assert not await store.run_again(connection, job)
        await eventually(lambda: queue.is_(job, "succeeded"))
    assert await marks.all() == ["run"] * 4


async def test_a_job_that_gives_up_fails_at_once(
    database_url: str, queue: Queue, marks: Marks, working: Working, eventually: Eventually
) -> None:
    async def hopeless(marks: Marks) -> None:
        raise GiveUp("no such booking")

    it: Job[Marks] = Job("hopeless", "test", hopeless, timedelta(seconds=5))
    async with working(JobWorker(database_url, [it], [], marks, timings=QUICK)):
        job = await queue.put("hopeless")
        await eventually(lambda: queue.is_(job, "failed"))
    assert [(attempt, error) for attempt, error, _ in await queue.failures(job)] == [(1, "GiveUp: no such booking")]


async def test_a_job_that_takes_too_long_is_stopped(
    database_url: str, queue: Queue, marks: Marks, working: Working, eventually: Eventually
) -> None:
    async def endless(marks: Marks) -> None:
        await asyncio.Event().wait()

    once: Job[Marks] = Job("endless", "test", endless, timedelta(milliseconds=100), Retry(attempts=1))
    async with working(JobWorker(database_url, [once], [], marks, timings=QUICK)):
        job = await queue.put("endless")
        await eventually(lambda: queue.is_(job, "failed"))
    [(_, error, _)] = await queue.failures(job)
    assert error == "JobTimedOut: took longer than 0.1 s"


async def test_a_timeout_inside_a_job_is_its_own_error(
    database_url: str, queue: Queue, marks: Marks, working: Working, eventually: Eventually
) -> None:
    async def impatient(marks: Marks) -> None:
        raise TimeoutError("the server is slow")

    once: Job[Marks] = Job("impatient", "test", impatient, timedelta(seconds=5), Retry(attempts=1))
    async with working(JobWorker(database_url, [once], [], marks, timings=QUICK)):
        job = await queue.put("impatient")
        await eventually(lambda: queue.is_(job, "failed"))
    [(_, error, _)] = await queue.failures(job)
    assert error == "TimeoutError: the server is slow"


async def test_jobs_with_one_lock_run_one_after_another(
    database_url: str, queue: Queue, marks: Marks, working: Working, eventually: Eventually
) -> None:
    async def pair(marks: Marks, *, word: str) -> None:
        await marks.add(f"begin {word}")
        await asyncio.sleep(0.05)
        await marks.add(f"end {word}")

    ids = [await queue.put("pair", lock="booking:1", word=str(n)) for n in range(4)]
    it: Job[Marks] = Job("pair", "test", pair, timedelta(seconds=5))
    async with working(JobWorker(database_url, [it], [], marks, concurrency=4, timings=QUICK)):
        await eventually(lambda: queue.is_(ids[-1], "succeeded"))
    assert await marks.all() == [f"{what} {n}" for n in range(4) for what in ("begin", "end")]


async def test_a_stopping_worker_puts_back_what_it_interrupts(
    database_url: str, queue: Queue, marks: Marks, working: Working, eventually: Eventually
) -> None:
    async def endless(marks: Marks) -> None:
        await marks.add("begin")
        await asyncio.Event().wait()

    once: Job[Marks] = Job("endless", "test", endless, timedelta(seconds=60), Retry(attempts=1))
    async with working(JobWorker(database_url, [once], [], marks, timings=QUICK)):
        job = await queue.put("endless")
        await eventually(seen(marks, "begin"))
    assert (await queue.row(job)).status == "todo"
    assert await queue.fetch("SELECT id FROM procrastinate_workers") == []


async def test_each_tick_runs_once_in_the_whole_fleet(
    database_url: str, queue: Queue, marks: Marks, working: Working, eventually: Eventually
) -> None:
    async def tick(marks: Marks) -> None:
        await marks.add("tick")

    every_second: PeriodicJob[Marks] = PeriodicJob(Job("tick", "test", tick, timedelta(seconds=5)), "* * * * * *")
    fleet = [JobWorker(database_url, [], [every_second], marks, timings=QUICK) for _ in range(3)]
    async with working(*fleet):
        await eventually(lambda: _at_least(marks, 4))
    ticks = await queue.fetch(
        "SELECT args->>'timestamp', count(*) FROM procrastinate_jobs WHERE task_name = 'tick' GROUP BY 1"
    )
    assert len(ticks) >= 4
    assert {count for _, count in ticks} == {1}


async def test_a_failing_tick_comes_back_though_the_next_one_waits_and_no_more_than_that_wait(
    database_url: str, queue: Queue, marks: Marks, working: Working, eventually: Eventually
) -> None:
    async def another_waits() -> bool:
        return bool(await queue.fetch("SELECT id FROM procrastinate_jobs WHERE status = 'todo'"))

    async def broken(marks: Marks) -> None:
        await eventually(another_waits)
        await marks.add("run")
        raise ValueError("broken")

    twice = Retry(attempts=2, first=timedelta(milliseconds=1))
    every_second: PeriodicJob[Marks] = PeriodicJob(
        Job("broken", "test", broken, timedelta(seconds=5), twice), "* * * * * *"
    )
    async with working(JobWorker(database_url, [], [every_second], marks, timings=QUICK)):
        await eventually(lambda: _at_least(marks, 4))
        waiting = await queue.fetch("SELECT id FROM procrastinate_jobs WHERE status IN ('todo', 'doing')")
        assert len(waiting) <= 3
    errors = await queue.fetch("SELECT DISTINCT error FROM job_failures")
    assert errors == [("ValueError: broken",)]


async def test_a_job_whose_end_was_not_written_is_taken_up_by_the_worker_itself(
    database_url: str, queue: Queue, marks: Marks, working: Working, eventually: Eventually
) -> None:
    job = await queue.put("mark", word="again")
    async with system(database_url) as connection:
        await connection.execute("UPDATE procrastinate_jobs SET scheduled_at = now() + interval '1 hour'")
    async with working(worker := JobWorker(database_url, [MARK], [], marks, timings=QUICK)):
        await eventually(lambda: is_well(worker))
        async with system(database_url) as connection:
            await connection.execute(
                "UPDATE procrastinate_jobs SET status = 'doing', "
                "worker_id = (SELECT max(id) FROM procrastinate_workers)"
            )
        await eventually(lambda: queue.is_(job, "succeeded"))
    [(_, error, _)] = await queue.failures(job)
    assert error.startswith("WorkerLost")


async def test_a_job_that_kills_its_workers_ends_as_failed(
    database_url: str, queue: Queue, marks: Marks, working: Working, eventually: Eventually
) -> None:
    job = await queue.put("mark", word="killer")
    async with system(database_url) as connection:
        await connection.execute("UPDATE procrastinate_jobs SET status = 'doing', attempts = 4")
    async with working(JobWorker(database_url, [MARK], [], marks, timings=QUICK)):
        await eventually(lambda: queue.is_(job, "failed"))
    assert await marks.all() == []


async def test_a_worker_taken_for_dead_goes_on_under_a_new_number(
    database_url: str, queue: Queue, marks: Marks, working: Working, eventually: Eventually
) -> None:
    async with working(worker := JobWorker(database_url, [MARK], [], marks, timings=QUICK)):
        await eventually(lambda: is_well(worker))
        async with system(database_url) as connection:
            await connection.execute("DELETE FROM procrastinate_workers")

        async def back() -> bool:
            return bool(await queue.fetch("SELECT id FROM procrastinate_workers")) and await is_well(worker)

        await eventually(back)
        job = await queue.put("mark", word="after")
        await eventually(lambda: queue.is_(job, "succeeded"))


async def test_old_successes_are_tidied_away_and_failures_stay(
    database_url: str, queue: Queue, marks: Marks, database_owner_url: str
) -> None:
    old, new, failed = [await queue.put("mark", word=str(n)) for n in range(3)]
    with psycopg.connect(database_owner_url, autocommit=True) as owner:
        owner.execute("UPDATE procrastinate_jobs SET status = 'doing'")
        owner.execute("UPDATE procrastinate_jobs SET status = 'succeeded' WHERE id <> %s", (failed,))
        owner.execute("UPDATE procrastinate_jobs SET status = 'failed' WHERE id = %s", (failed,))
        owner.execute("UPDATE procrastinate_events SET at = at - interval '8 days' WHERE job_id <> %s", (new,))
    async with system(database_url) as connection:
        for job in (old, failed):
            await store.record_failure(connection, job, 1, "error", "traceback")
        await store.tidy(connection, 7)
    assert await queue.fetch("SELECT id FROM procrastinate_jobs ORDER BY id") == [(new,), (failed,)]
    assert await queue.fetch("SELECT job_id FROM job_failures") == [(failed,)]


async def test_failures_are_for_the_system_role_alone(database_url: str, queue: Queue, marks: Marks) -> None:
    for role in ("kamhub_tenant", "kamhub_public", "kamhub_engine"):
        async with await psycopg.AsyncConnection.connect(database_url, options=f"-c role={role}") as connection:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                await connection.execute("SELECT * FROM job_failures")
            await connection.rollback()


async def test_health_tells_how_the_worker_is(
    database_url: str, marks: Marks, working: Working, eventually: Eventually
) -> None:
    worker = JobWorker(database_url, [MARK], [], marks, timings=QUICK)
    async with working(worker):
        await eventually(lambda: is_well(worker))
        status, body = await asyncio.to_thread(get, worker.health_port, "/health")
        assert (status, body["status"], body["database"], body["running"]) == (200, "ok", True, 0)
        assert str(body["last_heartbeat"]).endswith("+00:00")
        assert (await asyncio.to_thread(get, worker.health_port, "/else"))[0] == 404


async def test_a_taken_health_port_is_an_error(
    database_url: str, marks: Marks, working: Working, eventually: Eventually
) -> None:
    first = JobWorker(database_url, [MARK], [], marks, timings=QUICK)
    async with working(first):
        await eventually(lambda: is_well(first))
        with pytest.raises(OSError, match="in use"):
            await JobWorker(database_url, [MARK], [], marks, health_port=first.health_port).run()


async def _at_least(marks: Marks, count: int) -> bool:
    return len(await marks.all()) >= count
