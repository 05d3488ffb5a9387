"""The contest: who takes part, in which rows, and the tables.

``python -m bench contest``, with ``--quick`` fewer of everything and no kills. Every wait has an end, but rates mean
something on a quiet machine only: the load average is printed beside them.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

import uvloop
from psycopg import AsyncConnection
from rich.console import Console
from rich.table import Table

from bench.contest import idle, kills, speed, stops
from bench.contest.arena import Arena, arena
from bench.contest.on_kamhub import Kamhub
from bench.contest.on_pgqueuer import Pgqueuer
from bench.contest.on_procrastinate import Procrastinate
from bench.contest.on_raw import Raw
from bench.contest.types import Contestant
from bench.servers import scratch_database

# Ratios are to the first of them.
FAST: tuple[Contestant, ...] = (Raw(1), Raw(20), Procrastinate(), Pgqueuer(), Pgqueuer(listener=True), Kamhub())
KILLED: tuple[Contestant, ...] = (
    Raw(1),
    Procrastinate(),
    Procrastinate(recipe=True),
    Pgqueuer(),
    Pgqueuer(listener=True),
    Kamhub(),
)
STOPPED: tuple[Contestant, ...] = (Procrastinate(), Procrastinate(grace=5), Pgqueuer(), Kamhub())


Measured = TypeVar("Measured")


@dataclass(frozen=True, slots=True)
class Size:
    """How much of everything; times in seconds."""

    jobs: int = 3_000
    rounds: int = 3
    drained_within: float = 15.0
    wake_ups: int = 100
    idle: float = 20.0
    enqueues: int = 300
    backlog: int = 100_000
    backlog_seconds: float = 5.0
    taken_up_within: float = 65.0
    kills: int = 30
    each: int = 40
    settle: float = 60.0
    long: float = 30.0
    fast: tuple[Contestant, ...] = FAST
    killed: tuple[Contestant, ...] = KILLED


# Without the kills: what recovers does so after half a minute, and a shorter look would tell nothing.
QUICK = Size(
    jobs=500, rounds=1, drained_within=5.0, wake_ups=10, idle=4.0, enqueues=60, backlog=5_000, backlog_seconds=1.5,
    long=6.0, fast=(Raw(1), Procrastinate(), Pgqueuer(listener=True), Kamhub()), killed=(),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Ring:
    """Where it happens: a server, a folder for what the workers write, and how much of everything."""

    url: str
    folder: Path
    size: Size

    async def one(self, who: Contestant, measure: Callable[[Arena], Awaitable[Measured]]) -> Measured:
        """That measurement in a database of its own."""
        async with arena(self.url, who, self.folder) as made:
            return await measure(made)

    async def in_turn(
        self, who: Sequence[Contestant], measure: Callable[[Arena], Awaitable[Measured]]
    ) -> list[Measured]:
        """One after another, so that they do not take each other's time."""
        return [await self.one(contestant, measure) for contestant in who]

    async def at_once(
        self, who: Sequence[Contestant], measure: Callable[[Arena], Awaitable[Measured]]
    ) -> list[Measured]:
        """Side by side: for what is mostly waiting."""
        return list(await asyncio.gather(*(self.one(contestant, measure) for contestant in who)))


def run(console: Console, *, quick: bool = False) -> None:
    """Print the tables, or one sentence on what is missing."""
    missing = [sentence for contestant in (*FAST, *KILLED) if (sentence := contestant.missing())]
    if missing:
        console.print(missing[0])
        return
    with scratch_database() as (folder, address):
        uvloop.run(_run(console, Ring(address.owner_url, folder, QUICK if quick else Size())))


async def _run(console: Console, ring: Ring) -> None:
    for part in (_speed, _waits, *([_kills] if ring.size.killed else []), _stops):
        begun = time.monotonic()
        for table in await part(ring):
            console.print(table)
        load = ", ".join(f"{each:.1f}" for each in os.getloadavg())
        console.print(f"took {time.monotonic() - begun:.0f} s; load average of 1, 5, 15 minutes {load}")


def _table(title: str, who: Sequence[Contestant]) -> Table:
    return Table(title, *(contestant.name for contestant in who))


