"""Taking up again what a vanished worker left behind."""

from __future__ import annotations

import structlog

from kamhub.platform.job import rules, store
from kamhub.platform.job.runs import RunGuard, SystemConnections

_log = structlog.get_logger("kamhub.job")

_KILLED = "WorkerLost: the worker that ran this job ended or fell silent before the job was finished"


class Sweeper:
    """Puts back the jobs of silent workers, and our own that are marked as running but do not run.

    The second kind comes from an outage at the moment a job's end was written: its worker lives on, so nobody
    would ever call it stalled. Only what was seen twice counts, for at one look a job may just begin or end.
    """

    def __init__(self, guard: RunGuard, connections: SystemConnections, stalled_after: float) -> None:
        self._guard = guard
        self._connections = connections
        self._stalled_after = stalled_after
        self._suspects: set[int] = set()

    async def sweep(self, worker_id: int) -> int:
        """One look; returns how many jobs were taken up or given up."""
        async with self._connections.connection() as connection:
            idle = await store.running_of(connection, worker_id) - self._guard.running
            lost = self._suspects & idle
            self._suspects = idle
            stalled = await store.lock_stalled(connection, self._stalled_after, lost)
            for job in stalled:
                again = rules.may_run_after_kill(self._guard.retry_of(job.name), job.attempts + 1)
                await store.record_failure(connection, job.id, job.attempts + 1, _KILLED, "")
                await (store.put_back if again else store.fail)(connection, job.id)
                outcome = "taken up again" if again else "failed"
                _log.warning("job of a lost worker", job=job.name, job_id=job.id, outcome=outcome)
            if stalled:
                await store.wake_workers(connection)
        return len(stalled)
