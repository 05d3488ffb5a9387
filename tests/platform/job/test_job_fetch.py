"""Which jobs are taken, in which order, by whom; and how that is found among very many."""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest

from kamhub.kit.clock import ManualClock
from kamhub.platform.database.pool import Database
from kamhub.platform.job.registry import Registry
from kamhub.platform.job.run import Run
from kamhub.platform.job.session import Session
from kamhub.platform.job.store import work
from kamhub.platform.job.types import DONE, Outcome
from kamhub.platform.job.types import Queue as QueueName
from tests.platform.job.support import (
    MARK,
    QUICK,
    Eventually,
    Marks,
    Queue,
    Working,
    job_of,
    mark,
    system,
    worker_of,
)

LANE = ("maintenance", 0, 50)
TOMORROW = timedelta(days=1)
Lanes = list[tuple[str, int, int]]


async def _take(queue: Queue, lanes: Lanes, most: int = 50, names: tuple[str, ...] = ("mark",)) -> list[UUID]:
    """Ids of what a worker takes, in the order of their numbers."""
    async with system(queue.url) as connection:
        rows = await work.fetch(connection, await _worker(connection), lanes, list(names), most)
    return [UUID(row["args"]["id"]) for row in sorted(rows, key=lambda row: row["id"])]


async def _worker(connection: Any) -> int:
    row = await (await connection.execute("INSERT INTO procrastinate_workers DEFAULT VALUES RETURNING id")).fetchone()
    return int(row[0])


async def _put(queue: Queue, count: int = 1, *, lane: tuple[str, int] = ("maintenance", 0), **more: Any) -> list[UUID]:
    it = job_of("mark", mark, queue=QueueName(lane[0]), priority=lane[1])
    return [await queue.put(it, word=str(number), **more) for number in range(count)]


# Order.


async def test_queues_go_by_their_rank_and_kinds_by_their_priority(queue: Queue) -> None:
    low, high = await _put(queue, lane=("maintenance", 0)), await _put(queue, lane=("maintenance", 5))
    payment = await _put(queue, lane=("payments", 0))
    lanes = [("payments", 0, 4), ("maintenance", 5, 4), ("maintenance", 0, 4)]
    taken = [(await _take(queue, lanes, most=1))[0] for _ in range(3)]
    assert taken == [*payment, *high, *low]


async def test_in_a_lane_what_fell_due_first_goes_first(queue: Queue) -> None:
    now = datetime.now(UTC)
    late, early = await _put(queue, run_at=now - timedelta(1)), await _put(queue, run_at=now - timedelta(2))
    same = await _put(queue, 2, run_at=now - timedelta(1))
    taken = [(await _take(queue, [LANE], most=1))[0] for _ in range(4)]
    assert taken == [*early, *late, *same]


async def test_what_is_not_due_not_known_or_not_of_these_lanes_stays(queue: Queue) -> None:
    await _put(queue, run_at=datetime.now(UTC) + TOMORROW)
    await _put(queue, lane=("crm", 0))
    await _put(queue, lane=("maintenance", 1))
    due = await _put(queue)
    assert await _take(queue, [LANE], names=("other",)) == []
    assert await _take(queue, [LANE]) == due


async def test_no_more_of_a_queue_is_taken_than_it_has_room_over_all_its_priorities(queue: Queue) -> None:
    await _put(queue, 3, lane=("maintenance", 0))
    urgent = await _put(queue, 2, lane=("maintenance", 5))
    payments = await _put(queue, 3, lane=("payments", 0))
    lanes = [("payments", 0, 1), ("maintenance", 5, 3), ("maintenance", 0, 3)]
    taken = await _take(queue, lanes)
    assert len(taken) == 4
    assert set(urgent) <= set(taken)
    assert set(taken) & set(payments) == {payments[0]}


async def test_a_worker_is_full_when_all_its_hands_are(queue: Queue) -> None:
    await _put(queue, 5)
    assert len(await _take(queue, [LANE], most=2)) == 2


# Locks.


async def test_a_lock_is_served_in_order_and_holds_up_nobody_else(queue: Queue) -> None:
    first, second = await _put(queue, 2, lock="booking:1")
    other = await _put(queue, lock="booking:2")
    free = await _put(queue)
    assert await _take(queue, [LANE]) == [first, *other, *free]
    assert await _take(queue, [LANE]) == [], "while the first runs the second waits"
    await queue.execute("DELETE FROM procrastinate_jobs WHERE (args ->> 'id')::uuid = %s", first)
    assert await _take(queue, [LANE]) == [second]


