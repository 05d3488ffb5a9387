"""What people do with dead letters. The caller's transaction decides whose they may be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from kamhub.platform.audit import actions as audit
from kamhub.platform.audit.types import Trail
from kamhub.platform.database.pool import Connection
from kamhub.platform.job.queue import described
from kamhub.platform.job.store import lists, work
from kamhub.platform.job.store.lists import JobFilter
from kamhub.platform.job.types import DeadJob, DeadJobNotFound
from kamhub.platform.person.services import People
from kamhub.platform.person.types import Staff

DISCARDED_KEPT = timedelta(days=365)
# Of one kind in one transaction; who has more does it again.
MOST_AT_ONCE = 1_000


@dataclass(frozen=True, slots=True)
class Chosen:
    """Dead letters somebody means: those of these ids or, without any, those of that kind."""

    ids: tuple[UUID, ...] = ()
    kind: str | None = None


@dataclass(frozen=True, slots=True)
class Handled:
    """How many dead letters were handled, and how many of the kind are left (0 when they were chosen by their ids)."""

    count: int
    left: int


async def retry(connection: Connection, job_ids: Sequence[UUID]) -> list[DeadJob]:
    """Put dead letters back into the queue, under their own ids and with all their attempts; returns those that were there.

    They run with the code of today. Letters of one lock keep their order among each other, behind what waits already.
    Raises ``DeadJobNotFound`` when none of them is there.
    """
    taken = await lists.take_dead(connection, job_ids)
    if not taken:
        raise DeadJobNotFound
    for letter, priority in taken:
        kept = described(letter.id, letter.organisation_id, letter.request_id, letter.enqueued_at, letter.arguments)
        await work.insert(connection, letter.kind, letter.queue, priority, letter.lock, None, kept)
    return [letter for letter, _ in taken]


async def discard(connection: Connection, job_ids: Sequence[UUID], reason: str, now: datetime) -> list[DeadJob]:
    """Give dead letters up, with the reason kept in the history; returns those that were there.

    Raises ``DeadJobNotFound`` when none of them is there.
    """
    taken = [letter for letter, _ in await lists.take_dead(connection, job_ids)]
    if not taken:
        raise DeadJobNotFound
    for letter in taken:
        await lists.keep_discarded(connection, letter, reason, now, DISCARDED_KEPT)
    return taken


async def retry_by(connection: Connection, trail: Trail, job_ids: Sequence[UUID], now: datetime) -> list[DeadJob]:
    """``retry``, with a line in the log of every organisation whose jobs they were."""
    letters = await retry(connection, job_ids)
    for letter in letters:
        await _write_down(connection, trail, "job.retried", letter, now, {"kind": letter.kind})
    return letters


async def discard_by(
    connection: Connection, trail: Trail, job_ids: Sequence[UUID], reason: str, now: datetime
) -> list[DeadJob]:
    """``discard``, with a line in the log of every organisation whose jobs they were."""
    letters = await discard(connection, job_ids, reason, now)
    for letter in letters:
        facts: dict[str, object] = {"kind": letter.kind, "reason": reason}
        await _write_down(connection, trail, "job.discarded", letter, now, facts)
    return letters


async def retry_chosen(people: People, staff: Staff, chosen: Chosen) -> Handled:
    """Run an organisation's dead letters again. Raises ``DeadJobNotFound`` when ids were given and none is there."""
    async with people.database.tenant(staff.organisation_id) as connection:
        ids = await _ids_of(connection, chosen)
        done = await retry_by(connection, staff.trail, ids, people.clock.now()) if ids else []
        return Handled(len(done), await _left(connection, chosen))


async def discard_chosen(people: People, staff: Staff, chosen: Chosen, reason: str) -> Handled:
    """Give an organisation's dead letters up. Raises ``DeadJobNotFound`` when ids were given and none is there."""
    async with people.database.tenant(staff.organisation_id) as connection:
        ids = await _ids_of(connection, chosen)
        done = await discard_by(connection, staff.trail, ids, reason, people.clock.now()) if ids else []
        return Handled(len(done), await _left(connection, chosen))


async def _ids_of(connection: Connection, chosen: Chosen) -> Sequence[UUID]:
    if chosen.ids or chosen.kind is None:
        return chosen.ids
    return await lists.dead_of_kind(connection, chosen.kind, MOST_AT_ONCE)


async def _left(connection: Connection, chosen: Chosen) -> int:
    if chosen.ids or chosen.kind is None:
        return 0
    return await lists.count_dead(connection, JobFilter(kind=chosen.kind))


async def _write_down(
    connection: Connection, trail: Trail, action: str, letter: DeadJob, now: datetime, facts: dict[str, object]
) -> None:
    # What belongs to no organisation is in nobody's log.
    if letter.organisation_id is not None:
        await audit.record(connection, letter.organisation_id, trail, action, "job", letter.id, now, after=facts)
