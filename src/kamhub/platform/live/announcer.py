"""Telling of changes outside the transaction that made them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from uuid import UUID

import structlog

from kamhub.platform.database.errors import DatabaseUnavailable
from kamhub.platform.database.pool import Database
from kamhub.platform.live import rules, store
from kamhub.platform.live.types import Change

log = structlog.get_logger(__name__)
# People see half a second of nothing as at once; under load it is two short transactions a second.
PAUSE_SECONDS = 0.5


class Announcer:
    """Gathers what has changed and tells of it, several at a time.

    A notification costs its transaction a lock on the whole database at commit, so that all that notify commit one after
    the other. What commits thousands of times a second must not: it leaves a note here, which costs a line in a set.
    """

    def __init__(self, database: Database, pause: float = PAUSE_SECONDS) -> None:
        self._database = database
        self._pause = pause
        self._changed: dict[UUID, set[Change]] = {}
        self._woken = asyncio.Event()

    def note(self, topic: str, changed: Iterable[tuple[UUID, UUID]]) -> None:
        """These things, each as organisation and id, have changed and are committed."""
        for organisation_id, number in changed:
            self._changed.setdefault(organisation_id, set()).add(Change(topic, number))
        self._woken.set()

    async def run(self) -> None:
        """Tell of them until cancelled."""
        while True:
            await self._woken.wait()
            self._woken.clear()
            changed, self._changed = self._changed, {}
            try:
                async with self._database.system() as connection:
                    await store.tell_all(connection, rules.payloads(changed))
            except DatabaseUnavailable:
                # Whoever watches has lost the connection too, and looks at everything again when it is back.
                log.warning("live_announcement_lost", organisations=len(changed))
            await asyncio.sleep(self._pause)


@asynccontextmanager
async def announcing(database: Database) -> AsyncIterator[Announcer]:
    """An announcer that works until the block ends."""
    announcer = Announcer(database)
    work = asyncio.create_task(announcer.run(), name="live-announcer")
    try:
        yield announcer
    finally:
        work.cancel()
        with suppress(asyncio.CancelledError):
            await work
