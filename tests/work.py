"""Waiting jobs run here and now, each by the real code on a real run that ends as a worker would end it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from kamhub.platform.database.pool import Connection, Database
from kamhub.platform.job.registry import Registry
from kamhub.platform.job.run import Run
from kamhub.platform.job.store import work
from kamhub.platform.job.store.work import Claim
from kamhub.platform.job.types import Done, Job, Outcome


class Crash(Exception):
    """The worker dies at this moment."""


class _Doomed(Run[Any]):
    async def finish(self, connection: Connection) -> Done:
        await super().finish(connection)
        raise Crash


async def work_off(
    database: Database, jobs: Sequence[Job[Any]], context: object, *, crash: bool = False
) -> list[Outcome]:
    """Run every waiting job of these kinds once, in their order; returns how they ended.

    What is not done waits again, also after an error, which is raised. ``crash``: each is killed at its very end, before
    anything that marks it as done is committed, so all of them wait again.
    """
    registry = Registry(jobs)
    async with database.system() as connection:
        rows = await connection.execute(
            "SELECT id FROM procrastinate_jobs WHERE status = 'todo' AND task_name = ANY (%s) ORDER BY id",
            (registry.known_names,),
        )
        waiting = [row[0] for row in await rows.fetchall()]
    ends = [await _work_one(database, registry, context, number, crash=crash) for number in waiting]
    return [end for end in ends if end is not None]


async def _work_one(
    database: Database, registry: Registry[Any], context: object, number: int, *, crash: bool
) -> Outcome | None:
    async with database.system() as connection:
        cursor = await connection.execute(
            "WITH me AS (INSERT INTO procrastinate_workers DEFAULT VALUES RETURNING id) "
            "UPDATE procrastinate_jobs j SET status = 'doing', worker_id = me.id FROM me WHERE j.id = %s "
            "RETURNING worker_id, attempts, task_name, queue_name::text, args",
            (number,),
        )
        row = await cursor.fetchone()
        assert row is not None
    worker, attempt, name, queue, args = row
    claim = Claim(number, worker, attempt)
    run = _run(database, registry.job(name), context, claim, name, queue, args, crash=crash)
    try:
        end = await run.job.run(run, **args["with"])
        if isinstance(end, Done) and not run.finished and not crash:
            async with database.system() as connection:
                assert await work.finish(connection, claim, run.started, run.job.kept)
    except Crash:
        return None
    finally:
        async with database.system() as connection:
            back = "UPDATE procrastinate_jobs SET status = 'todo', worker_id = NULL WHERE worker_id = %s"
            await connection.execute(back, (worker,))
            await connection.execute("DELETE FROM procrastinate_workers WHERE id = %s", (worker,))
    return end


def _run(
    database: Database, job: Job[Any], context: object, claim: Claim, name: str, queue: str, args: Mapping[str, Any],
    *, crash: bool,
) -> Run[Any]:  # fmt: skip
    async def say(_claim: Claim, _progress: Mapping[str, Any]) -> None:
        """Nobody looks."""

    organisation = args.get("organisation")
    return (_Doomed if crash else Run)(
        context=context, database=database, job=job, id=UUID(args["id"]),
        organisation_id=UUID(organisation) if organisation else None, request_id=args.get("request"),
        attempt=claim.attempt + 1, claim=claim, started=datetime.now(UTC), failures=0, kills=0, outages=0, queue=queue, name=name,
        say=say,
    )  # fmt: skip
