"""What the tests of the engine share."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Protocol
from uuid import UUID

import psycopg

from kamhub.hub.seats.engine import SeatEngine


class MakeEngine(Protocol):
    """Start one more engine on the test's database; it is stopped when the test ends."""

    def __call__(
        self, *, lanes: int = 1, max_batch: int = 128, max_waiting: int = 4000, patience_seconds: float = 3.0
    ) -> Awaitable[SeatEngine]: ...


@asynccontextmanager
async def locked(owner_url: str, *departures: UUID) -> AsyncIterator[psycopg.AsyncConnection]:
    """Somebody else's transaction that has these departures locked until the block ends."""
    async with await psycopg.AsyncConnection.connect(owner_url) as connection:
        await connection.execute(
            "SELECT 1 FROM departures WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE", (list(departures),)
        )
        yield connection
        await connection.rollback()


async def until(condition: Callable[[], bool], seconds: float = 10.0) -> None:
    """Wait for a condition of this process."""
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.002)
