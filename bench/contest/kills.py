"""What becomes of jobs when workers are killed."""

from __future__ import annotations

import asyncio
import random
import signal
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

from bench.contest.arena import Arena, until
from bench.contest.speed import Times, times
from bench.contest.types import CONCURRENCY, Ask

ITEMS, BURST = 50, 10
_JOB_SECONDS, _LONG_SECONDS = 0.03, 40.0
_CUT = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'contest-%'"
_DISORDER = """
SELECT count(*) FROM (
    SELECT number, max(number) OVER (PARTITION BY item ORDER BY id ROWS UNBOUNDED PRECEDING) AS highest
    FROM (SELECT DISTINCT ON (number) id, number, item FROM effects WHERE item IS NOT NULL ORDER BY number, id) AS f
) AS o WHERE number < highest
"""


@dataclass(frozen=True, slots=True)
class Storm:
    """Counts of jobs; those not done at the end are ``waiting``, or ``running`` in name.

    ``settled``: seconds from the last kill to the last job, None when it never came.
    """

    jobs: int
    lost: int
    doubled: int
    disordered: int
    waiting: int
    running: int
    failed: int
    settled: float | None


async def taken_up(arena: Arena, within: float) -> Times | None:
    """From ``kill -9`` of a worker full of jobs to each one's next start on an idle one; None if one never came back."""
    worker = (await arena.start_ready())[0]
    await arena.enqueue([Ask("long", number, seconds=_LONG_SECONDS) for number in range(CONCURRENCY)])

    async def started(times_each: int) -> bool:
        return await arena.number("SELECT count(*) FROM starts") >= CONCURRENCY * times_each

    await until(lambda: started(1), 10.0)
    await arena.start_ready()
    worker.kill()
    killed = time.monotonic()
    if not await until(lambda: started(2), within):
        return None
    cursor = await arena.watch.execute("SELECT max(at) FROM starts GROUP BY number HAVING count(*) > 1")
    return times([row[0] - killed for row in await cursor.fetchall()])


def bursts(each: int, choose: random.Random) -> list[list[Ask]]:
    """Jobs of every item in the order of their numbers, in bursts of one item, the bursts shuffled."""
    turns = [item for item in range(ITEMS) for _ in range(each // BURST)]
    choose.shuffle(turns)
    given = [0] * ITEMS
    shuffled = []
    for item in turns:
        first = given[item]
        given[item] += BURST
        shuffled.append([Ask("effect", item * 1000 + n, item, _JOB_SECONDS) for n in range(first, first + BURST)])
    return shuffled


async def storm(arena: Arena, kills: int, each: int, settle: float, turn: asyncio.Lock) -> Storm:
    """Random kills of two workers under a load of ``each`` ordered jobs an item, then at most ``settle`` seconds of peace.

    ``turn`` keeps the storms of several contestants apart; they may settle side by side.
    """
    choose = random.Random(7)
    load = bursts(each, choose)
    async with _supervised(arena, 2):
        async with turn:
            await _blow(arena, kills, load, choose)
        last = time.monotonic()
        jobs = sum(map(len, load))
        calm = await until(lambda: _all_done(arena, jobs), settle)
        settled = time.monotonic() - last if calm else None
        return await _count(arena, [ask.number for burst in load for ask in burst], settled)


async def _all_done(arena: Arena, jobs: int) -> bool:
    return await arena.number("SELECT count(DISTINCT number) FROM effects WHERE item IS NOT NULL") >= jobs


async def _blow(arena: Arena, kills: int, load: list[list[Ask]], choose: random.Random) -> None:
    await arena.enqueue([Ask("effect", -1)])
    await until(lambda: arena.done(1), 20.0)
    for kill in range(kills):
        step = load[kill * len(load) // kills : (kill + 1) * len(load) // kills]
        await arena.enqueue([ask for burst in step for ask in burst])
        await asyncio.sleep(choose.uniform(0.1, 0.9))
        how = choose.choice(("kill", "term", "cut"))
        if how == "cut":
            await arena.watch.execute(_CUT)
        else:
            choose.choice(arena.workers).send_signal(signal.SIGKILL if how == "kill" else signal.SIGTERM)


@asynccontextmanager
async def _supervised(arena: Arena, workers: int) -> AsyncIterator[None]:
    """So many workers, each started anew as soon as it has ended."""
    for _ in range(workers):
        arena.start()

    async def supervise() -> None:
        while True:
            for worker in [worker for worker in arena.workers if worker.poll() is not None]:
                arena.workers.remove(worker)
                arena.start()
            await asyncio.sleep(0.05)

    task = asyncio.create_task(supervise())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def _count(arena: Arena, numbers: list[int], settled: float | None) -> Storm:
    cursor = await arena.watch.execute("SELECT number, count(*) FROM effects WHERE item IS NOT NULL GROUP BY number")
    effects: dict[int, int] = dict(await cursor.fetchall())
    left = await arena.contestant.left(arena.watch)
    states = [left[number].state if number in left else "gone" for number in numbers if number not in effects]
    return Storm(
        jobs=len(numbers),
        lost=sum(state in {"gone", "aborted"} for state in states),
        doubled=sum(count - 1 for count in effects.values()),
        disordered=int(await arena.number(_DISORDER)),
        waiting=states.count("waiting"),
        running=states.count("running"),
        failed=states.count("failed"),
        settled=settled,
    )
