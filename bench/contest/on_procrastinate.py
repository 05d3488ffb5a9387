"""procrastinate as its documentation sets it up.

``recipe`` adds the periodic task that its guide on stalled jobs tells one to write; ``grace`` is its own setting for
how many seconds a stopping worker waits for its jobs, which by default is for ever.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import groupby

import procrastinate
import uvloop
from procrastinate.schema import SchemaManager
from procrastinate.types import JSONDict

from bench.contest.types import CONCURRENCY, POOL, Ask, Connection, Left, State
from bench.contest.work import LIBRARY, open_work

QUEUE = "contest"
_STATES: dict[str, State] = {"todo": "waiting", "doing": "running", "failed": "failed", "aborted": "aborted"}


class Procrastinate:
    """Jobs of an item carry a ``lock``: those with the same one run one after another."""

    order = "lock"

    def __init__(self, *, recipe: bool = False, grace: int | None = None) -> None:
        self._options = (["recipe"] if recipe else []) + ([f"grace={grace}"] if grace is not None else [])
        self.name = ", ".join(["procrastinate", *self._options])
        self._app = procrastinate.App(connector=procrastinate.PsycopgConnector())

    def missing(self) -> str:
        return ""

    async def install(self, connection: Connection) -> None:
        await connection.execute(SchemaManager.get_schema().encode())

    async def enqueue(self, connection: Connection, asks: Sequence[Ask]) -> None:
        for (kind, item, tomorrow), group in groupby(asks, lambda ask: (ask.kind, ask.item, ask.tomorrow)):
            deferrer = self._app.configure_task(
                kind,
                allow_unknown=True,
                queue=QUEUE,
                lock=None if item is None else str(item),
                schedule_at=datetime.now(UTC) + timedelta(days=1) if tomorrow else None,
                connection=connection,
            )
            await deferrer.batch_defer_async(*map(_arguments, group))

    def program(self) -> list[str]:
        return ["-m", "bench.contest.on_procrastinate", *self._options]

    def environment(self) -> Mapping[str, str]:
        return {}

    async def left(self, connection: Connection) -> dict[int, Left]:
        cursor = await connection.execute(
            "SELECT (args ->> 'number')::int, status::text FROM procrastinate_jobs "
            "WHERE status <> 'succeeded' AND args ? 'number'"
        )
        return {number: Left(_STATES[status]) for number, status in await cursor.fetchall()}


def _arguments(ask: Ask) -> JSONDict:
    return {"number": ask.number, "item": ask.item, "seconds": ask.seconds}


async def _take_up_stalled(context: procrastinate.JobContext, timestamp: int) -> None:  # noqa: ARG001
    for job in await context.app.job_manager.get_stalled_jobs():
        await context.app.job_manager.retry_job(job)


async def _work(options: list[str], url: str) -> None:
    grace = next((float(option.partition("=")[2]) for option in options if option.startswith("grace=")), None)
    connector = procrastinate.PsycopgConnector(
        conninfo=url, kwargs={"application_name": LIBRARY}, min_size=1, max_size=POOL
    )
    app = procrastinate.App(connector=connector)
    again = procrastinate.RetryStrategy(max_attempts=10, wait=1)
    async with open_work(url) as work:
        for kind, run in work.runs.items():
            app.task(name=kind, queue=QUEUE, retry=again if kind != "fail" else False)(run)
        if "recipe" in options:
            stalled = app.task(
                name="stalled", queue=QUEUE, queueing_lock="stalled", pass_context=True
            )(_take_up_stalled)  # fmt: skip
            app.periodic(cron="* * * * * */5")(stalled)
        async with app.open_async():
            if grace is None:
                await app.run_worker_async(concurrency=CONCURRENCY)
            else:
                await app.run_worker_async(concurrency=CONCURRENCY, shutdown_graceful_timeout=grace)


if __name__ == "__main__":
    logging.basicConfig(level=logging.WARNING)
    uvloop.run(_work(sys.argv[1:-1], sys.argv[-1]))
