"""pgqueuer on psycopg, as its documentation sets it up.

Its driver sends statements and waits for notifications on one connection; ``listener`` gives the notifications a
connection of their own, to show what that costs. The library is not a dependency of this program: it is imported where
it is used.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import logging
import os
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import cached_property
from typing import Any

import uvloop
from psycopg import AsyncConnection, AsyncRawCursor
from psycopg.rows import dict_row

from bench.contest.types import CONCURRENCY, Ask, Connection, Left, State
from bench.contest.work import LIBRARY, Run, Work, open_work

_STATES: dict[str, State] = {"queued": "waiting", "picked": "running", "failed": "failed"}
# It insists on room for two batches.
_BATCH = CONCURRENCY // 2


class _CallersConnection:
    """What ``Queries.enqueue`` needs of a driver. The library's own refuses connections that are not in autocommit."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def fetch(self, query: str, *arguments: object) -> list[dict[str, object]]:
        cursor = AsyncRawCursor(self._connection, row_factory=dict_row)
        await cursor.execute(query, arguments or None)
        return await cursor.fetchall()


class Pgqueuer:
    """It has no lock for an item: its limits are for a kind of job and keep no order."""

    order = ""

    def __init__(self, *, listener: bool = False) -> None:
        self._options = ["listener"] if listener else []
        self.name = ", ".join(["pgqueuer", *self._options])

    @cached_property
    def _library(self) -> Any:
        return importlib.import_module("pgqueuer")

    def missing(self) -> str:
        if importlib.util.find_spec("pgqueuer") is not None:
            return ""
        return "pgqueuer is not installed: uv sync --group contest installs it."

    async def install(self, connection: Connection) -> None:
        await self._library.Queries.from_psycopg_connection(connection).install()

    async def enqueue(self, connection: Connection, asks: Sequence[Ask]) -> None:
        queries = self._library.Queries(_CallersConnection(connection))
        await queries.enqueue(
            [ask.kind for ask in asks],
            [json.dumps({"number": a.number, "item": a.item, "seconds": a.seconds}).encode() for a in asks],
            [0] * len(asks),
            [timedelta(days=1) if ask.tomorrow else timedelta(0) for ask in asks],
        )

    def program(self) -> list[str]:
        return ["-m", "bench.contest.on_pgqueuer", *self._options]

    def environment(self) -> Mapping[str, str]:
        # Tried from a folder outside the environment, it is there for its own processes only.
        return {"PYTHONPATH": os.environ["PYTHONPATH"]} if "PYTHONPATH" in os.environ else {}

    async def left(self, connection: Connection) -> dict[int, Left]:
        cursor = await connection.execute(
            "SELECT payload, status::text, (SELECT l.traceback ->> 'exception_message' FROM pgqueuer_log l "
            "WHERE l.job_id = q.id AND l.traceback IS NOT NULL ORDER BY l.id DESC LIMIT 1) FROM pgqueuer q"
        )
        return {
            json.loads(payload)["number"]: Left(_STATES[status], error)
            for payload, status, error in await cursor.fetchall()
        }


def _register(library: Any, queue: Any, kind: str, run: Run) -> None:
    def retrying(parameters: object) -> object:
        return library.DatabaseRetryEntrypointExecutor(
            parameters=parameters, max_attempts=10, initial_delay=timedelta(seconds=1), backoff_multiplier=1.0
        )

    async def entry(job: Any) -> None:
        await run(**json.loads(job.payload))

    executor = retrying if kind != "fail" else None
    queue.entrypoint(kind, on_failure="hold", accepts_context=False, executor_factory=executor)(entry)


async def _work(options: list[str], url: str) -> None:
    library = importlib.import_module("pgqueuer")

    def connect() -> Any:
        return AsyncConnection.connect(url, autocommit=True, application_name=LIBRARY)

    async with open_work(url) as work:

        @asynccontextmanager
        async def make() -> AsyncIterator[object]:
            async with await connect() as connection:
                queue = library.PgQueuer.from_psycopg_connection(connection)
                _register_all(library, queue, work)
                if "listener" not in options:
                    yield queue
                    return
                async with await connect() as own, library.PsycopgDriver(own) as listener:
                    queue.connection.add_listener = listener.add_listener
                    yield queue

        await library.run(make, batch_size=_BATCH, max_concurrent_tasks=CONCURRENCY)


def _register_all(library: Any, queue: Any, work: Work) -> None:
    for kind, run in work.runs.items():
        _register(library, queue, kind, run)


if __name__ == "__main__":
    logging.basicConfig(level=logging.WARNING)
    uvloop.run(_work(sys.argv[1:-1], sys.argv[-1]))
