"""What a worker costs that has nothing to do."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import psutil

from bench.contest.arena import Arena
from bench.contest.types import Connection

# A session that falls idle may keep its counters for ten seconds before it reports them.
_REPORTED_AFTER = 11.0


@dataclass(frozen=True, slots=True)
class Idle:
    """Percent of a core, proportional set size in MiB, transactions a second."""

    cpu: float
    memory: float
    statements: float


async def idle(arena: Arena, other_database: Connection, seconds: float) -> Idle:
    """Over so many seconds; the counters are read from another database, so that looking does not count."""
    worker = (await arena.start_ready())[0]
    process = psutil.Process(worker.pid)
    await asyncio.sleep(_REPORTED_AFTER)
    before, commits = process.cpu_times(), await _commits(other_database, arena)
    await asyncio.sleep(seconds)
    after = process.cpu_times()
    used = after.user + after.system - before.user - before.system
    sent = await _commits(other_database, arena) - commits
    return Idle(used / seconds * 100, process.memory_full_info().pss / 2**20, sent / seconds)


async def _commits(connection: Connection, arena: Arena) -> int:
    cursor = await connection.execute(
        "SELECT xact_commit + xact_rollback FROM pg_stat_database WHERE datname = %s", (arena.watch.info.dbname,)
    )
    row = await cursor.fetchone()
    return int(row[0]) if row else 0