async def test_a_lock_is_kept_over_queues_and_priorities(queue: Queue) -> None:
    first = await _put(queue, lock="booking:1")
    await _put(queue, lock="booking:1", lane=("payments", 9))
    lanes = [("payments", 9, 4), LANE]
    assert await _take(queue, lanes) == first


async def test_what_is_meant_for_later_holds_up_nothing_and_what_is_tried_again_does(queue: Queue) -> None:
    tomorrow = datetime.now(UTC) + TOMORROW
    [planned] = await _put(queue, lock="booking:1", run_at=tomorrow)
    today = await _put(queue, lock="booking:1")
    await _put(queue, lock="booking:2", run_at=tomorrow)
    await queue.execute("UPDATE procrastinate_jobs SET attempts = 1 WHERE lock = 'booking:2'")
    await _put(queue, lock="booking:2")
    assert await _take(queue, [LANE]) == today
    await queue.execute("DELETE FROM procrastinate_jobs WHERE status = 'doing'")
    await queue.execute("UPDATE procrastinate_jobs SET scheduled_at = now() WHERE lock = 'booking:1'")
    assert await _take(queue, [LANE]) == [planned]


async def _twins(queue: Queue, between: Callable[[], Any]) -> tuple[int, int, bool]:
    """Two workers that take at the same moment: how many each has, and whether the second was refused."""
    async with (
        await psycopg.AsyncConnection.connect(queue.url, options="-c role=kamhub_system") as first,
        await psycopg.AsyncConnection.connect(queue.url, options="-c role=kamhub_system") as second,
    ):
        workers = [await _worker(first), await _worker(second)]
        await first.commit()
        await second.commit()
        taken = await work.fetch(first, workers[0], [LANE], ["mark"], 50)
        await between()  # the first has not committed
        later = asyncio.create_task(work.fetch(second, workers[1], [LANE], ["mark"], 50))
        # It is done, or it waits for the first.
        await asyncio.wait({later}, timeout=0.5)
        await first.commit()
        try:
            return len(taken), len(await later), False
        except psycopg.errors.UniqueViolation:
            return len(taken), 0, True


async def test_two_workers_at_once_never_take_two_jobs_of_one_lock(queue: Queue) -> None:
    await _put(queue, 5, lock="booking:1")
    assert await _twins(queue, _nothing) == (1, 0, False)


