"""Jobs that raise what nobody raises, answer nonsense, or are not what they were when they were queued."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime
from typing import Any, cast

from kamhub.kit.ids import new_id
from kamhub.platform.database.pool import Database
from kamhub.platform.job import rules
from kamhub.platform.job.queue import enqueue
from kamhub.platform.job.run import Run
from kamhub.platform.job.types import (
    DONE,
    Done,
    GiveUp,
    Kind,
    Outcome,
    TryAgain,
    WorkerTimings,
)
from kamhub.platform.job.types import Queue as QueueName
from tests.platform.job.support import (
    MARK,
    ONCE,
    QUICK,
    SOON,
    Eventually,
    Marks,
    Queue,
    Working,
    job_of,
    worker_of,
)

Function = Callable[[Run[Marks]], Awaitable[Outcome]]


# Raising what nobody raises.


class OfItsOwn(BaseException):
    """Not an Exception."""


class Unreadable(Exception):
    """An error that fails when it is told."""

    def __str__(self) -> str:
        raise LookupError("no text")


def _raising(error: BaseException) -> Function:
    async def fail(run: Run[Marks]) -> Outcome:
        raise error

    return fail


async def _eat_memory(run: Run[Marks]) -> Outcome:
    bytearray(1 << 60)
    return DONE


async def _recurse(run: Run[Marks]) -> Outcome:
    return await _recurse(run)


async def _cancel_itself(run: Run[Marks]) -> Outcome:
    task = asyncio.current_task()
    assert task is not None
    task.cancel()
    await asyncio.Event().wait()
    return DONE


RAISED: dict[str, tuple[Function, str]] = {
    "exit": (_raising(SystemExit(3)), "RuntimeError: SystemExit: 3"),
    "interrupt": (_raising(KeyboardInterrupt()), "RuntimeError: KeyboardInterrupt"),
    "generator exit": (_raising(GeneratorExit()), "RuntimeError: GeneratorExit"),
    "of its own": (_raising(OfItsOwn("odd")), "RuntimeError: OfItsOwn: odd"),
    "cancelled itself": (_cancel_itself, "JobTimedOut: cancelled itself"),
    "unreadable": (_raising(Unreadable()), "Unreadable: its text cannot be read"),
    "group": (_raising(ExceptionGroup("two", [ValueError("a"), KeyError("b")])), "ExceptionGroup: two (2 sub-exceptions)"),
    "recursion": (_recurse, "RecursionError: maximum recursion depth exceeded"),
    "memory": (_eat_memory, "MemoryError"),
    "nul": (_raising(ValueError("a\0b")), "ValueError: a\ufffdb"),
    "surrogate": (_raising(ValueError("a\udcffb")), "ValueError: a?b"),
    "masked": (_raising(ValueError("anna@mail.example, token=abcdefgh12345678")), "ValueError: •••, token=•••"),
    "endless": (_raising(ValueError("x " * 500_000)), "ValueError: x x x"),
}  # fmt: skip


async def test_whatever_a_job_raises_is_a_failure_of_that_job_alone(
    database: Database, queue: Queue, marks: Marks, working: Working, eventually: Eventually
) -> None:
    jobs = [job_of(name, function, ONCE) for name, (function, _) in RAISED.items()]
    worker = worker_of(database, marks, *jobs, MARK)
    async with working(worker):
        ids = {it.kind.name: await queue.put(it) for it in jobs}
        last = await queue.put(MARK, word="after all of them")
        for job in ids.values():
            await eventually(_dead(queue, job))
        await eventually(lambda: queue.is_(last, "done"))
        assert (await worker.health()).well
        assert not worker.left_running
    for name, (_, error) in RAISED.items():
        letter = await queue.dead(ids[name])
        assert (name, letter.reason) == (name, "out_of_attempts")
        assert letter.error.startswith(error), name
        assert len(letter.error) <= rules.ERROR_LENGTH
        assert len(letter.traceback) <= rules.TRACEBACK_LENGTH
        assert "anna@" not in letter.traceback
        assert "abcdefgh12345678" not in letter.traceback
        [failure] = await queue.failures(ids[name])
        assert (failure.error, failure.traceback) == (letter.error, letter.traceback)


async def test_the_trace_of_what_is_no_exception_is_kept(
    database: Database, queue: Queue, marks: Marks, working: Working, eventually: Eventually
) -> None:
    jobs = [job_of("exit", _raising(SystemExit(3)), ONCE), job_of("own", _raising(OfItsOwn("odd")), ONCE)]
    async with working(worker_of(database, marks, *jobs)):
        for it in jobs:
            job = await queue.put(it)
            await eventually(_dead(queue, job))
            assert "in fail" in (await queue.dead(job)).traceback


# Answering nonsense.


def _returning(answer: object) -> Function:
    async def answering(run: Run[Marks]) -> Outcome:
        return cast("Outcome", answer)

    return answering


NONSENSE: dict[str, tuple[object, str]] = {
    "none": (None, "the job returned NoneType instead of an outcome"),
    "true": (True, "the job returned bool instead of an outcome"),
    "text": ("done", "the job returned str instead of an outcome"),
    "dict": ({"done": True}, "the job returned dict instead of an outcome"),
    "class": (Done, "the job returned type instead of an outcome"),
    "naive time": (TryAgain(datetime(2030, 1, 1), "no zone"), "the job returned a TryAgain that cannot be read"),  # noqa: DTZ001
    "no time": (TryAgain(cast("datetime", "tomorrow"), "no time"), "the job returned a TryAgain that cannot be read"),
    "no reason": (GiveUp(cast("str", None)), "the job returned a GiveUp that cannot be read"),
}


async def test_a_job_that_answers_nonsense_is_dead_at_once(
    database: Database, queue: Queue, marks: Marks, working: Working, eventually: Eventually
) -> None:
    jobs = [job_of(name, _returning(answer), SOON) for name, (answer, _) in NONSENSE.items()]
    async with working(worker_of(database, marks, *jobs)):
        ids = {it.kind.name: await queue.put(it) for it in jobs}
        for job in ids.values():
            await eventually(_dead(queue, job))
    letters = {name: await queue.dead(job) for name, job in ids.items()}
    assert {(letter.reason, letter.attempts) for letter in letters.values()} == {("no_outcome", 1)}
    assert {name: letter.error for name, letter in letters.items()} == {
        name: f"NoOutcome: {error}" for name, (_, error) in NONSENSE.items()
    }


async def test_an_answer_that_is_still_to_come_is_waited_for(
    database: Database, queue: Queue, marks: Marks, working: Working, eventually: Eventually
) -> None:
    async def forgot_to_await(run: Run[Marks]) -> Outcome:
        return cast("Outcome", _returning(DONE)(run))

    it = job_of("forgetful", forgot_to_await)
    async with working(worker_of(database, marks, it)):
        job = await queue.put(it)
        await eventually(lambda: queue.is_(job, "done"))


# Not what it was when it was queued.


async def test_a_job_whose_arguments_were_changed_since_fails_and_keeps_them(
    database: Database, queue: Queue, marks: Marks, working: Working, eventually: Eventually
) -> None:
    old = Kind("mark", QueueName.MAINTENANCE, "system", frozenset({"text", "size"}))
    async with working(worker_of(database, marks, MARK)):
        job = await queue.put_kind(old, text="old", size=1)
        await eventually(lambda: queue.is_(job, "dead"))
    letter = await queue.dead(job)
    assert (letter.reason, letter.attempts) == ("out_of_attempts", 3)
    assert letter.arguments == {"text": "old", "size": 1}
    assert letter.error.startswith("TypeError: mark() got an unexpected keyword argument")


async def test_a_renamed_job_runs_under_its_former_name(
    database: Database, queue: Queue, marks: Marks, working: Working, eventually: Eventually
) -> None:
    renamed = job_of("greet", _greet, formerly=("hello", "welcome"))
    async with working(worker_of(database, marks, renamed)):
        for name in ("hello", "welcome"):
            job = await queue.put_kind(replace(renamed.kind, name=name), word=name)
            await eventually(_status(queue, job, "done"))
    assert await marks.all() == ["hello", "welcome"]


async def _greet(run: Run[Marks], *, word: str) -> Outcome:
    await run.context.add(word)
    return DONE


IMPATIENT: WorkerTimings = replace(QUICK, unknown_after=0.5)


async def test_a_job_that_nobody_knows_waits_and_then_is_dead_with_all_it_had(
    database: Database, queue: Queue, marks: Marks, working: Working, eventually: Eventually
) -> None:
    unknown = Kind("forgotten", QueueName.MAINTENANCE, "system", frozenset({"word"}))
    job = await queue.put_kind(unknown, lock="thing:1", word="kept")
    behind = await queue.put(MARK, lock="thing:1", word="behind")
    async with working(worker_of(database, marks, MARK, timings=IMPATIENT)):
        await eventually(lambda: queue.is_(job, "dead"))
        await eventually(lambda: queue.is_(behind, "done"))
    letter = await queue.dead(job)
    assert (letter.reason, letter.attempts, letter.lock, letter.arguments) == (
        "unknown_kind",
        0,
        "thing:1",
        {"word": "kept"},
    )
    assert letter.error.startswith("UnknownKind: ")


async def test_a_job_newer_than_this_worker_waits_for_one_that_knows_it(
    database: Database, queue: Queue, marks: Marks, working: Working, eventually: Eventually
) -> None:
    newer = job_of("newer", _greet)
    forgotten = Kind("forgotten", QueueName.MAINTENANCE, "system")
    old = worker_of(database, marks, MARK, timings=IMPATIENT)
    # It knows the kind but has no hands for its queue: somebody else may have.
    new = worker_of(database, marks, newer, MARK, timings=IMPATIENT, hands={QueueName.MAINTENANCE: 0})
    async with working(old, new):
        await eventually(lambda: _introduced(queue, 2))
        job = await queue.put(newer, word="new")
        nobodys = await queue.put_kind(forgotten)
        await eventually(lambda: queue.is_(nobodys, "dead"))
        assert await queue.is_(job, "waiting")
    async with working(worker_of(database, marks, newer)):
        await eventually(lambda: queue.is_(job, "done"))
    assert await marks.all() == ["new"]


async def _introduced(queue: Queue, count: int) -> bool:
    return await queue.fetch("SELECT count(*) FROM job_workers") == [(count,)]


async def test_a_job_of_an_organisation_that_is_gone_fails_as_any_other_and_holds_up_nothing(
    database: Database, queue: Queue, marks: Marks, working: Working, eventually: Eventually
) -> None:
    async def look(run: Run[Marks]) -> Outcome:
        async with run.transaction() as connection:
            row = await (await connection.execute("SELECT id FROM organisations")).fetchone()
            assert row is not None, "there is no such organisation"
        return DONE

    it = job_of("look", look, ONCE, scope="tenant")
    forgotten = Kind("forgotten", QueueName.MAINTENANCE, "tenant")
    gone = new_id()
    async with database.system() as connection:
        job = await enqueue(connection, it.kind, organisation_id=gone)
        unknown = await enqueue(connection, forgotten, organisation_id=gone)
        killed = await enqueue(connection, it.kind, organisation_id=gone)
    await queue.execute(
        "UPDATE procrastinate_jobs SET status = 'doing', args = args || '{\"kills\": 4}' "
        "WHERE (args ->> 'id')::uuid = %s",
        killed,
    )
    async with working(worker_of(database, marks, it, timings=IMPATIENT)):
        for each in (job, unknown, killed):
            await eventually(_dead(queue, each))
    reasons = [(await queue.dead(each)).reason for each in (job, unknown, killed)]
    assert reasons == ["out_of_attempts", "unknown_kind", "kills_workers"]
    assert (await queue.dead(job)).organisation_id == gone


def _dead(queue: Queue, job: Any) -> Callable[[], Awaitable[bool]]:
    return lambda: queue.is_(job, "dead")


def _status(queue: Queue, job: Any, status: Any) -> Callable[[], Awaitable[bool]]:
    return lambda: queue.is_(job, status)
