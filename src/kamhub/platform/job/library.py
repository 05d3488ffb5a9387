"""The job library, told to take and end jobs our way. It is pinned: this file knows its insides, no other does."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import procrastinate
from procrastinate import types as library_types
from procrastinate.job_context import JobContext
from procrastinate.jobs import Job as StoredJob
from procrastinate.jobs import Status
from procrastinate.manager import JobManager
from procrastinate.worker import Worker
from psycopg.errors import UniqueViolation

from kamhub.platform.job import rules
from kamhub.platform.job.guard import RunGuard, SystemConnections
from kamhub.platform.job.registry import Registry
from kamhub.platform.job.store import fleet, work
from kamhub.platform.job.types import WorkerTimings

_SHORTEST_NAP = 0.005  # seconds
_TWINS = 5  # how often to ask again when another worker takes a job with the same lock at the same moment


class _Job(StoredJob):
    """The library describes a job anew for each of its own log lines, which nobody reads: they would name arguments."""

    call_string = ""

    def log_context(self) -> dict[str, Any]:
        return {}


class Manager(JobManager):
    """Takes as many jobs at once as there are free hands, of the queues that have any; leaves every ending to the guard."""

    def __init__(
        self,
        connector: procrastinate.PsycopgConnector,
        registry: Registry[Any],
        guard: RunGuard[Any],
        connections: SystemConnections,
        enter: Callable[[int], Awaitable[None]],
    ) -> None:
        super().__init__(connector)
        self._registry = registry
        self._guard = guard
        self._connections = connections
        self._enter = enter
        self._taken: deque[dict[str, Any]] = deque()
        self._alarm: asyncio.TimerHandle | None = None
        self.worker: Worker | None = None

    async def register_worker(self) -> int:
        """The number of this worker, known to the fleet before it takes its first job."""
        worker_id = await super().register_worker()
        await self._enter(worker_id)
        return worker_id

    async def update_heartbeat(self, worker_id: int) -> None:
        """Beat. The worker ends with its heart: a worker without one works on, and others take it for dead."""
        with self._vital():
            await super().update_heartbeat(worker_id)

    async def listen_for_jobs(self, **wanted: Any) -> None:
        """Hear of new jobs. The worker ends when it hears no more: it would look for jobs only now and then."""
        with self._vital():
            await super().listen_for_jobs(**wanted)

    @contextmanager
    def _vital(self) -> Iterator[None]:
        """The library watches these parts only until the first of all ends, and one of them ends at once: the periodic
        jobs, of which it has none here. So whoever fails says so."""
        try:
            yield
        except Exception:
            if self.worker is not None:
                self.worker.stop()  # type: ignore[no-untyped-call]
            raise

    async def fetch_job(self, queues: Iterable[str] | None, worker_id: int) -> StoredJob | None:  # noqa: ARG002
        """The next job to run, None when there is none for a free hand."""
        if not self._taken:
            self._taken.extend(await self._take(worker_id))
        if not self._taken:
            return None
        return _Job.from_row(self._taken.popleft())

    def unstarted(self) -> list[work.Claim]:
        """What was taken and never handed out, because the worker stops."""
        rows, self._taken = list(self._taken), deque()
        for row in rows:
            self._guard.release(row["id"], row["queue_name"])
        return [work.Claim(row["id"], row["worker_id"], row["attempts"]) for row in rows]

    def hurry(self) -> None:
        """Interrupt every run now; each is put back for another worker."""
        for task in list(self.worker._running_jobs) if self.worker else ():  # noqa: SLF001 - the library only waits for them
            task.cancel()

    def wake(self) -> None:
        """Look into the queue again."""
        if self.worker is not None:
            self.worker._new_job_event.set()  # noqa: SLF001 - what the library sets when it is notified

    async def finish_job(self, job: StoredJob, status: Status, delete_job: bool) -> None:
        """The guard has ended it."""

    async def retry_job(self, job: StoredJob, *args: object, **kwargs: object) -> None:
        """The guard has put it back."""

    async def list_jobs_to_abort_async(self, queue: str | None = None) -> Iterable[int]:  # noqa: ARG002
        """Nobody aborts jobs here."""
        return ()

    async def prune_stalled_workers(self, seconds_since_heartbeat: float) -> list[int]:
        """Our way of it: the library's waits for whoever holds a job of theirs, and meanwhile no worker could start."""
        async with self._connections.connection() as connection:
            return await fleet.forget_silent(connection, seconds_since_heartbeat)

    async def _take(self, worker_id: int) -> list[dict[str, Any]]:
        lanes = self._free_lanes()
        if not lanes:
            return []
        most = self._registry.all_hands - len(self._guard.running)
        async with self._connections.connection() as connection:
            for _ in range(_TWINS):
                try:
                    rows = await work.fetch(connection, worker_id, lanes, self._registry.names, max(most, 1))
                except UniqueViolation:
                    continue
                break
            else:
                rows = []
            if not rows:
                self._ring_after(await work.next_due(connection, lanes))
        for row in rows:
            self._guard.claim(row["id"], row["queue_name"])
        return self._in_order(rows)

    def _free_lanes(self) -> list[tuple[str, int, int]]:
        free = [(lane, lane.hands - self._guard.of_queue[lane.queue]) for lane in self._registry.lanes]
        return [(lane.queue, lane.priority, room) for lane, room in free if room > 0]

    def _in_order(self, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """In the order of the lanes, which the statement that took them does not keep."""
        order = {(lane.queue, lane.priority): place for place, lane in enumerate(self._registry.lanes)}
        return sorted(rows, key=lambda row: (order[row["queue_name"], row["priority"]], row["scheduled_at"], row["id"]))

    def _ring_after(self, seconds: float | None) -> None:
        """Wake up when the next job falls due, instead of asking again and again."""
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
        if seconds is not None:
            self._alarm = asyncio.get_running_loop().call_later(max(seconds, _SHORTEST_NAP), self.wake)


def make_app(registry: Registry[Any], connector: procrastinate.PsycopgConnector) -> procrastinate.App:
    """The library's application with every job under every name it may be queued under."""
    app = procrastinate.App(connector=connector)
    for name in registry.known_names:
        app.task(name=name, queue=registry.job(name).kind.queue.value, pass_context=True)(_function(registry, name))
    return app


def _function(registry: Registry[Any], name: str) -> Callable[..., Awaitable[object]]:
    run_job = registry.job(name).run

    async def run(context: JobContext, **kept: library_types.JSONValue) -> object:
        arguments: Any = kept.get("with", {})
        try:
            return await run_job(context.additional_context["run"], **arguments)
        except (SystemExit, KeyboardInterrupt) as error:
            # Left to itself it would end the event loop, and the worker with all its jobs.
            raise RuntimeError(rules.error_text(error)) from error

    return run


def make_worker(app: procrastinate.App, guard: RunGuard[Any], hands: int, timings: WorkerTimings) -> Worker:
    """The library's worker: it listens, beats its heart, and hands jobs to the guard."""
    return Worker(
        app,
        name=None,
        concurrency=hands,
        fetch_job_polling_interval=timings.poll_every,
        abort_job_polling_interval=3600.0,
        shutdown_graceful_timeout=timings.grace,
        install_signal_handlers=False,
        update_heartbeat_interval=timings.heartbeat_every,
        stalled_worker_timeout=timings.stalled_after,
        worker_middleware=[guard],
    )
