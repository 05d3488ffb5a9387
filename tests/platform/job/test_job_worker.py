"""One or two workers in this process, on a real queue."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from kamhub.platform.database.errors import DatabaseUnavailable
from kamhub.platform.database.pool import Database
from kamhub.platform.job import actions
from kamhub.platform.job.queue import enqueue
from kamhub.platform.job.run import Run
from kamhub.platform.job.session import end
from kamhub.platform.job.types import DONE, DeadJobNotFound, GiveUp, Outcome, TryAgain, WorkerTimings
from tests.platform.job.processes import get
from tests.platform.job.support import (
    MARK,
    ONCE,
    Eventually,
    Marks,
    Queue,
    Working,
    is_well,
    job_of,
    seen,
    worker_of,
)


async def test_a_job_runs_once_its_transaction_is_committed(
    database: Database, queue: Queue, marks: Marks, working: Working, eventually: Eventually
) -> None:
    async with working(worker_of(database, marks, MARK)):
        job = await queue.put(MARK, word="kept")
        await eventually(lambda: queue.is_(job, "done"))
    assert await marks.all() == ["kept"]
    row = await queue.row(job)
    assert (row.kind, row.queue, row.attempts, row.error) == ("mark", "maintenance", 1, None)


async def test_a_job_of_a_transaction_that_is_rolled_back_was_never_there(
    database: Database, queue: Queue, marks: Marks
) -> None:
    with pytest.raises(ZeroDivisionError):
        async with database.system() as connection:
            await enqueue(connection, MARK.kind, word="lost")
            raise ZeroDivisionError
    assert await queue.fetch("SELECT id FROM procrastinate_jobs") == []


async def test_what_a_kind_does_not_take_is_refused_before_it_is_stored(database: Database, marks: Marks) -> None:
    async with database.system() as connection:
        with pytest.raises(TypeError, match=r"mark takes \['word'\], not \['wrod'\]"):
            await enqueue(connection, MARK.kind, wrod="typo")
        tenant = job_of("tenant", _nothing, scope="tenant")
        with pytest.raises(TypeError, match="scope 'tenant'"):
            await enqueue(connection, tenant.kind)


async def test_a_new_job_wakes_the_worker_without_polling(
    database: Database, queue: Queue, marks: Marks, working: Working, eventually: Eventually
) -> None:
    timings = WorkerTimings(poll_every=60, grace=0.3)
    async with working(worker := worker_of(database, marks, MARK, timings=timings)):
        await eventually(lambda: is_well(worker))
        await queue.put(MARK, word="first")  # taken when the worker begins, or by a notification
        await eventually(seen(marks, "first"))
        started = time.monotonic()
        await queue.put(MARK, word="second")
        await eventually(seen(marks, "second"), 5)
        assert time.monotonic() - started < 3


async def test_a_worker_whose_heart_fails_begins_anew(
    database: Database, queue: Queue, marks: Marks, working: Working, eventually: Eventually
) -> None:
    timings = WorkerTimings(poll_every=60, heartbeat_every=0.1, sweep_every=60, grace=0.3)
    beaten = "SELECT 1 FROM procrastinate_workers WHERE last_heartbeat > %s"

    async with working(worker := worker_of(database, marks, MARK, timings=timings)):
        await eventually(lambda: is_well(worker))
        async with await psycopg.AsyncConnection.connect(queue.owner_url, autocommit=True) as owner:
            await owner.execute("REVOKE UPDATE ON procrastinate_workers FROM kamhub_system")
            [(moment,)] = await queue.fetch("SELECT clock_timestamp()")
            await eventually(lambda: _not(is_well(worker)), 10)
            await owner.execute("GRANT UPDATE ON procrastinate_workers TO kamhub_system")

        async def beats() -> bool:
            return bool(await queue.fetch(beaten, moment)) and await is_well(worker)

        await eventually(beats, 20)


async def _not(truth: Awaitable[bool]) -> bool:
    return not await truth


async def test_a_job_for_later_is_run_when_its_time_has_come_without_polling(
    database: Database, queue: Queue, marks: Marks, working: Working, eventually: Eventually
) -> None:
    timings = WorkerTimings(poll_every=60, grace=0.3)
    async with working(worker := worker_of(database, marks, MARK, timings=timings)):
        await eventually(lambda: is_well(worker))
        due = datetime.now(UTC) + timedelta(seconds=0.5)
        await queue.put(MARK, run_at=due, word="later")
        await queue.put(MARK, word="now")
        await eventually(seen(marks, "later"), 10)
    assert await marks.all() == ["now", "later"]
    [(at,)] = await queue.fetch("SELECT at FROM marks WHERE mark = 'later'")
    assert isinstance(at, datetime)
    assert timedelta(0) <= at - due < timedelta(seconds=5)


async def test_a_failing_job_is_tried_again_and_its_errors_are_kept(
    database: Database, queue: Queue, marks: Marks, working: Working, eventually: Eventually
) -> None:
    async def second_time_lucky(run: Run[Marks]) -> Outcome:
        await marks.add("run")
        if len(await marks.all()) < 2:
            raise ConnectionError("the other side is away")
        return DONE

    lucky = job_of("lucky", second_time_lucky)
    async with working(worker_of(database, marks, lucky)):
        job = await queue.put(lucky)
        await eventually(lambda: queue.is_(job, "done"))
    [failure] = await queue.failures(job)
    assert (failure.attempt, failure.error) == (1, "ConnectionError: the other side is away")
    assert "second_time_lucky" in failure.traceback


async def test_a_job_out_of_attempts_is_a_dead_letter_that_can_be_retried(
    database: Database, queue: Queue, marks: Marks, working: Working, eventually: Eventually
) -> None:
    healed = asyncio.Event()

    async def broken(run: Run[Marks], *, word: str) -> Outcome:
        await marks.add(word)
        if not healed.is_set():
            raise ValueError("broken")
        return DONE

    it = job_of("broken", broken)
    async with working(worker_of(database, marks, it)):
        job = await queue.put(it, lock="thing:1", word="run")
        await eventually(lambda: queue.is_(job, "dead"))
        assert [failure.attempt for failure in await queue.failures(job)] == [1, 2, 3]
        letter = await queue.dead(job)
        assert (letter.kind, letter.attempts, letter.error, letter.reason) == (
            "broken",
            3,
            "ValueError: broken",
            "out_of_attempts",
        )
        assert (letter.arguments, letter.lock) == ({"word": "run"}, "thing:1")
        assert "in broken" in letter.traceback
        healed.set()
        async with database.system() as connection:
            await actions.retry(connection, [job])
            with pytest.raises(DeadJobNotFound):
                await actions.retry(connection, [job])
        await eventually(lambda: queue.is_(job, "done"))
    assert await marks.all() == ["run"] * 4


async def test_a_discarded_letter_is_history_with_its_reason(
    database: Database, queue: Queue, marks: Marks, working: Working, eventually: Eventually
) -> None:
    async def hopeless(run: Run[Marks]) -> Outcome:
        return GiveUp("no such booking")

    it = job_of("hopeless", hopeless)
    async with working(worker_of(database, marks, it)):
        job = await queue.put(it)
        await eventually(lambda: queue.is_(job, "dead"))
    async with database.system() as connection:
        await actions.discard(connection, [job], "the booking was a test", datetime.now(UTC))
        with pytest.raises(DeadJobNotFound):
            await actions.discard(connection, [job], "twice", datetime.now(UTC))
    row = await queue.row(job)
    assert (row.status, row.error) == ("discarded", "the booking was a test")


async def test_a_job_that_gives_up_is_dead_at_once(
    database: Database, queue: Queue, marks: Marks, working: Working, eventually: Eventually
) -> None:
    async def hopeless(run: Run[Marks]) -> Outcome:
        try:
            raise LookupError("gone")
        except LookupError as error:
            return GiveUp("no such booking", error)

    it = job_of("hopeless", hopeless)
    async with working(worker_of(database, marks, it)):
        job = await queue.put(it)
        await eventually(lambda: queue.is_(job, "dead"))
    letter = await queue.dead(job)
    assert (letter.reason, letter.error, letter.attempts) == ("gave_up", "no such booking", 1)
    assert letter.traceback.rstrip().endswith("LookupError: gone")


async def test_a_job_that_is_not_ready_is_tried_again_then_and_it_is_no_failure(
    database: Database, queue: Queue, marks: Marks, working: Working, eventually: Eventually
) -> None:
    async def patient(run: Run[Marks]) -> Outcome:
        await marks.add("look")
        if len(await marks.all()) < 2:
            return TryAgain(datetime.now(UTC), "the provider is still thinking")
        return DONE

    it = job_of("patient", patient, ONCE)
    async with working(worker_of(database, marks, it)):
        job = await queue.put(it)
        await eventually(seen(marks, "look"))
        await eventually(lambda: queue.is_(job, "waiting"))
        assert (await queue.row(job)).progress == {"note": "the provider is still thinking"}
        await eventually(lambda: queue.is_(job, "done"))
    assert await queue.failures(job) == []


async def test_an_outage_of_the_database_is_no_failure_of_the_job(
    database: Database, queue: Queue, marks: Marks, working: Working, eventually: Eventually
) -> None:
    async def unlucky(run: Run[Marks]) -> Outcome:
        await marks.add("run")
        if run.attempt == 1:
            raise DatabaseUnavailable
        return DONE

    it = job_of("unlucky", unlucky, ONCE)
    async with working(worker_of(database, marks, it)):
        job = await queue.put(it)
        await eventually(lambda: queue.is_(job, "done"))
    assert await queue.failures(job) == []


async def test_jobs_with_one_lock_run_one_after_another(
    database: Database, queue: Queue, marks: Marks, working: Working, eventually: Eventually
) -> None:
    async def pair(run: Run[Marks], *, word: str) -> Outcome:
        await marks.add(f"begin {word}")
        await asyncio.sleep(0.02)
        await marks.add(f"end {word}")
        return DONE

    it = job_of("pair", pair)
    ids = [await queue.put(it, lock="booking:1", word=str(n)) for n in range(6)]
    # Two workers, and neither polls: the end of a job wakes what waited for it.
    slow_poll = WorkerTimings(poll_every=60, grace=0.3)
    async with working(*(worker_of(database, marks, it, timings=slow_poll) for _ in range(2))):
        await eventually(lambda: queue.is_(ids[-1], "done"))
    assert await marks.all() == [f"{what} {n}" for n in range(6) for what in ("begin", "end")]


async def test_a_failing_job_keeps_those_behind_it_waiting_and_a_dead_one_does_not(
    database: Database, queue: Queue, marks: Marks, working: Working, eventually: Eventually
) -> None:
    async def broken(run: Run[Marks]) -> Outcome:
        await marks.add("broken")
        raise ValueError

    it = job_of("broken", broken)
    first = await queue.put(it, lock="booking:1")
    later = await queue.put(MARK, lock="booking:1", run_at=datetime.now(UTC) + timedelta(days=1), word="reminder")
    behind = await queue.put(MARK, lock="booking:1", word="behind")
    async with working(worker_of(database, marks, it, MARK)):
        await eventually(lambda: queue.is_(behind, "done"))
    assert await marks.all() == ["broken", "broken", "broken", "behind"]
    assert await queue.is_(first, "dead")
    assert await queue.is_(later, "waiting"), "what is meant for tomorrow keeps nothing of today waiting"


async def test_a_stopping_worker_puts_back_what_it_interrupts(
    database: Database, queue: Queue, marks: Marks, working: Working, eventually: Eventually
) -> None:
    async def endless(run: Run[Marks]) -> Outcome:
        await marks.add("begin")
        await asyncio.Event().wait()
        return DONE

    once = job_of("endless", endless, ONCE, timeout=60)
    async with working(worker_of(database, marks, once)):
        job = await queue.put(once)
        await eventually(seen(marks, "begin"))
    assert await queue.is_(job, "waiting")
    assert await queue.fetch("SELECT id FROM procrastinate_workers") == []


async def test_a_job_whose_end_was_not_written_is_taken_up_by_the_worker_itself(
    database: Database, queue: Queue, marks: Marks, working: Working, eventually: Eventually
) -> None:
    job = await queue.put(MARK, run_at=datetime.now(UTC) + timedelta(hours=1), word="again")
    async with working(worker := worker_of(database, marks, MARK)):
        await eventually(lambda: is_well(worker))
        await queue.execute(
            "UPDATE procrastinate_jobs SET status = 'doing', scheduled_at = now(), "
            "worker_id = (SELECT max(id) FROM procrastinate_workers)"
        )
        await eventually(lambda: queue.is_(job, "done"))
    [failure] = await queue.failures(job)
    assert failure.error.startswith("WorkerLost")


async def test_a_job_that_kills_its_workers_ends_as_a_dead_letter(
    database: Database, queue: Queue, marks: Marks, working: Working, eventually: Eventually
) -> None:
    job = await queue.put(MARK, word="killer")
    await queue.execute("UPDATE procrastinate_jobs SET status = 'doing', attempts = 4, args = args || '{\"kills\": 4}'")
    async with working(worker_of(database, marks, MARK)):
        await eventually(lambda: queue.is_(job, "dead"))
    assert await marks.all() == []
    letter = await queue.dead(job)
    assert (letter.reason, letter.attempts) == ("kills_workers", 5)


async def test_a_worker_taken_for_dead_goes_on_under_a_new_number(
    database: Database, queue: Queue, marks: Marks, working: Working, eventually: Eventually
) -> None:
    async with working(worker := worker_of(database, marks, MARK)):
        await eventually(lambda: is_well(worker))
        await queue.execute("DELETE FROM procrastinate_workers")

        async def back() -> bool:
            return bool(await queue.fetch("SELECT id FROM procrastinate_workers")) and await is_well(worker)

        await eventually(back)
        job = await queue.put(MARK, word="after")
        await eventually(lambda: queue.is_(job, "done"))


async def test_a_part_of_the_worker_that_loses_its_cancellation_to_a_broken_connection_ends_all_the_same() -> None:
    async def survives_once() -> None:
        while True:
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                break
        await asyncio.sleep(60)

    part = asyncio.create_task(survives_once())
    await asyncio.sleep(0)
    await asyncio.wait_for(end([part]), 10)
    assert part.cancelled()


async def test_health_tells_how_the_worker_is(
    database: Database, queue: Queue, marks: Marks, working: Working, eventually: Eventually
) -> None:
    worker = worker_of(database, marks, MARK)
    async with working(worker):
        await eventually(lambda: is_well(worker))
        await queue.put(MARK, run_at=datetime.now(UTC) + timedelta(days=1), word="tomorrow")
        status, body = await asyncio.to_thread(get, worker.health_port, "/health")
        assert (status, body["status"], body["database"], body["running"]) == (200, "ok", True, 0)
        assert str(body["last_heartbeat"]).endswith("+00:00")
        assert body["queues"] == {
            "maintenance": {"waiting": 0, "scheduled": 1, "running": 0, "dead": 0, "oldest_waiting_seconds": 0.0}
        }
        assert (await asyncio.to_thread(get, worker.health_port, "/else"))[0] == 404


async def test_a_taken_health_port_is_an_error(
    database: Database, marks: Marks, working: Working, eventually: Eventually
) -> None:
    first = worker_of(database, marks, MARK)
    async with working(first):
        await eventually(lambda: is_well(first))
        with pytest.raises(OSError, match="in use"):
            await worker_of(database, marks, MARK, health_port=first.health_port).run()


async def _nothing(run: Run[Marks]) -> Outcome:
    return DONE
