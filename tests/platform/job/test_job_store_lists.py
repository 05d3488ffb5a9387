"""What people see of jobs: lists, counts, filters, the queues and the fleet, and what becomes of the history."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from psycopg.types.json import Jsonb

from kamhub.kit.ids import new_id
from kamhub.platform.database.pool import Database
from kamhub.platform.job.jobs import JOBS as OWN_JOBS
from kamhub.platform.job.jobs import TIDY
from kamhub.platform.job.run import Run
from kamhub.platform.job.store import fleet, lists
from kamhub.platform.job.store.lists import JobFilter
from kamhub.platform.job.types import DONE, JobStatus, Outcome, QueueState
from tests.platform.job.support import (
    MARK,
    QUICK,
    Eventually,
    Marks,
    Queue,
    Working,
    is_well,
    job_of,
    seen,
    worker_of,
)

NOW = datetime(2026, 11, 24, tzinfo=UTC)
HOUR = timedelta(hours=1)


async def _waiting(queue: Queue, kind: str, at: datetime, **more: Any) -> UUID:
    job = new_id()
    values = {"name": "crm", "status": "todo", "attempts": 0, **more}
    await queue.execute(
        "INSERT INTO procrastinate_jobs (queue_name, task_name, status, attempts, scheduled_at, args) "
        "VALUES (%s, %s, %s, %s, %s, %s)",
        values["name"], kind, values["status"], values["attempts"], at,
        Jsonb({"id": str(job), "at": NOW.isoformat(), "with": {}, "request": "r-1", "progress": {"done": 1}}),
    )  # fmt: skip
    return job


async def _ended(queue: Queue, kind: str, at: datetime, outcome: str = "done", expires: datetime = NOW) -> UUID:
    job = new_id()
    await queue.execute(
        "INSERT INTO job_history VALUES (%s, NULL, %s, 'crm', %s, 2, 'r-2', %s, %s, %s, %s, %s)",
        job, kind, outcome, "no use" if outcome == "discarded" else None, NOW, at, at, expires,
    )  # fmt: skip
    return job


async def _dead(queue: Queue, kind: str, at: datetime, error: str = "ValueError: broken", name: str = "crm") -> UUID:
    job = new_id()
    await queue.execute(
        "INSERT INTO dead_jobs VALUES (%s, NULL, %s, %s, 3, 'thing:1', '{\"word\": \"x\"}', 'gave_up', %s, 'trace', 4, 'r-3', %s, %s)",
        job, kind, name, error, NOW, at,
    )  # fmt: skip
    return job


async def _list(database: Database, wanted: JobFilter, limit: int = 50, offset: int = 0) -> list[UUID]:
    async with database.system() as connection:
        return [row.id for row in await lists.jobs(connection, wanted, limit, offset)]


async def test_jobs_of_every_status_are_one_list_with_the_newest_first(database: Database, queue: Queue) -> None:
    ids = [
        await _waiting(queue, "a", NOW + HOUR),
        await _dead(queue, "b", NOW),
        await _waiting(queue, "c", NOW - HOUR, status="doing"),
        await _ended(queue, "d", NOW - 2 * HOUR),
        await _ended(queue, "e", NOW - 3 * HOUR, "discarded"),
    ]
    assert await _list(database, JobFilter()) == ids
    assert [await _list(database, JobFilter(), 2, offset) for offset in (0, 2, 4, 6)] == [
        ids[:2],
        ids[2:4],
        ids[4:],
        [],
    ]
    async with database.system() as connection:
        rows = await lists.jobs(connection, JobFilter(), 50, 0)
    assert [(row.kind, row.status, row.error) for row in rows] == [
        ("a", "waiting", None),
        ("b", "dead", "ValueError: broken"),
        ("c", "running", None),
        ("d", "done", None),
        ("e", "discarded", "no use"),
    ]
    assert (rows[0].progress, rows[0].request_id, rows[0].enqueued_at) == ({"done": 1}, "r-1", NOW)


@pytest.mark.parametrize("status", lists.STATUSES)
async def test_each_status_can_be_asked_for(database: Database, queue: Queue, status: JobStatus) -> None:
    ids: dict[JobStatus, UUID] = {
        "waiting": await _waiting(queue, "k", NOW),
        "running": await _waiting(queue, "k", NOW, status="doing"),
        "dead": await _dead(queue, "k", NOW),
        "done": await _ended(queue, "k", NOW),
        "discarded": await _ended(queue, "k", NOW, "discarded"),
    }
    assert await _list(database, JobFilter(status=status)) == [ids[status]]
    async with database.system() as connection:
        assert await lists.counts(connection, JobFilter(status=status)) == dict.fromkeys(lists.STATUSES, 1)
        found = await lists.job(connection, ids[status])
    assert found is not None
    assert found.status == status


async def test_kinds_and_queues_can_be_asked_for(database: Database, queue: Queue) -> None:
    crm, other = await _waiting(queue, "k", NOW), await _waiting(queue, "k", NOW - HOUR, name="chat")
    dead = await _dead(queue, "l", NOW - 2 * HOUR)
    assert await _list(database, JobFilter(kind="k")) == [crm, other]
    assert await _list(database, JobFilter(kind="k", queue="chat")) == [other]
    assert await _list(database, JobFilter(queue="crm")) == [crm, dead]
    async with database.system() as connection:
        counts = await lists.counts(connection, JobFilter(queue="crm"))
    assert counts == {"waiting": 1, "running": 0, "dead": 1, "done": 0, "discarded": 0}


async def test_a_waiting_job_shows_the_error_of_its_last_run(database: Database, queue: Queue) -> None:
    job = await _waiting(queue, "k", NOW, attempts=2)
    for attempt in (1, 2):
        await queue.execute(
            "INSERT INTO job_failures (job, attempt, error, traceback) VALUES (%s, %s, %s, 't')", job, attempt, f"e {attempt}"
        )  # fmt: skip
    assert (await queue.row(job)).error == "e 2"
    assert [(failure.attempt, failure.error) for failure in await queue.failures(job)] == [(1, "e 1"), (2, "e 2")]


async def test_nothing_is_none_and_no_rows(database: Database) -> None:
    async with database.system() as connection:
        assert await lists.job(connection, new_id()) is None
        assert await lists.dead_job(connection, new_id()) is None
        assert await lists.failures(connection, new_id()) == []
        assert await lists.jobs(connection, JobFilter(), 50, 0) == []
        assert set((await lists.counts(connection, JobFilter())).values()) == {0}
        assert await fleet.queues(connection) == []
        assert await fleet.workers(connection) == []


# Dead letters.


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("BROKEN", ["broken"]),
        ("100%", ["percent"]),
        ("a_b", ["underscore"]),
        ("c\\d", ["backslash"]),
        ("notice.s", ["percent", "underscore"]),
        ("%", ["percent"]),
        ("nowhere", []),
        (None, ["broken", "percent", "underscore", "backslash"]),
    ],
)
async def test_dead_letters_are_found_by_what_they_say(
    database: Database, queue: Queue, text: str | None, found: list[str]
) -> None:
    ids = {
        "broken": await _dead(queue, "pay", NOW, "ValueError: broken"),
        "percent": await _dead(queue, "notice.send", NOW - HOUR, "100% lost"),
        "underscore": await _dead(queue, "notice.send", NOW - 2 * HOUR, "a_b"),
        "backslash": await _dead(queue, "mail", NOW - 3 * HOUR, "c\\d and axb"),
    }
    wanted = JobFilter(text=text)
    async with database.system() as connection:
        letters = await lists.dead_jobs(connection, wanted, 50, 0)
        assert await lists.count_dead(connection, wanted) == len(found)
    assert [letter.id for letter in letters] == [ids[name] for name in found]


async def test_a_dead_letter_is_found_by_its_id_and_by_its_kind(database: Database, queue: Queue) -> None:
    one, other = await _dead(queue, "pay", NOW), await _dead(queue, "mail", NOW - HOUR, name="chat")
    async with database.system() as connection:
        by_id = await lists.dead_jobs(connection, JobFilter(text=str(one)[-12:]), 50, 0)
        by_kind = await lists.dead_jobs(connection, JobFilter(kind="mail"), 50, 0)
        by_queue = await lists.dead_jobs(connection, JobFilter(queue="crm"), 50, 0)
        assert await lists.dead_kinds(connection) == [("mail", 1), ("pay", 1)]
        assert len(await lists.dead_jobs(connection, JobFilter(), 1, 1)) == 1
    assert ([row.id for row in by_id], [row.id for row in by_kind], [row.id for row in by_queue]) == (
        [one],
        [other],
        [one],
    )


async def test_a_dead_letter_is_taken_once_with_all_it_had(database: Database, queue: Queue) -> None:
    later, first = await _dead(queue, "pay", NOW), new_id()
    async with database.system() as connection:
        [(letter, priority)] = await lists.take_dead(connection, [later, first])
        assert (letter.id, letter.lock, letter.arguments, letter.attempts, priority) == (
            later,
            "thing:1",
            {"word": "x"},
            4,
            3,
        )
        assert await lists.take_dead(connection, [later]) == []


# Queues and fleet.


async def test_the_queues_say_what_waits_and_since_when(database: Database, queue: Queue) -> None:
    now = datetime.now(UTC)
    for at in (now - HOUR, now - timedelta(minutes=1), now + HOUR):
        await _waiting(queue, "k", at)
    await _waiting(queue, "k", now, status="doing")
    await _dead(queue, "k", now, name="chat")
    async with database.system() as connection:
        chat, crm = await fleet.queues(connection)
        assert await fleet.queues(connection, new_id()) == []
    assert chat == QueueState("chat", waiting=0, scheduled=0, running=0, dead=1, oldest_waiting=0)
    assert replace(crm, oldest_waiting=0) == QueueState(
        "crm", waiting=2, scheduled=1, running=1, dead=0, oldest_waiting=0
    )
    assert 3600 <= crm.oldest_waiting < 3700


async def test_the_fleet_says_who_works_and_what_each_can_do(
    database: Database, queue: Queue, marks: Marks, working: Working, eventually: Eventually
) -> None:
    async def greet(run: Run[Marks]) -> Outcome:
        return DONE

    renamed = job_of("greet", greet, formerly=("hello",))
    first, second = (
        worker_of(database, marks, MARK, renamed),
        worker_of(database, marks, MARK, timings=replace(QUICK, grace=0.1)),
    )
    async with working(first, second):
        await eventually(lambda: is_well(first))
        await eventually(lambda: is_well(second))
        await eventually(_count(database, 2))
        async with database.system() as connection:
            rows = await fleet.workers(connection)
        assert {row.kinds for row in rows} == {("greet", "hello", "mark"), ("mark",)}
        assert {row.queues for row in rows} == {("maintenance",)}
        assert all(row.version and row.host and row.pid and row.running == 0 for row in rows)
    await eventually(_count(database, 0))


def _count(database: Database, count: int) -> Callable[[], Any]:
    async def look() -> bool:
        async with database.system() as connection:
            return len(await fleet.workers(connection)) == count

    return look


async def test_progress_is_seen_while_the_job_runs(
    database: Database, queue: Queue, marks: Marks, working: Working, eventually: Eventually
) -> None:
    go = asyncio.Event()

    async def tell(run: Run[Marks]) -> Outcome:
        await run.progress(1, 10, "anna@mail.example")
        await run.progress(2, 10, "too soon to be told")
        await marks.add("told")
        await go.wait()
        return DONE

    it = job_of("tell", tell)
    async with working(worker_of(database, marks, it)):
        job = await queue.put(it)
        await eventually(seen(marks, "told"))
        row = await queue.row(job)
        assert (row.status, row.progress) == ("running", {"done": 1, "total": 10, "note": "•••"})
        go.set()
        await eventually(lambda: queue.is_(job, "done"))


# What is old.


async def test_tidying_ends_what_is_too_old_and_keeps_what_a_dead_letter_needs(
    database: Database, queue: Queue, marks: Marks, working: Working, eventually: Eventually
) -> None:
    now = datetime.now(UTC)
    old, kept = await _ended(queue, "k", NOW, expires=now - HOUR), await _ended(queue, "k", NOW, expires=now + HOUR)
    letter = await _dead(queue, "k", NOW)
    for job, days in ((old, 91), (letter, 91), (kept, 89)):
        await queue.execute(
            "INSERT INTO job_failures (job, attempt, at, error, traceback) VALUES (%s, 1, now() - make_interval(days => %s), 'e', '')",
            job, days,
        )  # fmt: skip
    async with working(worker_of(database, marks, *OWN_JOBS)):
        tidied = await queue.put_kind(TIDY)
        await eventually(lambda: queue.is_(tidied, "done"))
    left = await queue.fetch("SELECT id FROM job_history WHERE kind = 'k'")
    assert left == [(kept,)]
    assert {job for (job,) in await queue.fetch("SELECT job FROM job_failures")} == {letter, kept}
    assert await queue.dead(letter)
