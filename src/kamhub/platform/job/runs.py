"""One run of a job: its time limit, its line in the log, its error kept, and whether it is tried again."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Collection
from datetime import UTC, datetime

import structlog
from procrastinate import BaseRetryStrategy, JobContext, RetryDecision
from procrastinate.jobs import Job as StoredJob
from psycopg_pool import AsyncConnectionPool

from kamhub.platform.database.pool import Connection
from kamhub.platform.job import rules, store
from kamhub.platform.job.types import Context, Job, JobTimedOut, Retry

_log = structlog.get_logger("kamhub.job")

# Arguments the library adds to periodic jobs; our jobs take none.
_LIBRARY_ARGUMENTS = frozenset({"timestamp"})


# Connections in the system scope.
SystemConnections = AsyncConnectionPool[Connection]


class JitteredRetry(BaseRetryStrategy):
    """The library's question "again, and when?", answered by our rules."""

    def __init__(self, retry: Retry) -> None:
        self._retry = retry

    def get_retry_decision(self, *, exception: BaseException, job: StoredJob) -> RetryDecision | None:
        now = datetime.now(UTC)
        if isinstance(exception, asyncio.CancelledError):
            # The worker stops: back into the queue, however often it was tried before.
            return RetryDecision(retry_at=now)
        if rules.is_final(exception):
            return None
        delay = rules.delay_before_retry(self._retry, job.attempts + 1, random.random())  # noqa: S311 - not a secret
        return None if delay is None else RetryDecision(retry_at=now + delay)


def task_function(job: Job[Context], context: Context) -> Callable[..., Awaitable[None]]:
    """The job as the library calls it."""

    async def run(**arguments: object) -> None:
        own = {name: value for name, value in arguments.items() if name not in _LIBRARY_ARGUMENTS}
        await job.run(context, **own)

    return run


class RunGuard:
    """The middleware around every run. ``running`` holds the ids of the jobs being run."""

    def __init__(
        self, jobs: Collection[Job[Context]], periodic: Collection[str], connections: SystemConnections
    ) -> None:
        self._timeouts = {job.name: job.timeout.total_seconds() for job in jobs}
        self._retries = {job.name: job.retry for job in jobs}
        self._periodic = frozenset(periodic)
        self._connections = connections
        self.running: set[int] = set()

    def retry_of(self, name: str) -> Retry:
        """How often jobs of that kind are tried; the usual when the kind is not known here."""
        return self._retries.get(name, Retry())

    async def __call__(self, call_next: Callable[[], Awaitable[None]], context: JobContext, _: object) -> None:
        job = context.job
        job_id = job.id or 0
        self.running.add(job_id)
        started = time.monotonic()
        try:
            await self._run(call_next, job)
        except asyncio.CancelledError:
            self._tell(job, "interrupted", started)
            raise
        except Exception as error:
            await self._failed(job, error, started)
            raise
        else:
            self._tell(job, "done", started)
        finally:
            self.running.discard(job_id)

    async def _run(self, call_next: Callable[[], Awaitable[None]], job: StoredJob) -> None:
        if job.queueing_lock is not None and job.task_name in self._periodic:
            # From now on the next tick may wait, and this one may come back without colliding with it.
            async with self._connections.connection() as connection:
                await store.forget_queueing_lock(connection, job.id or 0)
        limit = self._timeouts[job.task_name]
        try:
            async with asyncio.timeout(limit) as timer:
                await call_next()
        except TimeoutError:
            if not timer.expired():
                raise
            raise JobTimedOut(f"took longer than {limit:g} s") from None

    async def _failed(self, job: StoredJob, error: Exception, started: float) -> None:
        final = rules.is_final(error) or job.attempts + 1 >= self.retry_of(job.task_name).attempts
        self._tell(job, "failed" if final else "retry", started, error=type(error).__name__)
        try:
            texts = rules.error_text(error), rules.traceback_text(error)
            async with self._connections.connection() as connection:
                await store.record_failure(connection, job.id or 0, job.attempts + 1, *texts)
        except Exception as unkept:  # noqa: BLE001 - the job's own error is the one that matters
            _log.warning("job error not kept", job=job.task_name, job_id=job.id, error=type(unkept).__name__)

    @staticmethod
    def _tell(job: StoredJob, outcome: str, started: float, **more: str) -> None:
        """One line a run. Neither arguments nor error texts: they may name people."""
        _log.info(
            "job", job=job.task_name, job_id=job.id, attempt=job.attempts + 1, outcome=outcome,
            seconds=round(time.monotonic() - started, 3), **more,
        )  # fmt: skip
