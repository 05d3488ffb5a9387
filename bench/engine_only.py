"""The engine without HTTP: a hundred callers in one process, to see what the web layer costs."""

from __future__ import annotations

import asyncio
import itertools
import time
from uuid import UUID

import uvloop

from bench.seed import Seeded
from kamhub.hub.seats.engine import SeatEngine
from kamhub.hub.seats.types import HoldAsk
from kamhub.kit.clock import SystemClock
from kamhub.platform.database.pool import Database

CALLERS = 100


def rates(url: str, seeded: Seeded, holds: int = 20_000) -> dict[str, float]:
    """Seats a second on one busy departure, and spread over a thousand."""
    return uvloop.run(_rates(url, seeded, holds))


async def _rates(url: str, seeded: Seeded, holds: int) -> dict[str, float]:
    found = {}
    async with Database(url, application="kamhub-bench") as database:
        engine = SeatEngine(database, SystemClock())
        await engine.start()
        for name, departures in (("busy", [seeded.busy]), ("spread", seeded.spread)):
            await _sell(engine, departures, holds // 10)
            started = time.perf_counter()
            await _sell(engine, departures, holds)
            found[name] = holds / (time.perf_counter() - started)
        await engine.stop()
    return found


async def _sell(engine: SeatEngine, departures: list[UUID], holds: int) -> None:
    chosen = itertools.cycle(departures)

    async def caller() -> None:
        for _ in range(holds // CALLERS):
            await engine.hold(HoldAsk(next(chosen), 1, "api"))

    await asyncio.gather(*(caller() for _ in range(CALLERS)))
