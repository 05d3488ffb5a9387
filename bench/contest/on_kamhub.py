"""The product's own worker, with every promise kept: done marked with the effect, history, order, fences, hands, metrics."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import groupby

import procrastinate
import structlog
import uvloop
from procrastinate.types import JSONDict
from psycopg import sql

from bench.contest.types import CONCURRENCY, Ask, Connection, Left, State
from kamhub.kit.ids import new_id
from kamhub.platform.database.migrate import migrate
from kamhub.platform.database.pool import Database, PoolSizes
from kamhub.platform.job.queue import described, enqueue
from kamhub.platform.job.registry import Registry
from kamhub.platform.job.run import Run
from kamhub.platform.job.types import Job, Kind, Outcome, Queue, Retry
from kamhub.platform.job.worker import JobWorker

_NAMES = ("effect", "long", "fail")
_KINDS = {name: Kind(name, Queue.NOTICES, "system", frozenset({"number", "item", "seconds"})) for name in _NAMES}
_STATES: dict[str, State] = {"todo": "waiting", "doing": "running"}


class Kamhub:
    """Jobs of an item carry a lock: those with the same one run one after another."""

    name = "kamhub worker"
    order = "lock"

    def __init__(self) -> None:
        self._app = procrastinate.App(connector=procrastinate.PsycopgConnector())

    def missing(self) -> str:
        return ""

    async def install(self, connection: Connection) -> None:
        await asyncio.to_thread(migrate, connection.info.dsn + f" password={connection.info.password}")
        for name in ("effects", "starts"):
            table = sql.Identifier(name)
            await connection.execute(sql.SQL("GRANT ALL ON {} TO kamhub_system").format(table))

    async def enqueue(self, connection: Connection, asks: Sequence[Ask]) -> None:
        if len(asks) == 1 and asks[0].kind in _KINDS:
            await _enqueue(connection, asks[0])
            return
        for (kind, item, tomorrow), group in groupby(asks, lambda ask: (ask.kind, ask.item, ask.tomorrow)):
            deferrer = self._app.configure_task(
                kind, allow_unknown=True, queue="notices", connection=connection,
                schedule_at=datetime.now(UTC) + timedelta(days=1) if tomorrow else None,
                lock=None if item is None else f"item:{item}",
            )  # fmt: skip
            await deferrer.batch_defer_async(*map(_kept, group))

    def program(self) -> list[str]:
        return ["-m", "bench.contest.on_kamhub"]

    def environment(self) -> Mapping[str, str]:
        return {}

    async def left(self, connection: Connection) -> dict[int, Left]:
        cursor = await connection.execute(
            "SELECT (args #>> '{with,number}')::int, status::text, NULL FROM procrastinate_jobs UNION ALL "
            "SELECT (arguments ->> 'number')::int, 'failed', error FROM dead_jobs"
        )
        return {number: Left(_STATES.get(status, "failed"), error) for number, status, error in await cursor.fetchall()}


async def _enqueue(connection: Connection, ask: Ask) -> None:
    due = datetime.now(UTC) + timedelta(days=1) if ask.tomorrow else None
    lock = None if ask.item is None else f"item:{ask.item}"
    # JSON has more kinds of values than arguments of jobs have; the contest asks for some.
    arguments: dict[str, int] = {"number": ask.number, "item": ask.item, "seconds": ask.seconds}  # type: ignore[dict-item]
    await enqueue(connection, _KINDS[ask.kind], organisation_id=None, lock=lock, run_at=due, **arguments)


def _kept(ask: Ask) -> JSONDict:
    arguments = {"number": ask.number, "item": ask.item, "seconds": ask.seconds}
    return described(new_id(), None, None, datetime.now(UTC), arguments)


async def effect(run: Run[object], number: int, item: int | None, seconds: float) -> Outcome:
    """Leave one row in ``effects``, and the mark of done with it."""
    at = time.monotonic()
    if seconds:
        await asyncio.sleep(seconds)
    async with run.transaction() as connection:
        await connection.execute(
            "INSERT INTO effects (number, item, worker, at) VALUES (%s, %s, %s, %s)", (number, item, os.getpid(), at)
        )
        return await run.finish(connection)


async def long(run: Run[object], number: int, item: int | None, seconds: float) -> Outcome:
    """Tell that it began, then take its time."""
    async with run.transaction() as connection:
        await connection.execute("INSERT INTO starts (number, at) VALUES (%s, %s)", (number, time.monotonic()))
    return await effect(run, number, item, seconds)


async def fail(run: Run[object], number: int, item: int | None, seconds: float) -> Outcome:
    """Never succeed."""
    await asyncio.sleep(seconds)
    raise ValueError(f"job {number} of item {item} of {run.name} always fails")


async def _work(url: str) -> None:
    runs = {"effect": effect, "long": long, "fail": fail}
    jobs: list[Job[object]] = [
        Job(kind, runs[name], timedelta(minutes=5), Retry(1 if name == "fail" else 10), timedelta(days=1))
        for name, kind in _KINDS.items()
    ]
    registry: Registry[object] = Registry(jobs, hands={Queue.NOTICES: CONCURRENCY})
    sizes = PoolSizes(public=1, engine=1, tenant=1, system=5)
    async with Database(url, application="contest-jobs", sizes=sizes) as database:
        await JobWorker(database, registry, None).run()


if __name__ == "__main__":
    logging.basicConfig(level=logging.WARNING)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    uvloop.run(_work(sys.argv[-1]))
