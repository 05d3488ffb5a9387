"""How an organisation's jobs are doing, for those who look."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from kamhub.platform.job.store import fleet, lists
from kamhub.platform.job.store.lists import JobFilter
from kamhub.platform.job.types import (
    DeadJob,
    DeadJobNotFound,
    Failure,
    JobNotFound,
    JobRow,
    JobStatus,
    QueueState,
)
from kamhub.platform.person.services import People
from kamhub.platform.person.types import Staff

# A page that looks again every few seconds counts no further.
MOST_COUNTED = 10_000
# A worker tells that it lives every few seconds.
ALIVE_WITHIN = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class JobList:
    """A page of jobs. ``counts`` hold every status, ``total`` those that fit the filters."""

    jobs: Sequence[JobRow]
    counts: Mapping[JobStatus, int]
    total: int


@dataclass(frozen=True, slots=True)
class LifeSign:
    """``workers`` that were heard of within ``ALIVE_WITHIN``; ``last_heard`` of any, None when there is none."""

    workers: int
    last_heard: datetime | None


@dataclass(frozen=True, slots=True)
class DeadList:
    """A page of dead letters; ``kinds`` are those that have any, with how many, whatever is asked for."""

    letters: Sequence[DeadJob]
    total: int
    kinds: Sequence[tuple[str, int]]


async def jobs(
    people: People, staff: Staff, wanted: JobFilter, *, offset: int, limit: int, most: int | None = None
) -> JobList:
    """The organisation's jobs that fit, the newest first; ``most``: count no further."""
    async with people.database.tenant(staff.organisation_id) as connection:
        counts = await lists.counts(connection, wanted, most)
        found = await lists.jobs(connection, wanted, limit, offset)
    return JobList(found, counts, counts[wanted.status] if wanted.status else sum(counts.values()))


async def queues(people: People, staff: Staff) -> list[QueueState]:
    """The queues that hold anything of the organisation."""
    async with people.database.tenant(staff.organisation_id) as connection:
        return await fleet.queues(connection)


async def life_sign(people: People) -> LifeSign:
    """Whether there is anybody to do the work, of this or any organisation."""
    async with people.database.system() as connection:
        heard = [worker.last_heartbeat for worker in await fleet.workers(connection)]
    now = people.clock.now()
    return LifeSign(sum(at > now - ALIVE_WITHIN for at in heard), max(heard, default=None))


async def job(people: People, staff: Staff, job_id: UUID) -> tuple[JobRow, list[Failure]]:
    """One job and why its runs failed, the last first. Raises ``JobNotFound``."""
    async with people.database.tenant(staff.organisation_id) as connection:
        found = await lists.job(connection, job_id)
        if found is None:
            raise JobNotFound
        return found, await lists.failures(connection, job_id)


async def dead(people: People, staff: Staff, wanted: JobFilter, *, offset: int, limit: int) -> DeadList:
    """The organisation's dead letters that fit, the latest death first."""
    async with people.database.tenant(staff.organisation_id) as connection:
        found = await lists.dead_jobs(connection, wanted, limit, offset)
        return DeadList(found, await lists.count_dead(connection, wanted), await lists.dead_kinds(connection))


async def letter(people: People, staff: Staff, job_id: UUID) -> tuple[DeadJob, list[Failure]]:
    """One dead letter and why its runs failed, the last first. Raises ``DeadJobNotFound``."""
    async with people.database.tenant(staff.organisation_id) as connection:
        found = await lists.dead_job(connection, job_id)
        if found is None:
            raise DeadJobNotFound
        return found, await lists.failures(connection, job_id)


async def dead_letters(people: People, organisation_id: UUID) -> int:
    """How many dead letters wait for somebody of the organisation."""
    async with people.database.tenant(organisation_id) as connection:
        return await lists.count_dead(connection, JobFilter())
