"""Whose a job is: what it sees, who sees it, who may end it, and which request it came from."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID

import psycopg
import pytest
import structlog
from psycopg.types.json import Jsonb
from structlog.testing import CapturingLogger

from kamhub.kit.ids import new_id
from kamhub.platform.database.pool import Connection, Database, Scope
from kamhub.platform.job import guard
from kamhub.platform.job.queue import enqueue
from kamhub.platform.job.run import Run
from kamhub.platform.job.store import lists
from kamhub.platform.job.store.lists import JobFilter
from kamhub.platform.job.types import DONE, Job, Outcome
from tests.asgi import Web
from tests.builders import World
from tests.platform.job.support import (
    ONCE,
    Eventually,
    Marks,
    Queue,
    Working,
    job_of,
    system,
    worker_of,
)


async def _nothing(run: Run[Marks]) -> Outcome:
    return DONE


TENANT = job_of("tenant", _nothing, scope="tenant")
SYSTEM = job_of("system", _nothing)
ALL = JobFilter()


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> CapturingLogger:
    """What the runs of jobs say in the log."""
    caught = CapturingLogger()
    logger = structlog.wrap_logger(
        caught, processors=[structlog.contextvars.merge_contextvars], wrapper_class=structlog.make_filtering_bound_logger(0)
    )  # fmt: skip
    monkeypatch.setattr(guard, "_log", logger)
    return caught


# What it sees.


async def test_a_job_of_an_organisation_sees_its_rows_alone_and_one_of_the_installation_all(
    database: Database, queue: Queue, marks: Marks, working: Working, eventually: Eventually, world: World
) -> None:
    seen: dict[str, list[UUID]] = {}

    async def look(run: Run[Marks]) -> Outcome:
        async with run.transaction() as connection:
            rows = await (await connection.execute("SELECT organisation_id FROM routes ORDER BY 1")).fetchall()
            seen[run.name] = [row[0] for row in rows]
            return await run.finish(connection)

    tenant, installation = job_of("tenant look", look, ONCE, scope="tenant"), job_of("system look", look, ONCE)
    async with working(worker_of(database, marks, tenant, installation)):
        async with database.system() as connection:
            ids = [
                await enqueue(connection, tenant.kind, organisation_id=world.main.id),
                await enqueue(connection, installation.kind),
            ]
        for job in ids:
            await eventually(_done(queue, job))
    assert seen == {"tenant look": [world.main.id], "system look": sorted([world.main.id, world.other.id])}
    assert (await queue.row(ids[0])).organisation_id == world.main.id


async def test_the_organisation_of_a_job_of_the_installation_is_an_error(
    database: Database, queue: Queue, marks: Marks, working: Working, eventually: Eventually
) -> None:
    async def ask(run: Run[Marks]) -> Outcome:
        assert run.organisation
        return DONE

    it = job_of("ask", ask, ONCE)
    async with working(worker_of(database, marks, it)):
        job = await queue.put(it)
        await eventually(lambda: queue.is_(job, "dead"))
    assert (await queue.dead(job)).error == "LookupError: ask belongs to no organisation"


# Who sees it.


async def _fill(queue: Queue, organisation: UUID | None) -> UUID:
    """A waiting, an ended and a dead job of an organisation, and a failure; all of one id."""
    job = new_id()
    kept = {"id": str(job), "at": datetime.now(UTC).isoformat(), "with": {}}
    if organisation:
        kept["organisation"] = str(organisation)
    await queue.execute(
        "INSERT INTO procrastinate_jobs (queue_name, task_name, scheduled_at, args) VALUES ('crm', 'k', now(), %s)",
        Jsonb(kept),
    )
    await queue.execute(
        "INSERT INTO job_history VALUES (%s, %s, 'k', 'crm', 'done', 1, NULL, NULL, now(), now(), now(), now())",
        job, organisation,
    )  # fmt: skip
    await queue.execute(
        "INSERT INTO dead_jobs VALUES (%s, %s, 'k', 'crm', 0, NULL, '{}', 'gave_up', 'e', '', 1, NULL, now())",
        job, organisation,
    )  # fmt: skip
    await queue.execute(
        "INSERT INTO job_failures (job, organisation_id, attempt, error, traceback) VALUES (%s, %s, 1, 'e', '')",
        job, organisation,
    )  # fmt: skip
    return job


async def test_an_organisation_sees_its_own_jobs_alone(database: Database, queue: Queue, world: World) -> None:
    own, others, nobodys = [await _fill(queue, each) for each in (world.main.id, world.other.id, None)]
    async with database.tenant(world.main.id) as connection:
        rows = await lists.jobs(connection, ALL, 50, 0)
        assert [(row.id, row.status) for row in rows] == [(own, row.status) for row in rows]
        assert sorted(row.status for row in rows) == ["dead", "done", "waiting"]
        assert await lists.counts(connection, ALL) == {"waiting": 1, "running": 0, "dead": 1, "done": 1, "discarded": 0}
        assert [letter.id for letter in await lists.dead_jobs(connection, ALL, 50, 0)] == [own]
        assert await lists.dead_kinds(connection) == [("k", 1)]
        for job in (others, nobodys):
            assert await lists.job(connection, job) is None
            assert await lists.dead_job(connection, job) is None
            assert await lists.failures(connection, job) == []
            assert await lists.take_dead(connection, [job]) == []
        assert len(await lists.failures(connection, own)) == 1
    async with database.system() as connection:
        assert await lists.count_dead(connection, ALL) == 3
        assert await lists.count_dead(connection, JobFilter(organisation=world.other.id)) == 1


TABLES = ("procrastinate_jobs", "dead_jobs", "job_history", "job_failures", "job_workers", "job_ticks")
FORBIDDEN = (
    "INSERT INTO procrastinate_jobs (queue_name, task_name, scheduled_at, args) VALUES ('crm', 'k', now(), '{}')",
    "UPDATE procrastinate_jobs SET status = 'todo'",
    "DELETE FROM procrastinate_jobs",
    "UPDATE dead_jobs SET error = ''",
    "UPDATE job_history SET outcome = 'done'",
    "INSERT INTO job_failures (job, attempt, error, traceback) VALUES (gen_random_uuid(), 1, '', '')",
    "UPDATE job_failures SET error = ''",
    "DELETE FROM job_failures",
    "SELECT * FROM job_workers",
    "SELECT * FROM job_ticks",
    "SELECT * FROM procrastinate_workers",
)


@pytest.mark.parametrize("statement", FORBIDDEN)
async def test_an_organisation_has_no_hand_in_the_queue(database: Database, world: World, statement: str) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        async with database.tenant(world.main.id) as connection:
            await connection.execute(statement.encode())


@pytest.mark.parametrize("scope", ["public", "engine"])
@pytest.mark.parametrize("table", TABLES)
async def test_who_serves_travellers_sees_nothing_of_jobs(database: Database, scope: Scope, table: str) -> None:
    async with database.connection(scope) as connection:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            await connection.execute(f"SELECT FROM {table}".encode())


async def test_an_organisation_can_write_nothing_for_another(database: Database, queue: Queue, world: World) -> None:
    await _fill(queue, world.other.id)
    async with database.tenant(world.main.id) as connection:
        assert (await connection.execute("DELETE FROM dead_jobs")).rowcount == 0
        assert (await connection.execute("DELETE FROM job_history")).rowcount == 0
    for table, values in (
        ("dead_jobs", "'k', 'crm', 0, NULL, '{}', 'gave_up', 'e', '', 1, NULL, now()"),
        ("job_history", "'k', 'crm', 'done', 1, NULL, NULL, now(), now(), now(), now()"),
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="row-level security"):
            async with database.tenant(world.main.id) as connection:
                await connection.execute(
                    f"INSERT INTO {table} VALUES (%s, %s, {values})".encode(), (new_id(), world.other.id)
                )


# Who may end it.


FINISH = "SELECT finish_job(id, 7, 0, now(), interval '1 day') FROM (SELECT %s::bigint AS id) AS job"


async def _running(queue: Queue, organisation: UUID | None) -> int:
    """A job that worker 7 runs for the first time; its number."""
    await queue.execute(
        "INSERT INTO procrastinate_workers (id) OVERRIDING SYSTEM VALUE VALUES (7) ON CONFLICT DO NOTHING"
    )
    async with system(queue.url) as connection:
        it: Job[object] = TENANT if organisation else SYSTEM
        job = await enqueue(connection, it.kind, organisation_id=organisation)
        row = await (
            await connection.execute(
                "UPDATE procrastinate_jobs SET status = 'doing', worker_id = 7 WHERE (args ->> 'id')::uuid = %s RETURNING id",
                (job,),
            )
        ).fetchone()
    assert row is not None
    return int(row[0])


async def _finish(connection: Connection, number: int) -> bool:
    row = await (await connection.execute(FINISH, (number,))).fetchone()
    return bool(row and row[0])


async def test_an_organisation_can_mark_its_own_jobs_as_done_and_no_others(
    database: Database, queue: Queue, world: World
) -> None:
    own, others, nobodys = [await _running(queue, each) for each in (world.main.id, world.other.id, None)]
    async with database.tenant(world.main.id) as connection:
        assert not await _finish(connection, others)
        assert not await _finish(connection, nobodys)
        assert await _finish(connection, own)
    assert await queue.fetch("SELECT organisation_id FROM job_history") == [(world.main.id,)]
    async with database.system() as connection:
        assert await _finish(connection, others)
        assert await _finish(connection, nobodys)


@pytest.mark.parametrize(
    "change",
    ["worker_id = NULL", "worker_id = 8", "attempts = 1", "status = 'todo', worker_id = NULL"],
)
async def test_a_run_that_lost_its_job_cannot_mark_it_as_done(
    database: Database, queue: Queue, world: World, change: str
) -> None:
    number = await _running(queue, world.main.id)
    await queue.execute("INSERT INTO procrastinate_workers (id) OVERRIDING SYSTEM VALUE VALUES (8)")
    await queue.execute(f"UPDATE procrastinate_jobs SET {change}")
    async with database.tenant(world.main.id) as connection:
        assert not await _finish(connection, number)
    assert await queue.fetch("SELECT id FROM job_history") == []


async def test_the_public_and_the_engine_cannot_mark_anything_as_done(database: Database, queue: Queue) -> None:
    number = await _running(queue, None)
    scopes: tuple[Scope, ...] = ("public", "engine")
    for scope in scopes:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            async with database.connection(scope) as connection:
                await _finish(connection, number)


# Which request it came from, and what the log says.


async def test_the_id_of_a_request_goes_with_its_job_into_log_and_history(
    database: Database, queue: Queue, marks: Marks, working: Working, eventually: Eventually, world: World, web: Web,
    lines: CapturingLogger,
) -> None:  # fmt: skip
    structlog.contextvars.clear_contextvars()
    reply = await web.client.post("/api/auth/password-reset", json={"email": world.main.owner_email})
    assert reply.status_code == 202
    request = reply.headers["X-Request-ID"]

    async def there() -> bool:
        return bool(await queue.fetch("SELECT id FROM procrastinate_jobs"))

    await eventually(there)
    [(job, name, kept)] = await queue.fetch(
        "SELECT (args ->> 'id')::uuid, task_name, args ->> 'request' FROM procrastinate_jobs"
    )
    assert (name, kept) == ("mailed_link.send", request)

    async def send(run: Run[Marks], *, link_id: str) -> Outcome:
        return DONE

    it = job_of("mailed_link.send", send)
    await queue.execute("UPDATE procrastinate_jobs SET queue_name = 'maintenance', priority = 0")
    assert isinstance(job, UUID)
    async with working(worker_of(database, marks, it)):
        await eventually(_done(queue, job))
    assert (await queue.row(job)).request_id == request
    [said] = [call.kwargs for call in lines.calls if call.kwargs["event"] == "job"]
    assert (said["request_id"], said["job_id"], said["outcome"]) == (request, str(job), "done")


async def test_the_line_of_a_run_has_neither_arguments_nor_error_texts(
    database: Database, queue: Queue, marks: Marks, working: Working, eventually: Eventually, lines: CapturingLogger
) -> None:
    async def fail(run: Run[Marks], *, word: str) -> Outcome:
        raise ValueError("a text of an error")

    it = job_of("fail", fail)
    async with working(worker_of(database, marks, it)):
        job = await queue.put(it, word="an argument")
        await eventually(lambda: queue.is_(job, "dead"))
    said = [call.kwargs for call in lines.calls]
    assert [line.pop("seconds") < 5 for line in said] == [True] * 3
    ids = {"event": "job", "job": "fail", "job_id": str(job), "error": "ValueError"}
    assert said == [
        {**ids, "attempt": 1, "outcome": "retried"},
        {**ids, "attempt": 2, "outcome": "retried"},
        {**ids, "attempt": 3, "outcome": "dead"},
    ]


async def test_what_one_run_binds_to_its_log_lines_does_not_reach_the_next(
    database: Database, queue: Queue, marks: Marks, working: Working, eventually: Eventually, lines: CapturingLogger
) -> None:
    async def bind(run: Run[Marks]) -> Outcome:
        structlog.contextvars.bind_contextvars(stray="left behind")
        return DONE

    it = job_of("bind", bind)
    async with working(worker_of(database, marks, it, SYSTEM)):
        for each in (it, SYSTEM):
            job = await queue.put(each)
            await eventually(_done(queue, job))
    assert [call.kwargs["job"] for call in lines.calls] == ["bind", "system"]
    assert not any("stray" in call.kwargs for call in lines.calls)


def _done(queue: Queue, job: UUID) -> Callable[[], Awaitable[bool]]:
    return lambda: queue.is_(job, "done")


async def test_history_is_kept_as_long_as_the_kind_says(
    database: Database, queue: Queue, marks: Marks, working: Working, eventually: Eventually
) -> None:
    async with working(worker_of(database, marks, SYSTEM)):
        job = await queue.put(SYSTEM)
        await eventually(_done(queue, job))
    [(kept,)] = await queue.fetch("SELECT expires_at - finished_at FROM job_history")
    assert kept == SYSTEM.kept == timedelta(days=1)
