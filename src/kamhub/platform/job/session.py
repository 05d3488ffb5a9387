"""The library's worker on one set of connections, from opening them to losing or closing them."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Generic

import procrastinate
import psycopg
import structlog
from procrastinate.worker import Worker
from psycopg import AsyncConnection
from psycopg.rows import TupleRow
from psycopg_pool import AsyncConnectionPool, PoolClosed, PoolTimeout

from kamhub.platform.database.pool import Connection
from kamhub.platform.job import store
from kamhub.platform.job.runs import JitteredRetry, RunGuard, task_function
from kamhub.platform.job.sweep import Sweeper
from kamhub.platform.job.types import Context, Job, PeriodicJob, WorkerTimings

_log = structlog.get_logger("kamhub.job")

_CONNECT_WITHIN = 5  # seconds
_HEALTH_WITHIN = 2.0
_TIDY_EVERY = 3600.0
_KEPT_DAYS = 7
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


class Session(Generic[Context]):
    """Lives until ``stop`` or until the database is lost.

    ``well_at`` is the monotonic time at which it was last seen working, None before.
    """

    def __init__(
        self,
        database_url: str,
        jobs: Sequence[Job[Context]],
        periodic: Sequence[PeriodicJob[Context]],
        context: Context,
        concurrency: int,
        timings: WorkerTimings,
    ) -> None:
        self.well_at: float | None = None
        self.reachable = False
        self._timings = timings
        self._concurrency = concurrency
        self._stop_asked = False
        self._worker: Worker | None = None
        self._pool: AsyncConnectionPool[Connection] = AsyncConnectionPool(
            database_url, connection_class=AsyncConnection[TupleRow], kwargs=_CONNECTION_SETTINGS,
            min_size=1, max_size=4, open=False, timeout=float(_CONNECT_WITHIN), name="jobs",
            check=AsyncConnectionPool.check_connection,
        )  # fmt: skip
        known = {job.name: job for job in (*jobs, *(entry.job for entry in periodic))}
        self._guard = RunGuard(list(known.values()), {entry.job.name for entry in periodic}, self._pool)
        self._sweeper = Sweeper(self._guard, self._pool, timings.stalled_after)
        self._connector = procrastinate.PsycopgConnector()
        self._app = procrastinate.App(connector=self._connector)
        for job in known.values():
            register = self._app.task(name=job.name, queue=job.queue, retry=JitteredRetry(job.retry))
            register(task_function(job, context))
        for entry in periodic:
            self._schedule(entry)

    def _schedule(self, entry: PeriodicJob[Context]) -> None:
        name = entry.job.name
        self._app.periodic_registry.register_task(
            task=self._app.tasks[name],
            cron=entry.cron,
            periodic_id=name,
            # One may run, one may wait; the guard opens the queue again when a run begins.
            configure_kwargs={
                "queue": entry.job.queue,
                "lock": f"periodic:{name}",
                "queueing_lock": f"periodic:{name}",
            },
        )

    @property
    def running(self) -> int:
        """How many jobs run at this moment."""
        return len(self._guard.running)

    def stop(self) -> None:
        """Take no more jobs and end."""
        self._stop_asked = True
        if self._worker is not None:
            self._worker.stop()  # type: ignore[no-untyped-call]

    async def run(self) -> None:
        """Work. Ends after ``stop``, but also, well or with an error, when the database is lost."""
        async with self._open():
            self._worker = worker = self._make_worker()
            if self._stop_asked:
                return
            care = asyncio.create_task(self._look_after(worker), name="job sweep")
            try:
                await worker.run()  # type: ignore[no-untyped-call]
            finally:
                care.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await care

    async def last_heartbeat(self) -> datetime | None:
        """When the database last heard of this session's worker; None when it does not know it or is away."""
        worker_id = self._worker.worker_id if self._worker else None
        if worker_id is None:
            self.reachable = False
            return None
        try:
            async with asyncio.timeout(_HEALTH_WITHIN), self._pool.connection() as connection:
                beat = await store.last_heartbeat(connection, worker_id)
        except _CONNECTION_TROUBLE:
            self.reachable = False
            return None
        self.reachable = True
        return beat

    def _make_worker(self) -> Worker:
        return Worker(
            self._app,
            name=None,
            concurrency=self._concurrency,
            fetch_job_polling_interval=self._timings.poll_every,
            shutdown_graceful_timeout=self._timings.grace,
            install_signal_handlers=False,
            update_heartbeat_interval=self._timings.heartbeat_every,
            stalled_worker_timeout=self._timings.stalled_after,
            worker_middleware=[self._guard],
        )

    @asynccontextmanager
    async def _open(self) -> AsyncIterator[None]:
        try:
            await self._pool.open(wait=True, timeout=float(_CONNECT_WITHIN))
            await self._connector.open_async(self._pool)
            yield
        finally:
            await self._pool.close(timeout=1.0)

    async def _look_after(self, worker: Worker) -> None:
        tidy_at = 0.0
        pause = min(1.0, self._timings.sweep_every)
        while True:
            await asyncio.sleep(pause)
            pause = self._timings.sweep_every
            if worker.worker_id is None:
                continue
            try:
                await self._sweep(worker, worker.worker_id)
                if time.monotonic() >= tidy_at:
                    tidy_at = time.monotonic() + _TIDY_EVERY
                    async with self._pool.connection() as connection:
                        await store.tidy(connection, _KEPT_DAYS)
            except _CONNECTION_TROUBLE as error:
                # If the database is really away, the worker's own heartbeat notices and ends the session.
                _log.warning("job sweep failed", error=type(error).__name__)

    async def _sweep(self, worker: Worker, worker_id: int) -> None:
        async with self._pool.connection() as connection:
            known = await store.last_heartbeat(connection, worker_id) is not None
        if known:
            self.well_at = time.monotonic()
            await self._sweeper.sweep(worker_id)
        else:
            # Others took us for dead (a long outage, a machine asleep); go on under a new number.
            worker.stop()  # type: ignore[no-untyped-call]
