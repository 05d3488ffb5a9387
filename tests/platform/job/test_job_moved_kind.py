"""A kind that was given another queue and priority: what was enqueued before is done all the same."""

from __future__ import annotations

from dataclasses import replace

from kamhub.platform.database.pool import Database
from kamhub.platform.job.types import Queue as QueueName
from tests.platform.job.support import MARK, Eventually, Marks, Queue, Working, worker_of


async def test_a_job_in_the_queue_its_kind_had_before_is_done(
    database: Database, queue: Queue, marks: Marks, working: Working, eventually: Eventually
) -> None:
    job = await queue.put(MARK, word="kept")
    moved = replace(MARK, kind=replace(MARK.kind, queue=QueueName.CRM, priority=3))
    async with working(worker_of(database, marks, moved)):
        await eventually(lambda: queue.is_(job, "done"))
    assert await marks.all() == ["kept"]
