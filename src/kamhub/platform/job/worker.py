"""The worker process: takes jobs, runs them, stays alive over outages, stops cleanly."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Generic

import structlog

from kamhub.platform.job.health import HOST, HealthServer, WorkerHealth
from kamhub.platform.job.session import Session
from kamhub.platform.job.types import Context, Job, PeriodicJob, WorkerCannotRecover, WorkerTimings

_log = structlog.get_logger("kamhub.job")

_FIRST_PAUSE, _LONGEST_PAUSE = 0.25, 5.0  # seconds between attempts to go on after an outage
_CLOSING = 4.0  # seconds beyond the grace for putting back what was interrupted


class JobWorker(Generic[Context]):
    """Runs jobs until asked to stop. ``periodic_jobs`` need not be listed in ``jobs`` too.

    ``database_url`` is the running login; it must be able to take the role ``kamhub_system``.
    """

    def __init__(
        self,
        database_url: str,
        jobs: Sequence[Job[Context]],
        periodic_jobs: Sequence[PeriodicJob[Context]],
        context: Context,
        *,
        concurrency: int = 8,
        health_port: int = 0,
        timings: WorkerTimings | None = None,
    ) -> None:
        self._url = database_url
        self._jobs = tuple(jobs)
        self._periodic = tuple(periodic_jobs)
        self._context = context
        self._concurrency = concurrency
        self._wanted_port = health_port
        self._timings = timings or WorkerTimings()
        self._stopping = asyncio.Event()
        self._session: Session[Context] | None = None
        self._health = HealthServer(self.health)
        _quieten_library()

    @property
    def health_port(self) -> int:
        """The port ``GET /health`` is answered on while ``run`` runs."""
        return self._health.port

    def stop(self) -> None:
        """Take no more jobs, let those running finish within the grace, put back the others, end ``run``."""
        self._stopping.set()
        if self._session is not None:
            self._session.stop()

    async def run(self) -> None:
        """Work until ``stop``, SIGTERM or SIGINT.

        Raises ``WorkerCannotRecover`` when the database stays away, ``OSError`` if the health port is taken.
        """
        await self._health.start(self._wanted_port)
        try:
            with _stop_signals(self.stop):
                _log.info("worker started", health=f"http://{HOST}:{self.health_port}/health")
                await self._keep_going()
                _log.info("worker stopped")
        finally:
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
        )

    async def _keep_going(self) -> None:
        pause = _FIRST_PAUSE
        well_at = time.monotonic()
        while not self._stopping.is_set():
            session = Session(self._url, self._jobs, self._periodic, self._context, self._concurrency, self._timings)
            self._session = session
            reason = await self._work(session)
            if self._stopping.is_set():
                return
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
                await asyncio.wait({running}, timeout=self._timings.grace + _CLOSING)
            if not running.done():
                running.cancel()
                return "did not stop in time"
            error = running.exception()
            return f"{type(error).__name__}: {error}".strip() if error else "the worker lost its connection"
        finally:
            stopping.cancel()


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
