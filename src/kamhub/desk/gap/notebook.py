"""Writing down questions beside the search, which waits for none of it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import structlog

from kamhub.desk.gap import store
from kamhub.desk.gap.types import NewGap
from kamhub.kit.ids import new_id
from kamhub.platform.database.errors import DatabaseUnavailable
from kamhub.platform.database.pool import Database

log = structlog.get_logger("kamhub.gap")

MOST_KEPT = 1_000  # of an organisation
_MOST_WAITING = 500  # beyond it questions are let go: they are asked again


@dataclass(slots=True)
class Notebook:
    """Takes questions at once and writes them soon, all that are waiting one after the other."""

    _waiting: list[NewGap] = field(default_factory=list)
    _writer: asyncio.Task[None] | None = None

    def note(self, database: Database, gap: NewGap | None) -> None:
        """Take a question."""
        if gap is None or len(self._waiting) >= _MOST_WAITING:
            return
        self._waiting.append(gap)
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._write(database))

    async def settled(self) -> None:
        """Wait until everything is written."""
        if self._writer is not None:
            await self._writer

    async def _write(self, database: Database) -> None:
        while self._waiting:
            gap = self._waiting.pop(0)
            try:
                async with database.tenant(gap.organisation_id) as connection:
                    await store.note(connection, new_id(), gap)
                    if await store.count(connection, gap.organisation_id) > MOST_KEPT:
                        await store.drop_beyond(connection, gap.organisation_id, MOST_KEPT)
            except DatabaseUnavailable:
                log.warning("gap_not_kept")
