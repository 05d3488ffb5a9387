"""The middleware around every run: its time limit, its scope, its end, and every promise about what becomes of it.

Whatever a job does, its run ends here in one of six ways: done, tried again, put back, dead, taken over by another
worker, or unsettled because the database is away; the last is found by the sweep, and run again.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import traceback
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine
from datetime import UTC, datetime, timedelta
from typing import Generic, Literal, TypeAlias, TypeVar
from uuid import UUID

import structlog
from procrastinate import JobContext
from psycopg_pool import AsyncConnectionPool

from kamhub.kit.ids import new_id
from kamhub.platform.database.errors import DatabaseUnavailable
from kamhub.platform.database.pool import Connection, Database
from kamhub.platform.job import metrics, rules
from kamhub.platform.job.registry import Registry
from kamhub.platform.job.run import Run
from kamhub.platform.job.store import work
from kamhub.platform.job.store.work import Claim
from kamhub.platform.job.types import (
    Context,
    Done,
    GiveUp,
    JobTimedOut,
    NoOutcome,
    Reason,
    RunOutdated,
    TryAgain,
    WorkerTimings,
)  # fmt: skip
from kamhub.platform.monitoring import sentry, traces

_log = structlog.get_logger("kamhub.job")

# Connections in the system scope, each statement for itself.
SystemConnections: TypeAlias = AsyncConnectionPool[Connection]
Interrupted: TypeAlias = Literal["interrupted"]
_SOONEST = timedelta(seconds=1)
_AFTER_OUTAGE = timedelta(seconds=2)
_CAUSES = 10  # of an error, each raised while the one before was handled
T = TypeVar("T")
End: TypeAlias = Done | TryAgain | GiveUp | Interrupted | Exception


class RunGuard(Generic[Context]):
    """``running`` holds the numbers of the jobs being run, ``abandoned`` counts runs that would not end.

    ``unsettled`` are runs whose end could not be written.
    """

    def __init__(
        self,
        registry: Registry[Context],
        context: Context,
        database: Database,
        connections: SystemConnections,
        timings: WorkerTimings,
        wake: Callable[[], None],
    ) -> None:
        self._registry = registry
        self._context = context
        self._database = database
        self._connections = connections
        self._timings = timings
        self._wake = wake
        self.running: set[int] = set()
        self.of_queue: Counter[str] = Counter()
        self.abandoned = 0
        self.unsettled: list[Claim] = []

    def claim(self, number: int, queue: str) -> None:
        """Count a job as ours from the moment it is taken, so that nobody thinks that nobody runs it."""
        self.running.add(number)
        self.of_queue[queue] += 1

    def release(self, number: int, queue: str) -> None:
        """It is not ours any more."""
        self.running.discard(number)
        self.of_queue[queue] -= 1

    async def __call__(self, call_next: Callable[[], Awaitable[object]], context: JobContext, _: object) -> None:
        """Run one job to its end. Never raises: nothing is left for the library to decide."""
        run = self._run_of(context)
        context.additional_context["run"] = run
        try:
            with (
                structlog.contextvars.bound_contextvars(**_ids_of(run)),
                sentry.watched("queue.task", run.name),
                traces.span(
                    run.name, "consumer", {"messaging.destination.name": run.queue}, parent=_trace_of(context)
                ) as span,
                metrics.timed(run.name, run.queue) as timer,
            ):
                end = await self._end_of(asyncio.ensure_future(call_next()), run)
                timer.outcome = await _to_the_end(self._settle(run, end))
                self._tell(timer.outcome, timer.seconds, end)
                if timer.outcome in {"dead", "retried"}:
                    traces.failed(span, timer.outcome)
        finally:
            self.release(run.claim.job, run.queue)
            self._wake()

    def _run_of(self, context: JobContext) -> Run[Context]:
        row, kept = context.job, context.job.task_kwargs
        organisation, request = kept.get("organisation"), kept.get("request")
        return Run(
            context=self._context,
            database=self._database,
            job=self._registry.job(row.task_name),
            id=UUID(str(kept["id"])) if "id" in kept else new_id(),
            organisation_id=UUID(str(organisation)) if organisation else None,
            request_id=str(request) if request else None,
            attempt=row.attempts + 1,
            claim=Claim(row.id or 0, row.worker_id, row.attempts),
            started=datetime.now(UTC),
            failures=int(str(kept.get("failures", 0))),
            kills=int(str(kept.get("kills", 0))),
            outages=int(str(kept.get("outages", 0))),
            queue=row.queue,
            name=row.task_name,
            say=self._say_progress,
        )

    async def _end_of(self, task: asyncio.Future[object], run: Run[Context]) -> End:
        """Wait for the run to end by itself, by its time limit, or because this worker stops."""
        limit = run.job.timeout.total_seconds()
        stopping = False
        try:
            await asyncio.wait({task}, timeout=limit)
        except asyncio.CancelledError:  # the grace of the stopping worker is over
            stopping = True
        if task.done():
            return _end_of(task)
        await _to_the_end(self._cancel(task))
        if task.done() and not task.cancelled():
            end = _end_of(task)
            if not isinstance(end, Exception):
                return end  # it has finished in its last moment
            # What its clean-up raised must not hide why it was ended, but should not be lost either.
            await _to_the_end(self._keep_error(run, end))
        if stopping:
            return "interrupted"
        return JobTimedOut(f"took longer than {limit:g} s{'' if task.done() else ', and cannot be cancelled'}")

    async def _cancel(self, task: asyncio.Future[object]) -> None:
        """Ask a run to end. One that will not is left alone: it does not own its job any more, so it can do no harm."""
        task.cancel()
        await asyncio.wait({task}, timeout=self._timings.last_words)
        if not task.done():
            self.abandoned += 1
            _log.error("a job cannot be cancelled", abandoned=self.abandoned)

    async def _settle(self, run: Run[Context], end: End) -> metrics.Outcome:
        try:
            return await self._write(run, end)
        except Exception as error:  # noqa: BLE001 - the database is away: put back when it is there, or found by a sweep
            _log.warning("the end of a job was not written", error=type(error).__name__)
            self.unsettled.append(run.claim)
            return "unsettled"

    async def _write(self, run: Run[Context], end: End) -> metrics.Outcome:
        match end:
            case Done():
                return await self._done(run)
            case TryAgain(at=at, because=because):
                # At once would be a loop that nobody sees.
                after = max(at - datetime.now(UTC), _SOONEST)
                return await self._again(run, "again", after, progress={"note": rules.plain_text(because)})
            case "interrupted":
                return await self._again(run, "interrupted", None)
            case GiveUp() | NoOutcome():
                return await self._given_up(run, end)
            case RunOutdated():
                return "outdated"
        return await self._failed(run, end)

    async def _done(self, run: Run[Context]) -> metrics.Outcome:
        if run.finished:
            return "done"
        async with self._connections.connection() as connection:
            well = await work.finish(connection, run.claim, run.started, run.job.kept)
        return "done" if well else "outdated"

    async def _given_up(self, run: Run[Context], end: GiveUp | NoOutcome) -> metrics.Outcome:
        if isinstance(end, NoOutcome):
            return await self._bury(run, "no_outcome", rules.error_text(end), "")
        trace = rules.traceback_text(end.error) if end.error else ""
        return await self._bury(run, "gave_up", rules.plain_text(end.because), trace)

    async def _failed(self, run: Run[Context], error: Exception) -> metrics.Outcome:
        if isinstance(error, DatabaseUnavailable) and run.outages < rules.OUTAGES_SURVIVED:
            # Ours and not the job's: it would have gone well.
            return await self._again(run, "interrupted", _AFTER_OUTAGE, outages=run.outages + 1)
        failures = run.failures + 1
        chance = random.random()  # noqa: S311 - not a secret
        delay = rules.delay_before_retry(run.job.retry, failures, chance)
        if delay is None:
            return await self._bury(run, "out_of_attempts", rules.error_text(error), rules.traceback_text(error))
        outcome = await self._again(run, "retried", delay, failures=failures)
        if outcome == "retried":
            await self._keep_error(run, error)
        return outcome

    async def _again(
        self, run: Run[Context], outcome: metrics.Outcome, after: timedelta | None, **change: object
    ) -> metrics.Outcome:
        async with self._connections.connection() as connection:
            return outcome if await work.put_back(connection, run.claim, after, change) else "outdated"

    async def _bury(self, run: Run[Context], reason: Reason, error: str, trace: str) -> metrics.Outcome:
        async with self._connections.connection() as connection, connection.transaction():
            if not await work.bury(connection, run.claim, reason, error, trace):
                return "outdated"
            await work.record_failure(connection, run.id, run.organisation_id, run.attempt, error, trace)
        return "dead"

    async def _keep_error(self, run: Run[Context], error: BaseException) -> None:
        texts = rules.error_text(error), rules.traceback_text(error)
        try:
            async with self._connections.connection() as connection:
                await work.record_failure(connection, run.id, run.organisation_id, run.attempt, *texts)
        except Exception as unkept:  # noqa: BLE001 - what becomes of the job matters more
            _log.warning("job error not kept", error=type(unkept).__name__)

    async def _say_progress(self, claim: Claim, progress: object) -> None:
        async with self._connections.connection() as connection:
            await work.say_progress(connection, claim, progress)  # type: ignore[arg-type]

    @staticmethod
    def _tell(outcome: metrics.Outcome, seconds: float, end: End) -> None:
        """One line a run. Neither arguments nor error texts: they may name people."""
        error = {"error": type(end).__name__} if isinstance(end, Exception) else {}
        _log.log(40 if outcome == "dead" else 20, "job", outcome=outcome, seconds=round(seconds, 3), **error)
        fault = end.error if isinstance(end, GiveUp) else end
        if isinstance(fault, Exception) and outcome in {"dead", "retried"}:
            sentry.tell(fault, level="error" if outcome == "dead" else "warning")


def _trace_of(context: JobContext) -> str | None:
    """The trace of whoever enqueued it."""
    trace = context.job.task_kwargs.get("trace")
    return str(trace) if trace else None


def _ids_of(run: Run[Context]) -> dict[str, object]:
    """Whose run it is, in every line of the log and every fault."""
    ids = {
        "job": run.name,
        "job_id": str(run.id),
        "attempt": run.attempt,
        "organisation_id": run.organisation_id and str(run.organisation_id),
        "request_id": run.request_id,
    }
    return {name: value for name, value in ids.items() if value}


async def _to_the_end(work: Coroutine[object, object, T]) -> T:
    """Finish a short piece of work whatever the worker is asked meanwhile."""
    task = asyncio.ensure_future(work)
    while not task.done():
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.shield(task)
    return task.result()


def _end_of(task: asyncio.Future[object]) -> End:
    """What an ended run comes to."""
    if task.cancelled():
        return JobTimedOut("cancelled itself")
    error = task.exception()
    _let_go(error)
    if isinstance(error, Exception):
        return error
    if error is not None:
        ended = RuntimeError(rules.error_text(error))  # what is no Exception ends a run, not the worker
        ended.__cause__ = error
        return ended
    return _outcome_of(task.result())


def _let_go(error: BaseException | None) -> None:
    """Free what the frames of an error hold: after a ``MemoryError`` it is what keeps everybody from going on."""
    for _ in range(_CAUSES):
        if error is None:
            return
        traceback.clear_frames(error.__traceback__)
        error = error.__cause__ or error.__context__


def _outcome_of(result: object) -> End:
    match result:
        case TryAgain(at=datetime(tzinfo=zone), because=str()) if zone is not None:
            return result
        case Done() | GiveUp(because=str()):
            return result
        case TryAgain() | GiveUp():
            return NoOutcome(f"the job returned a {type(result).__name__} that cannot be read")
    return NoOutcome(f"the job returned {type(result).__name__} instead of an outcome")
