"""Taking up again what a vanished worker left behind, and giving up what nobody can run."""

from __future__ import annotations

from collections.abc import Sequence

import structlog

from kamhub.platform.database.pool import Connection
from kamhub.platform.job import rules
from kamhub.platform.job.guard import SystemConnections
from kamhub.platform.job.store import fleet, work
from kamhub.platform.job.store.work import LeftBehind

_log = structlog.get_logger("kamhub.job")

_KILLED = "WorkerLost: the worker that ran this job ended or fell silent before the job was finished"
_UNKNOWN = "UnknownKind: no worker of the fleet knows jobs of this name; it was renamed or removed, or is newer than all of them"
_MOST = 500


class Sweeper:
    """Puts back the jobs of workers that ended or fell silent, and our own that are marked as running but do not run.

    Our own come from an outage at the moment a job's end was written: their worker lives on, so nobody would ever call it
    stalled. Only what was seen twice counts: at one look a job may just begin or end, and a worker that lives may have
    lost the connection that tells so.
    """

    def __init__(
        self, running: set[int], connections: SystemConnections, stalled_after: float, unknown_after: float
    ) -> None:
        self._running = running
        self._connections = connections
        self._stalled_after = stalled_after
        self._unknown_after = unknown_after
        self._suspects: set[int] = set()
        self._untied: set[int] = set()

    async def look(self, worker_id: int) -> int:
        """A cheap look for workers that ended; returns how many jobs of theirs were taken up or given up."""
        async with self._connections.connection() as connection:
            untied = await fleet.untied(connection, worker_id)
        ended = self._untied & untied
        self._untied = untied
        if not ended:
            return 0
        async with self._connections.connection() as connection, connection.transaction():
            left = await work.lock_left_behind(connection, worker_id, self._stalled_after, ended=ended)
            return await self._take_up_all(connection, left, worker_id)

    async def sweep(self, worker_id: int) -> int:
        """One look; returns how many jobs were taken up or given up."""
        async with self._connections.connection() as connection, connection.transaction():
            idle = await work.running_of(connection, worker_id) - self._running
            lost = self._suspects & idle
            self._suspects = idle
            left = await work.lock_left_behind(connection, worker_id, self._stalled_after, own=lost)
            return await self._take_up_all(connection, left, worker_id)

    async def bury_unknown(self) -> int:
        """Make dead letters of what no worker of the fleet knows, after it waited long enough for one that does."""
        async with self._connections.connection() as connection:
            count = await work.bury_unknown(connection, self._unknown_after, _UNKNOWN, _MOST)
        if count:
            _log.error("jobs that no worker knows", dead=count)
        return count

    async def _take_up_all(self, connection: Connection, left: Sequence[LeftBehind], worker_id: int) -> int:
        for job in left:
            await self._take_up(connection, job, was_killed=job.claim.worker != worker_id)
        if left:
            await work.wake_workers(connection)
        return len(left)

    @staticmethod
    async def _take_up(connection: Connection, job: LeftBehind, *, was_killed: bool) -> None:
        kills = job.kills + was_killed
        attempt = job.claim.attempt + 1
        again = rules.may_run_after_kill(kills)
        if again:
            await work.put_back(connection, job.claim, None, {"kills": kills})
        else:
            await work.bury(connection, job.claim, "kills_workers", _KILLED, "")
        await work.record_failure(connection, job.id, job.organisation_id, attempt, _KILLED, "")
        outcome = "taken up again" if again else "dead"
        _log.warning("job of a lost worker", job=job.name, job_id=str(job.id), outcome=outcome)
