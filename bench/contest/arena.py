"""A fresh database for one measurement of one contestant, and worker processes on it."""

from __future__ import annotations

import asyncio
import itertools
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import AsyncConnection, sql

from bench.contest.types import CONCURRENCY, Ask, Connection, Contestant
from bench.contest.work import TABLES

_READY_WITHIN = 40.0
_LOOK_EVERY = 0.02
_names = itertools.count(1)


@dataclass(slots=True)
class Arena:
    """``watch`` looks on in autocommit, ``caller`` is the connection of one who enqueues in a transaction."""

    contestant: Contestant
    url: str
    log: Path
    watch: Connection
    caller: Connection
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)
    probes: int = 0

    def start(self) -> subprocess.Popen[bytes]:
        """One more worker process; what it writes goes to ``log``."""
        usual = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        with self.log.open("ab") as log:
            worker = subprocess.Popen(
                [sys.executable, *self.contestant.program(), self.url],
                env={**usual, **self.contestant.environment()}, stdout=log, stderr=log,
            )  # fmt: skip
        self.workers.append(worker)
        return worker

    async def start_ready(self, workers: int = 1) -> list[subprocess.Popen[bytes]]:
        """So many new worker processes, each of which has done a job. Raises ``TimeoutError``."""
        started = [self.start() for _ in range(workers)]
        wanted = {worker.pid for worker in started}
        first = self.probes
        give_up = time.monotonic() + _READY_WITHIN
        while not wanted <= await self._seen():
            if time.monotonic() > give_up:
                raise TimeoutError(f"{self.contestant.name} does not work:\n{self.log.read_text()[-2000:]}")
            probes = [Ask("effect", -self.probes - n - 1, seconds=0.1) for n in range(CONCURRENCY * workers)]
            self.probes += len(probes)
            await self.enqueue(probes)
            await until(lambda: self.done(self.probes - first), 5.0)
        await until(lambda: self.done(self.probes - first), _READY_WITHIN)
        await self.watch.execute("TRUNCATE effects")
        return started

    async def enqueue(self, asks: Sequence[Ask]) -> float:
        """Insert and commit; returns the monotonic moment just before the commit was sent."""
        await self.contestant.enqueue(self.caller, asks)
        at = time.monotonic()
        await self.caller.commit()
        return at

    async def done(self, jobs: int) -> bool:
        """Whether so many jobs have left their trace."""
        return await self.number("SELECT count(*) FROM effects") >= jobs

    async def number(self, query: str) -> float:
        """The one number a query gives; 0 for NULL."""
        row = await (await self.watch.execute(query.encode())).fetchone()
        return float(row[0] or 0) if row else 0.0

    async def _seen(self) -> set[int]:
        return {row[0] for row in await (await self.watch.execute("SELECT DISTINCT worker FROM effects")).fetchall()}


async def until(true: Callable[[], Awaitable[bool]], seconds: float) -> bool:
    """Wait for a condition at most so long; whether it came true."""
    give_up = time.monotonic() + seconds
    while not await true():
        if time.monotonic() > give_up:
            return False
        await asyncio.sleep(_LOOK_EVERY)
    return True


async def ended(worker: subprocess.Popen[bytes], seconds: float) -> bool:
    """Wait for the end of a process at most so long; whether it has ended."""

    async def over() -> bool:
        return worker.poll() is not None

    return await until(over, seconds)


@asynccontextmanager
async def arena(server_url: str, contestant: Contestant, folder: Path) -> AsyncIterator[Arena]:
    """An empty database with the contestant's tables and ours; gone afterwards, with every worker."""
    name = f"contest_{next(_names)}"
    _on_server(server_url, sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    url = urlunsplit(urlsplit(server_url)._replace(path=f"/{name}"))
    log = folder / f"{name}.log"
    log.touch()
    async with (
        await AsyncConnection.connect(url, autocommit=True, application_name="bench") as watch,
        await AsyncConnection.connect(url, application_name="bench") as caller,
    ):
        await watch.execute(TABLES)
        await contestant.install(watch)
        made = Arena(contestant, url, log, watch, caller)
        try:
            yield made
        finally:
            for worker in made.workers:
                worker.kill()
                worker.wait()
    _on_server(server_url, sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def _on_server(url: str, statement: sql.Composed) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statement)
