"""The library's worker on one set of connections, from opening them to losing or closing them."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import time
from collections.abc import AsyncIterator, Collection, Coroutine, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from importlib.metadata import version
from typing import Generic

import procrastinate
import psycopg
import structlog
from procrastinate.worker import Worker
from psycopg import AsyncConnection
from psycopg.rows import TupleRow
from psycopg_pool import AsyncConnectionPool, PoolClosed, PoolTimeout

from kamhub.kit.clock import Clock
from kamhub.platform.database.pool import Connection, Database
from kamhub.platform.job.guard import RunGuard
from kamhub.platform.job.library import Manager, make_app, make_worker
from kamhub.platform.job.registry import Registry
from kamhub.platform.job.store import fleet, work
from kamhub.platform.job.store.work import Claim
from kamhub.platform.job.sweep import Sweeper
from kamhub.platform.job.tie import Tie
from kamhub.platform.job.timetable import Timetable
from kamhub.platform.job.types import Context, QueueState, WorkerTimings

_log = structlog.get_logger("kamhub.job")

_CONNECT_WITHIN = 5  # seconds
_HEALTH_WITHIN = 2.0
MOST_ABANDONED = 3  # runs that would not end, before the process makes room for a fresh one
_UNKNOWN_EVERY = 6  # sweeps
_CANCEL_EVERY = 0.5  # seconds
_CONNECTION_TROUBLE = (psycopg.Error, PoolTimeout, PoolClosed, OSError, TimeoutError)

_CONNECTION_SETTINGS: dict[str, object] = {
    "application_name": "kamhub-worker-jobs",
    "connect_timeout": _CONNECT_WITHIN,
    # A server that vanishes without a word is noticed in seconds, not in the two hours TCP takes by itself.
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 15_000,
    "options": "-c role=kamhub_system -c statement_timeout=15s -c timezone=UTC",
}


async def _each_statement_for_itself(connection: Connection) -> None:
    await connection.set_autocommit(True)


def _beside(worker: Worker, part: Coroutine[object, object, None], name: str) -> asyncio.Task[None]:
    """Run a part of the session. Without it the worker would only seem well, so it ends with it; another session begins."""

    def look(task: asyncio.Task[None]) -> None:
        error = None if task.cancelled() else task.exception()
        if error is not None:
            _log.error("a part of the worker failed", part=name, error=type(error).__name__)
            worker.stop()  # type: ignore[no-untyped-call]

    task = asyncio.create_task(part, name=name)
    task.add_done_callback(look)
    return task


async def end(parts: Collection[asyncio.Task[None]]) -> None:
    """Cancel, until all of them have ended.

    Once is not enough: a statement that is cancelled while its connection breaks raises the error of the connection, which
    these parts survive. Without its end the session would wait for ever, and the process do nothing any more.
    """
    left: Collection[asyncio.Task[None]] = parts
    while left:
        for task in left:
            task.cancel()
        _, left = await asyncio.wait(left, timeout=_CANCEL_EVERY)


class Session(Generic[Context]):
    """Lives until ``stop`` or until the database is lost.

    ``inherited`` are the unsettled runs of the session before. ``well_at`` is the monotonic time at which it was last seen working, None before.
    """

    def __init__(
        self,
        registry: Registry[Context],
        context: Context,
        database: Database,
        timings: WorkerTimings,
        clock: Clock,
        inherited: Sequence[Claim] = (),
    ) -> None:
        self.well_at: float | None = None
        self.reachable = False
        self._inherited = tuple(inherited)
        self._registry = registry
        self._timings = timings
        self._stop_asked = False
        self._worker: Worker | None = None
        self._pool: AsyncConnectionPool[Connection] = AsyncConnectionPool(
            database.url, connection_class=AsyncConnection[TupleRow], kwargs=_CONNECTION_SETTINGS,
            min_size=1, max_size=4, open=False, timeout=float(_CONNECT_WITHIN), name="jobs",
            configure=_each_statement_for_itself,
        )  # fmt: skip
        self._guard = RunGuard(registry, context, database, self._pool, timings, self._wake)
        self._sweeper = Sweeper(self._guard.running, self._pool, timings.stalled_after, timings.unknown_after)
        self._timetable = Timetable(registry.timetable, self._pool, clock)
        self._connector = procrastinate.PsycopgConnector()
        self._app = make_app(registry, self._connector)
        self._tie = Tie(database.url, _CONNECTION_SETTINGS)
        self._manager = Manager(self._connector, registry, self._guard, self._pool, self._enter)
        self._app.job_manager = self._manager

    @property
    def running(self) -> int:
        """How many jobs run at this moment."""
        return len(self._guard.running)

    @property
    def abandoned(self) -> int:
        """How many runs would not end when they were cancelled, and still use up this process."""
        return self._guard.abandoned

    @property
    def unsettled(self) -> list[Claim]:
        """Runs whose end could not be written: the next session of this process puts their jobs back."""
        return self._guard.unsettled

    def stop(self) -> None:
        """Take no more jobs and end, giving those that run their grace."""
        self._stop_asked = True
        if self._worker is not None:
            self._worker.stop()  # type: ignore[no-untyped-call]

    def hurry(self) -> None:
        """Do not wait for the jobs that run: put them back."""
        self._manager.hurry()

    async def run(self) -> None:
        """Work. Ends after ``stop``, but also, well or with an error, when the database is lost."""
        async with self._open():
            await self._put_back(self._inherited)
            self._worker = worker = make_worker(self._app, self._guard, self._registry.all_hands, self._timings)
            self._manager.worker = worker
            if self._stop_asked:
                return
            side = [
                _beside(worker, self._look_after(worker), "job sweep"),
                _beside(worker, self._tie.keep(), "tie"),
                _beside(worker, self._look_for_ended(), "look for ended workers"),
                _beside(worker, self._keep_time(), "timetable"),
            ]
            try:
                await worker.run()  # type: ignore[no-untyped-call]
            finally:
                await end(side)
                await self._put_back(self._manager.unstarted())

    async def last_heartbeat(self) -> datetime | None:
        """When the database last heard of this session's worker; None when it does not know it or is away."""
        worker_id = self._worker.worker_id if self._worker else None
        if worker_id is None:
            self.reachable = False
            return None
        try:
            async with asyncio.timeout(_HEALTH_WITHIN), self._pool.connection() as connection:
                beat = await fleet.last_heartbeat(connection, worker_id)
        except _CONNECTION_TROUBLE:
            self.reachable = False
            return None
        self.reachable = True
        return beat

    async def queues(self) -> list[QueueState] | None:
        """The queues of the whole fleet; None while the database is away."""
        try:
            async with asyncio.timeout(_HEALTH_WITHIN), self._pool.connection() as connection:
                return await fleet.queues(connection)
        except _CONNECTION_TROUBLE:
            return None

    def _wake(self) -> None:
        self._manager.wake()

    @asynccontextmanager
    async def _open(self) -> AsyncIterator[None]:
        try:
            await self._pool.open(wait=True, timeout=float(_CONNECT_WITHIN))
            await self._connector.open_async(self._pool)
            yield
        finally:
            await self._tie.loosen()
            await self._pool.close(timeout=1.0)

    async def _put_back(self, claims: Sequence[Claim]) -> None:
        """Let others, or ourselves under a new number, have what this process does not run."""
        if not claims:
            return
        with contextlib.suppress(*_CONNECTION_TROUBLE):  # a sweep finds them
            async with self._pool.connection() as connection:
                for claim in claims:
                    await work.put_back(connection, claim, None, {})
                await work.wake_workers(connection)

    async def _look_after(self, worker: Worker) -> None:
        pause, looks = min(1.0, self._timings.sweep_every), 0
        while True:
            await asyncio.sleep(pause)
            pause = self._timings.sweep_every
            if worker.worker_id is None:
                continue
            try:
                await self._sweep(worker, worker.worker_id)
                if self.abandoned >= MOST_ABANDONED:
                    worker.stop()  # type: ignore[no-untyped-call]
                if looks % _UNKNOWN_EVERY == 0:
                    await self._sweeper.bury_unknown()
            except _CONNECTION_TROUBLE as error:
                # If the database is really away, the worker's own heartbeat notices and ends the session.
                _log.warning("job sweep failed", error=type(error).__name__)
            looks += 1

    async def _sweep(self, worker: Worker, worker_id: int) -> None:
        async with self._pool.connection() as connection:
            known = await fleet.last_heartbeat(connection, worker_id) is not None
        if known:
            self.well_at = time.monotonic()
            await self._sweeper.sweep(worker_id)
        else:
            # Others took us for dead (a long outage, a machine asleep); go on under a new number.
            worker.stop()  # type: ignore[no-untyped-call]

    async def _look_for_ended(self) -> None:
        await self._tie.fastened.wait()
        while True:
            try:
                await self._sweeper.look(self._tie.worker_id)
            except _CONNECTION_TROUBLE as error:
                _log.warning("look for ended workers failed", error=type(error).__name__)
            await asyncio.sleep(self._timings.look_every)

    async def _enter(self, worker_id: int) -> None:
        """Tell the fleet who this is. First the lock, then the word that there is one."""
        await self._tie.fasten(worker_id)
        async with self._pool.connection() as connection:
            await fleet.introduce(
                connection, worker_id, socket.gethostname(), os.getpid(), version("kamhub"),
                self._registry.queues, self._registry.known_names,
            )  # fmt: skip

    async def _keep_time(self) -> None:
        while True:
            try:
                await self._timetable.run()
                return
            except _CONNECTION_TROUBLE as error:
                _log.warning("timetable interrupted", error=type(error).__name__)
                await asyncio.sleep(min(1.0, self._timings.poll_every))
