"""The same web process with the engine replaced by the textbook: one transaction a request.

Run as ``python -m bench.one_by_one --port N --share-port``; shows what the group commit earns.
"""

from __future__ import annotations

import asyncio
import sys

from kamhub.app import wiring
from kamhub.app.cli import app
from kamhub.hub.seats import engine
from kamhub.hub.seats.queue import Batch, Waiting
from kamhub.hub.seats.types import HoldAnswer, HoldAsk
from kamhub.platform.database.pool import PoolSizes


class OneByOne(engine.SeatEngine):
    """Every caller waits for the row lock itself, as many at once as the pool has connections."""

    async def start(self) -> None:
        """Nothing to start: there is no queue."""

    async def stop(self) -> None:
        """Nothing to stop."""

    async def hold(self, ask: HoldAsk) -> HoldAnswer:
        """One round for one caller."""
        loop = asyncio.get_running_loop()
        caller = Waiting(ask, loop.create_future(), loop.time() + 30.0)
        await self._serve_together(Batch({ask.departure_id: [caller]}, patient=True))
        return await caller.answer


if __name__ == "__main__":
    wiring.SeatEngine = OneByOne  # type: ignore[attr-defined]
    PoolSizes.__init__.__defaults__ = (4, 16, 6, 4)
    app(["web", *sys.argv[1:]])
