"""Jobs that hang, cannot be ended, fail in their clean-up, never are ready, or are not theirs any more."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import cast

import pytest

from kamhub.platform.database.pool import Database
from kamhub.platform.job.run import Run
from kamhub.platform.job.types import (
    DONE,
    GiveUp,
    Outcome,
    RunOutdated,
    TryAgain,
    WorkerCannotRecover,
)
from kamhub.platform.job.types import Queue as QueueName
from tests.platform.job.support import (
    MARK,
    ONCE,
    SOON,
    Eventually,
    Marks,
    Queue,
    Working,
    is_well,
    job_of,
    seen,
    worker_of,
)


class Swallower:
    """A job that does not let itself be cancelled, until it is let go; then it writes its mark, late."""

    def __init__(self) -> None:
        self.let_go = asyncio.Event()
        self.ends: list[str] = []

    async def swallow(self, run: Run[Marks]) -> Outcome:
        if run.attempt == 1:
            while not self.let_go.is_set():
                try:
                    await self.let_go.wait()
                except asyncio.CancelledError:
                    continue
        try:
            async with run.transaction() as connection:
                await connection.execute("INSERT INTO marks (mark) VALUES (%s)", (f"attempt {run.attempt}",))
                done = await run.finish(connection)
        except RunOutdated:
            self.ends.append("outdated")
            raise
        self.ends.append("done")
        return done


@asynccontextmanager
async def letting_go(*swallowers: Swallower) -> AsyncIterator[None]:
    """No run outlives its test."""
    try:
        yield
    finally:
        for swallower in swallowers:
            swallower.let_go.set()


# Hanging.


async def test_a_job_that_hangs_fails_at_its_time_limit_is_tried_again_and_ends_dead(
    database: Database, queue: Queue, marks: Marks, working: Working, eventually: Eventually
) -> None:
    async def hang(run: Run[Marks]) -> Outcome:
        await asyncio.Event().wait()
        return DONE

    it = job_of("hang", hang, timeout=0.1)
    async with working(worker_of(database, marks, it)):
        job = await queue.put(it)
        await eventually(lambda: queue.is_(job, "dead"))
    letter = await queue.dead(job)
    assert (letter.reason, letter.attempts, letter.error) == (
        "out_of_attempts",
        3,
        "JobTimedOut: took longer than 0.1 s",
    )
    assert [failure.attempt for failure in await queue.failures(job)] == [1, 2, 3]


async def test_a_job_that_cannot_be_cancelled_is_left_alone_and_its_late_effect_does_not_count(
    database: Database, queue: Queue, marks: Marks, working: Working, eventually: Eventually
) -> None:
    swallower = Swallower()
    it = job_of("swallow", swallower.swallow, timeout=0.3)
    worker = worker_of(database, marks, it, MARK)
    async with letting_go(swallower), working(worker):
        job = await queue.put(it)
        await eventually(lambda: queue.is_(job, "done"))
        health = await worker.health()
        assert (health.well, health.abandoned, worker.left_running) == (True, 1, True)
        other = await queue.put(MARK, word="other")
        await eventually(lambda: queue.is_(other, "done"))
        swallower.let_go.set()

        async def ended() -> bool:
            return swallower.ends == ["done", "outdated"]

        await eventually(ended)
    assert await marks.all() == ["attempt 2", "other"]
    [failure] = await queue.failures(job)
    assert failure.error == "JobTimedOut: took longer than 0.3 s, and cannot be cancelled"


async def test_a_worker_that_three_runs_use_up_ends_with_an_error(
    database: Database, queue: Queue, marks: Marks, eventually: Eventually
) -> None:
    swallowers = [Swallower() for _ in range(3)]
    jobs = [job_of(f"swallow {n}", each.swallow, ONCE, timeout=0.1) for n, each in enumerate(swallowers)]
    ids = [await queue.put(it) for it in jobs]
    hands = {QueueName.MAINTENANCE: 3}
    async with letting_go(*swallowers):
        with pytest.raises(WorkerCannotRecover, match="cannot be cancelled"):
            await asyncio.wait_for(worker_of(database, marks, *jobs, hands=hands).run(), 10)
        assert [(await queue.row(job)).status for job in ids] == ["dead"] * 3


async def test_a_job_that_finishes_in_its_last_moment_is_done(
    database: Database, queue: Queue, marks: Marks, working: Working, eventually: Eventually
) -> None:
    async def last_moment(run: Run[Marks]) -> Outcome:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            async with run.transaction() as connection:
                return await run.finish(connection)
        return DONE

    it = job_of("last moment", last_moment, timeout=0.1)
    async with working(worker_of(database, marks, it)):
        job = await queue.put(it)
        await eventually(lambda: queue.is_(job, "done"))
    assert await queue.failures(job) == []


# Clean-up.


async def _raise_in_clean_up(run: Run[Marks]) -> Outcome:
    try:
        await run.context.add("begin")
        await asyncio.Event().wait()
    finally:
        raise ValueError("the clean-up failed")
    return DONE


async def test_an_error_of_the_clean_up_does_not_hide_that_the_time_was_over(
    database: Database, queue: Queue, marks: Marks, working: Working, eventually: Eventually
) -> None:
    it = job_of("clean-up", _raise_in_clean_up, ONCE, timeout=0.3)
    async with working(worker_of(database, marks, it)):
        job = await queue.put(it)
        await eventually(lambda: queue.is_(job, "dead"))
    letter = await queue.dead(job)
    assert (letter.reason, letter.error) == ("out_of_attempts", "JobTimedOut: took longer than 0.3 s")
    assert [failure.error for failure in await queue.failures(job)] == [
        "ValueError: the clean-up failed",
        "JobTimedOut: took longer than 0.3 s",
    ]


async def test_an_error_of_the_clean_up_does_not_make_an_interruption_a_failure(
    database: Database, queue: Queue, marks: Marks, working: Working, eventually: Eventually
) -> None:
    it = job_of("clean-up", _raise_in_clean_up, ONCE, timeout=60)
    async with working(worker_of(database, marks, it)):
        job = await queue.put(it)
        await eventually(seen(marks, "begin"))
    row = await queue.row(job)
    assert (row.status, row.attempts, row.error) == ("waiting", 1, "ValueError: the clean-up failed")


# Never ready.


async def test_a_job_that_asks_to_be_run_at_once_is_no_busy_loop(
    database: Database, queue: Queue, marks: Marks, working: Working, eventually: Eventually
) -> None:
    async def impatient(run: Run[Marks]) -> Outcome:
        await run.context.add("look")
        return TryAgain(datetime.now(UTC) - timedelta(days=1), "now, now, now")

    it = job_of("impatient", impatient)
    async with working(worker := worker_of(database, marks, it)):
        await eventually(lambda: is_well(worker))
        job = await queue.put(it)
        await eventually(lambda: _looked(marks, 3))
    rows = await queue.fetch("SELECT at FROM marks ORDER BY id")
    times = [cast("datetime", at) for (at,) in rows]
    assert min(after - before for before, after in pairwise(times)) > timedelta(seconds=0.9)
    assert await queue.is_(job, "waiting")


async def _looked(marks: Marks, count: int) -> bool:
    return len(await marks.all()) >= count


# Taken up by another worker meanwhile.


async def test_a_run_that_lost_its_job_changes_nothing_of_it_however_it_ends(
    database: Database, queue: Queue, marks: Marks, working: Working, eventually: Eventually
) -> None:
    [(other,)] = await queue.fetch(
        "INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() + interval '1 hour') RETURNING id"
    )

    async def lose(run: Run[Marks], *, word: str) -> Outcome:
        await queue.execute(
            "UPDATE procrastinate_jobs SET worker_id = %s, attempts = 1 WHERE (args ->> 'id')::uuid = %s", other, run.id
        )
        if word == "fail":
            raise ValueError("of a run that nobody asks for any more")
        ends = {"again": TryAgain(datetime.now(UTC), "later"), "give up": GiveUp("never"), "done": DONE}
        return cast("Outcome", ends.get(word))

    it = job_of("lose", lose, SOON)
    async with working(worker := worker_of(database, marks, it)):
        ids = [await queue.put(it, word=word) for word in ("fail", "again", "give up", "done", "nonsense")]

        async def all_lost() -> bool:
            rows = await queue.fetch("SELECT DISTINCT worker_id, status::text, attempts FROM procrastinate_jobs")
            return rows == [(other, "doing", 1)] and (await worker.health()).running == 0

        await eventually(all_lost)
    for job in ids:
        row = await queue.row(job)
        assert (row.status, row.attempts, row.progress) == ("running", 1, None)
        assert await queue.failures(job) == []