async def test_control_without_the_look_at_the_lock_two_workers_would(
    queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    await _put(queue, 5, lock="booking:1")
    await _drop_unique_index(queue)
    blind = work.FETCH.replace("j.lock IS NULL OR NOT EXISTS", "true OR NOT EXISTS")
    assert blind != work.FETCH
    monkeypatch.setattr(work, "FETCH", blind)
    first, second, _ = await _twins(queue, _nothing)
    assert first + second > 1


async def test_a_job_that_falls_due_between_two_workers_is_refused_to_the_second(queue: Queue) -> None:
    await _put(queue, lock="booking:1", run_at=datetime.now(UTC) + TOMORROW)
    await _put(queue, lock="booking:1")
    assert await _twins(queue, lambda: _fall_due(queue)) == (1, 0, True)


async def test_control_without_the_unique_index_it_would_not_be(queue: Queue) -> None:
    await _put(queue, lock="booking:1", run_at=datetime.now(UTC) + TOMORROW)
    await _put(queue, lock="booking:1")
    await _drop_unique_index(queue)
    assert await _twins(queue, lambda: _fall_due(queue)) == (1, 1, False)


async def _nothing() -> None:
    return None


async def _fall_due(queue: Queue) -> None:
    await queue.execute("UPDATE procrastinate_jobs SET scheduled_at = now() WHERE scheduled_at > now()")


async def _drop_unique_index(queue: Queue) -> None:
    async with await psycopg.AsyncConnection.connect(queue.owner_url, autocommit=True) as connection:
        await connection.execute("DROP INDEX procrastinate_jobs_lock_idx_v1")


# Hands.


async def test_a_queue_has_no_more_hands_than_it_was_given_and_a_flood_starves_no_other(
    database: Database, queue: Queue, marks: Marks, working: Working, eventually: Eventually
) -> None:
    running: Counter[str] = Counter()
    most: Counter[str] = Counter()

    async def count(run: Run[Marks]) -> Outcome:
        running[run.queue] += 1
        most[run.queue] = max(most[run.queue], running[run.queue])
        await asyncio.sleep(0.01)
        running[run.queue] -= 1
        return DONE

    flood = job_of("flood", count, queue=QueueName.PAYMENTS)
    urgent = job_of("urgent", count, queue=QueueName.PAYMENTS, priority=3)
    calm = job_of("calm", count, queue=QueueName.MAINTENANCE)
    for _ in range(40):
        await queue.put(flood)
    for _ in range(5):
        await queue.put(calm)
        await queue.put(urgent)
    hands = {QueueName.PAYMENTS: 2, QueueName.MAINTENANCE: 1}
    async with working(worker_of(database, marks, flood, urgent, calm, hands=hands)):

        async def empty() -> bool:
            return not await queue.fetch("SELECT id FROM procrastinate_jobs")

        await eventually(empty, 30)
    assert most == {"payments": 2, "maintenance": 1}
    ended = [str(kind) for (kind,) in await queue.fetch("SELECT kind FROM job_history ORDER BY finished_at, id")]
    assert len(ended) == 50
    assert "calm" in ended[:10], "the flood did not keep the other queue waiting"
    assert ended.index("flood") > ended.index("urgent")


async def test_what_was_taken_and_not_begun_is_put_back_by_a_stopping_worker(
    database: Database, queue: Queue, clock: ManualClock
) -> None:
    ids = await _put(queue, 3)
    session = Session(Registry([MARK], (), {QueueName.MAINTENANCE: 3}), None, database, QUICK, clock)
    async with system(queue.url) as connection:
        number = await _worker(connection)
    async with session._open():
        begun = await session._manager.fetch_job(None, number)
        assert begun is not None
        assert session.running == 3
        await session._put_back(session._manager.unstarted())
        assert session.running == 1
    rows = [await queue.row(job) for job in ids]
    assert [(row.status, row.attempts) for row in rows] == [("running", 0), ("waiting", 1), ("waiting", 1)]


# Very many.


INSERT_MANY = """
INSERT INTO procrastinate_jobs (queue_name, task_name, lock, scheduled_at, args)
SELECT 'maintenance', 'mark', lock, at, jsonb_build_object('id', gen_random_uuid(), 'at', now(), 'with', '{"word": "x"}'::jsonb)
FROM (SELECT NULL AS lock, now() - interval '1 hour' AS at FROM generate_series(1, 100000)
      UNION ALL SELECT NULL, now() + interval '1 day' FROM generate_series(1, 100000)
      UNION ALL SELECT 'booking:1', now() - interval '2 hours' FROM generate_series(1, 10000)) AS many"""


async def test_among_very_many_jobs_the_next_are_found_by_index(queue: Queue) -> None:
    async with await psycopg.AsyncConnection.connect(queue.owner_url, autocommit=True) as owner:
        await owner.execute("ALTER TABLE procrastinate_jobs DISABLE TRIGGER USER")
        await owner.execute(INSERT_MANY)
        await owner.execute("VACUUM (ANALYZE) procrastinate_jobs")
    async with system(queue.url) as connection:
        values = {
            "queues": ["payments", "maintenance"], "priorities": [0, 0], "room": [20, 20], "names": ["mark"], "most": 20,
            "worker": await _worker(connection),
        }  # fmt: skip
        row = await (await connection.execute("EXPLAIN (FORMAT JSON) " + work.FETCH, values)).fetchone()
        assert row is not None
        plan = json.dumps(row[0])
        assert "procrastinate_jobs_by_lane" in plan
        assert "procrastinate_jobs_by_lock" in plan
        assert not [node for node in _nodes(row[0][0]["Plan"]) if _reads_all(node)]
    started = time.monotonic()
    first = await _take(queue, [LANE], most=20)
    assert len(first) == 20
    assert time.monotonic() - started < 3, "10,000 jobs behind one lock are looked over, no more"
    async with system(queue.url) as connection:
        started = time.monotonic()
        assert await work.next_due(connection, [LANE]) is not None
        assert time.monotonic() - started < 1


def _nodes(plan: dict[str, Any]) -> list[dict[str, Any]]:
    return [plan, *(node for inner in plan.get("Plans", []) for node in _nodes(inner))]


def _reads_all(node: dict[str, Any]) -> bool:
    return node["Node Type"] == "Seq Scan" and node.get("Relation Name") == "procrastinate_jobs"


async def test_a_worker_runs_what_is_behind_a_long_chain_of_one_lock(
    database: Database, queue: Queue, marks: Marks, working: Working, eventually: Eventually
) -> None:
    chain = [await queue.put(MARK, lock="booking:1", word=str(number)) for number in range(30)]
    free = await queue.put(MARK, word="free")
    async with working(worker_of(database, marks, MARK)):
        await eventually(lambda: queue.is_(free, "done"))
        await eventually(lambda: queue.is_(chain[-1], "done"), 30)
    words = await marks.all()
    assert [word for word in words if word != "free"] == [str(number) for number in range(30)]
    assert words.index("free") < 5
