"""The worker process: takes jobs, runs them, stays alive over outages, stops cleanly."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import time
from collections.abc import Callable, Iterator
from typing import Generic

import structlog

from kamhub.kit.clock import Clock, SystemClock
from kamhub.platform.database.pool import Database
from kamhub.platform.job.health import LOOPBACK, HealthServer, WorkerHealth
from kamhub.platform.job.registry import Registry
from kamhub.platform.job.session import MOST_ABANDONED, Session
from kamhub.platform.job.types import Context, WorkerCannotRecover, WorkerTimings
from kamhub.platform.job.watchdog import Watchdog

_log = structlog.get_logger("kamhub.job")

_FIRST_PAUSE, _LONGEST_PAUSE = 0.25, 5.0  # seconds between attempts to go on after an outage
_CLOSING = 2.0  # seconds beyond grace and last words for putting back what was interrupted


class JobWorker(Generic[Context]):
    """Runs jobs until asked to stop.

    ``database`` is open, and its login can take the role ``kamhub_system``; jobs get their transactions from it.
    ``metrics`` is what the process has to tell besides its jobs.
    """

    def __init__(
        self,
        database: Database,
        registry: Registry[Context],
        context: Context,
        *,
        health_host: str = LOOPBACK,
        health_port: int = 0,
        metrics_token: str | None = None,
        metrics: Callable[[], bytes] = bytes,
        timings: WorkerTimings | None = None,
        clock: Clock | None = None,
    ) -> None:
        self._database = database
        self._registry = registry
        self._context = context
        self._wanted = (health_host, health_port)
        self._timings = timings or WorkerTimings()
        self._clock = clock or SystemClock()
        self._stopping = asyncio.Event()
        self._session: Session[Context] | None = None
        self._health = HealthServer(self.health, metrics_token, metrics)
        _quieten_library()

    @property
    def health_port(self) -> int:
        """The port ``GET /health`` is answered on while ``run`` runs."""
        return self._health.port

    @property
    def left_running(self) -> bool:
        """Whether runs that cannot be cancelled are still going on: the process should end without waiting for them."""
        return self._session is not None and self._session.abandoned > 0

    def stop(self) -> None:
        """Take no more jobs, let those running finish within the grace, put back the others, end ``run``.

        Asked a second time, do not wait for the grace.
        """
        if self._stopping.is_set() and self._session is not None:
            self._session.hurry()
        self._stopping.set()
        if self._session is not None:
            self._session.stop()

    async def run(self) -> None:
        """Work until ``stop``, SIGTERM or SIGINT.

        Raises ``WorkerCannotRecover`` when the database stays away, or when too many runs would not end; ``OSError`` if
        the health port is taken.
        """
        await self._health.start(*self._wanted)
        watchdog = Watchdog(self._timings.stuck_after)
        watchdog.start()
        beating = asyncio.create_task(_beat(watchdog, self._timings.stuck_after), name="watchdog")
        try:
            with _stop_signals(self.stop):
                _log.info("worker started", health=f"http://{self._wanted[0]}:{self.health_port}/health")
                await self._keep_going()
                _log.info("worker stopped")
        finally:
            watchdog.stop()
            beating.cancel()
            await self._health.stop()

    async def health(self) -> WorkerHealth:
        """How the worker is, asked of the database at this moment."""
        session = self._session
        beat = await session.last_heartbeat() if session is not None else None
        status = "stopping" if self._stopping.is_set() else "ok" if beat is not None else "recovering"
        return WorkerHealth(
            status=status,  # type: ignore[arg-type]
            last_heartbeat=beat,
            database=session is not None and session.reachable,
            running=session.running if session is not None else 0,
            abandoned=session.abandoned if session is not None else 0,
            queues=await session.queues() if session is not None and session.reachable else None,
        )

    async def _keep_going(self) -> None:
        pause = _FIRST_PAUSE
        well_at = time.monotonic()
        while not self._stopping.is_set():
            inherited = self._session.unsettled if self._session is not None else ()
            session = Session(self._registry, self._context, self._database, self._timings, self._clock, inherited)
            self._session = session
            reason = await self._work(session)
            if self._stopping.is_set():
                return
            if session.abandoned >= MOST_ABANDONED:
                raise WorkerCannotRecover(
                    "Jobs that cannot be cancelled use up this worker; another must take its place."
                )
            if session.well_at is not None:
                well_at, pause = session.well_at, _FIRST_PAUSE
            silent = time.monotonic() - well_at
            _log.warning("worker interrupted", reason=reason, seconds_without_database=round(silent, 1))
            if silent > self._timings.recover_within:
                raise WorkerCannotRecover(f"The worker could not go on for {silent:.0f} s: {reason}.")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), pause)
            pause = min(pause * 2, _LONGEST_PAUSE)

    async def _work(self, session: Session[Context]) -> str:
        """One session to its end; returns why it ended."""
        running = asyncio.create_task(session.run(), name="worker session")
        stopping = asyncio.create_task(self._stopping.wait(), name="worker stop")
        try:
            await asyncio.wait({running, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if not running.done():
                # With the database away even putting jobs back may hang; others will find them stalled.
                await asyncio.wait({running}, timeout=self._timings.grace + self._timings.last_words + _CLOSING)
            if not running.done():
                running.cancel()
                return "did not stop in time"
            error = running.exception()
            return f"{type(error).__name__}: {error}".strip() if error else "the worker lost its connection"
        finally:
            stopping.cancel()


async def _beat(watchdog: Watchdog, limit: float) -> None:
    while True:
        watchdog.beat()
        await asyncio.sleep(limit / 10)


@contextlib.contextmanager
def _stop_signals(stop: Callable[[], None]) -> Iterator[None]:
    loop = asyncio.get_running_loop()
    for signum in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(signum, stop)
    try:
        yield
    finally:
        for signum in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(signum)


def _not_about_one_job(record: logging.LogRecord) -> bool:
    return not str(getattr(record, "action", "")).startswith("job_")


def _quieten_library() -> None:
    """The library logs arguments and error texts of every run; ours has one line a run without them."""
    logging.getLogger("procrastinate").setLevel(logging.WARNING)
    logging.getLogger("procrastinate.worker").addFilter(_not_about_one_job)
