"""How fast: jobs a second, wake-up, what an enqueue costs its caller, and what a backlog does to all that."""

from __future__ import annotations

import asyncio
import random
import statistics
import time
from dataclasses import dataclass

from bench.contest.arena import Arena, until
from bench.contest.types import Ask

_FIRST_WITHIN = 60.0


@dataclass(frozen=True, slots=True)
class Times:
    """Milliseconds."""

    p50: float
    p95: float


@dataclass(frozen=True, slots=True)
class Rate:
    """Jobs a second; ``drained`` is false when the time was up before the jobs were."""

    a_second: float
    drained: bool = True


@dataclass(frozen=True, slots=True)
class Enqueue:
    """What an enqueue adds to a transaction of one insert; ``kept`` jobs were there after a rollback."""

    added: Times
    kept: int


def times(seconds: list[float]) -> Times:
    """Median and 95th percentile of some durations in seconds."""
    ordered = sorted(seconds)
    return Times(statistics.median(ordered) * 1000, ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))] * 1000)


async def rate(arena: Arena, workers: int, jobs: int, within: float) -> Rate:
    """Trivial jobs a second from the commit of all to the last one's first line, or of those done ``within`` seconds."""
    await arena.start_ready(workers)
    committed = await arena.enqueue([Ask("effect", number) for number in range(jobs)])
    drained = await until(lambda: arena.done(jobs), within)
    return await _rate(arena, committed, drained=drained)


async def wake_up(arena: Arena, jobs: int) -> Times:
    """From the commit of a single job to its first line on an idle worker."""
    await arena.start_ready()
    pauses = random.Random(3)
    waited = []
    for number in range(1, jobs + 1):
        await asyncio.sleep(pauses.uniform(0.1, 0.3))
        committed = await arena.enqueue([Ask("effect", number)])
        if not await until(lambda wanted=number: arena.done(wanted), 10.0):  # type: ignore[misc]
            raise TimeoutError(f"{arena.contestant.name} did not wake up within 10 s")
        waited.append(await arena.number(f"SELECT at FROM effects WHERE number = {number}") - committed)
    return times(waited)


async def enqueue(arena: Arena, rounds: int) -> Enqueue:
    """A caller's transaction with and without a job, in turns; then one that is rolled back."""
    spent: dict[bool, list[float]] = {False: [], True: []}
    for number in range(2 * (rounds + 20)):
        with_job = number % 2 == 1
        begun = time.perf_counter()
        await arena.caller.execute("INSERT INTO callers (number) VALUES (%s)", (number,))
        if with_job:
            await arena.contestant.enqueue(arena.caller, [Ask("effect", number)])
        await arena.caller.commit()
        spent[with_job].append(time.perf_counter() - begun)
    # The first ones prepare their statements.
    bare, full = times(spent[False][20:]), times(spent[True][20:])
    before = len(await arena.contestant.left(arena.watch))
    await arena.contestant.enqueue(arena.caller, [Ask("effect", -1)])
    await arena.caller.rollback()
    kept = len(await arena.contestant.left(arena.watch)) - before
    return Enqueue(Times(full.p50 - bare.p50, full.p95 - bare.p95), kept)


async def backlog(arena: Arena, jobs: int, *, tomorrow: bool, seconds: float) -> Rate:
    """Jobs a second of a worker that begins on so many waiting jobs, or behind so many that are due tomorrow."""
    await arena.enqueue([Ask("effect", number, tomorrow=tomorrow) for number in range(jobs)])
    if tomorrow:
        await arena.enqueue([Ask("effect", jobs + number) for number in range(jobs // 20)])
    await arena.watch.execute("ANALYZE")
    arena.start()
    wanted = jobs // 20 if tomorrow else jobs
    await until(lambda: arena.done(1), _FIRST_WITHIN)
    first = await arena.number("SELECT min(at) FROM effects")
    drained = await until(lambda: arena.done(wanted), seconds)
    return await _rate(arena, first, drained=drained)


async def _rate(arena: Arena, since: float, *, drained: bool) -> Rate:
    looked = time.monotonic()
    done = await arena.number("SELECT count(*) FROM effects")
    # When jobs are left, a pause after the last one done belongs to the time that these took.
    last = await arena.number("SELECT max(at) FROM effects") if drained else looked
    return Rate(done / (last - since) if done else 0.0, drained)
