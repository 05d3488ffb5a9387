from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from kamhub.hub.seats.engine import SeatEngine
from kamhub.kit.clock import ManualClock
from kamhub.platform.database.pool import Database
from tests.hub.seats.support import MakeEngine


@pytest.fixture
async def make_engine(database: Database, clock: ManualClock) -> AsyncIterator[MakeEngine]:
    running: list[SeatEngine] = []

    async def make(
        *, lanes: int = 1, max_batch: int = 128, max_waiting: int = 4000, patience_seconds: float = 3.0
    ) -> SeatEngine:
        engine = SeatEngine(
            database,
            clock,
            lanes=lanes,
            max_batch=max_batch,
            max_waiting=max_waiting,
            patience_seconds=patience_seconds,
        )
        running.append(engine)
        await engine.start()
        return engine

    yield make
    for engine in running:
        await engine.stop()