async def _speed(ring: Ring) -> list[Table]:
    size = ring.size
    table = _table("jobs/s (× raw)", size.fast)
    found = []
    for workers in (1, 2):
        measure = partial(speed.rate, workers=workers, jobs=size.jobs, within=size.drained_within)
        rounds = [await ring.in_turn(size.fast, measure)]
        for _ in range(size.rounds - 1):
            # One that could not drain the queue is not asked again: it would take its time only.
            again = [who for who, rate in zip(size.fast, rounds[0], strict=True) if rate.drained]
            rates = iter(await ring.in_turn(again, measure))
            rounds.append([next(rates) if rate.drained else rate for rate in rounds[0]])
        table.add_row(f"{size.jobs} jobs, processes: {workers}", *_rates(rounds))
        found.append([statistics.median(each.a_second for each in column) for column in zip(*rounds, strict=True)])
    table.add_row("two processes × one", *(f"{two / one:.2f}" for one, two in zip(*found, strict=True)))
    for tomorrow, label in ((False, "waiting"), (True, "due tomorrow in front")):
        behind = partial(speed.backlog, jobs=size.backlog, tomorrow=tomorrow, seconds=size.backlog_seconds)
        table.add_row(f"{size.backlog} {label}", *_rates([await ring.in_turn(size.fast, behind)]))
    return [table]


async def _waits(ring: Ring) -> list[Table]:
    size = ring.size
    table = _table("enqueue, wake-up, idling", size.fast)
    woken = await ring.at_once(size.fast, partial(speed.wake_up, jobs=size.wake_ups))
    table.add_row("wake-up ms, p50 / p95", *map(_pair, woken))
    enqueued = await ring.in_turn(size.fast, partial(speed.enqueue, rounds=size.enqueues))
    table.add_row("enqueue adds ms, p50 / p95", *(_pair(each.added) for each in enqueued))
    table.add_row("jobs left by a rollback", *(str(each.kept) for each in enqueued))
    async with await AsyncConnection.connect(ring.url, autocommit=True) as other:
        idling = await ring.at_once(size.fast, partial(idle.idle, other_database=other, seconds=size.idle))
    table.add_row("idle: % of a core", *(f"{each.cpu:.2f}" for each in idling))
    table.add_row("idle: memory MiB (PSS)", *(f"{each.memory:.0f}" for each in idling))
    table.add_row("idle: transactions/s", *(f"{each.statements:.2f}" for each in idling))
    return [table]


async def _kills(ring: Ring) -> list[Table]:
    size = ring.size
    table = _table("killed", size.killed)
    # The first one, with a connection for every job, is asked alone: the server has a hundred of them.
    taken_up = partial(kills.taken_up, within=size.taken_up_within)
    taken = [*await ring.in_turn(size.killed[:1], taken_up), *await ring.at_once(size.killed[1:], taken_up)]
    table.add_row(
        "kill -9: running again after s, p50 / p95",
        *(
            f"{each.p50 / 1000:.1f} / {each.p95 / 1000:.1f}" if each else f"not within {size.taken_up_within:g}"
            for each in taken
        ),
    )
    turn = asyncio.Lock()
    storm = partial(kills.storm, kills=size.kills, each=size.each, settle=size.settle, turn=turn)
    storms = await ring.at_once(size.killed, storm)
    table.add_row("order of an item kept by", *(contestant.order or "nothing" for contestant in size.killed))
    table.add_row(f"{size.kills} kills: jobs", *(str(each.jobs) for each in storms))
    for what in ("lost", "doubled", "disordered", "failed"):
        table.add_row(what, *(str(getattr(each, what)) for each in storms))
    table.add_row(
        f"not done after {size.settle:g} s: waiting, marked as running",
        *(f"{each.waiting}, {each.running}" for each in storms),
    )
    table.add_row(
        "all done s after the last kill",
        *("never" if each.settled is None else f"{each.settled:.1f}" for each in storms),
    )
    return [table]


async def _stops(ring: Ring) -> list[Table]:
    table = _table("stopped, failing, unknown", STOPPED)
    stopped = await ring.at_once(STOPPED, partial(stops.stop, job_seconds=ring.size.long))
    table.add_row(f"SIGTERM, {ring.size.long:g} s job: the job is", *(each.job for each in stopped))
    table.add_row("exit code, after s", *(f"{each.code}, {each.seconds:.1f}" for each in stopped))
    fates = await ring.at_once(STOPPED, stops.failing)
    table.add_row("a failing job is", *(failed for failed, _ in fates))
    table.add_row("a job of unknown name is", *(unknown for _, unknown in fates))
    return [table]


def _rates(rounds: Sequence[Sequence[speed.Rate]]) -> list[str]:
    """By contestant the median of the rounds, and of its ratios to the first contestant of the same round."""
    cells = []
    for column in zip(*rounds, strict=True):
        ratio = statistics.median(
            each.a_second / round_[0].a_second for each, round_ in zip(column, rounds, strict=True)
        )
        cells.append(f"{statistics.median(each.a_second for each in column):.0f} ({ratio:.2f})")
    return cells


def _pair(measured: speed.Times) -> str:
    return f"{measured.p50:.1f} / {measured.p95:.1f}"
