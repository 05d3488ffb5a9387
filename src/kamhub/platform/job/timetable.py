"""The clock of the fleet: every tick of every line of the timetable is put into the queue once, by whoever is first."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime

import structlog

from kamhub.kit.clock import Clock
from kamhub.platform.job import rules
from kamhub.platform.job.guard import SystemConnections
from kamhub.platform.job.queue import enqueue
from kamhub.platform.job.store import work
from kamhub.platform.job.types import Entry

_log = structlog.get_logger("kamhub.job")

_LONGEST_SLEEP = 60.0  # seconds; a clock that is set is noticed


class Timetable:
    """Each worker has one. A line's job never overlaps with itself, and at most one of it waits."""

    def __init__(self, entries: Sequence[Entry], connections: SystemConnections, clock: Clock) -> None:
        self._entries = tuple(entries)
        self._connections = connections
        self._clock = clock
        # What this worker knows to be taken; the database is asked once a tick.
        self._taken: dict[str, datetime] = {}

    async def run(self) -> None:
        """Tick for ever."""
        while self._entries:
            await self.tick()
            now = self._clock.now()
            following = min(rules.next_tick(entry.when, now) for entry in self._entries)
            await asyncio.sleep(min((following - self._clock.now()).total_seconds() + 0.01, _LONGEST_SLEEP))

    async def tick(self) -> list[str]:
        """Put into the queue what is due and not taken yet; returns the kinds this worker put in."""
        now = self._clock.now()
        put = []
        for entry in self._entries:
            tick = rules.last_tick(entry.when, now)
            if self._taken.get(entry.kind.name) == tick:
                continue
            if await self._take(entry, tick, now):
                put.append(entry.kind.name)
            self._taken[entry.kind.name] = tick
        return put

    async def _take(self, entry: Entry, tick: datetime, now: datetime) -> bool:
        name = entry.kind.name
        lock = f"timetable:{name}"
        async with self._connections.connection() as connection, connection.transaction():
            if not await work.claim_tick(connection, name, tick, also_new=entry.begins == "at once"):
                return False
            if not rules.is_run(entry, tick, now):
                _log.info("tick left out", job=name, tick=tick.isoformat(), late=str(now - tick))
                return False
            if await work.is_waiting(connection, lock):
                return False
            await enqueue(connection, entry.kind, lock=lock)
        return True
