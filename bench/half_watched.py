"""The same web process, watched every other moment: in between nothing is counted and no line of a request is written.

Run as ``python -m bench.half_watched --port N --share-port``. Writes a line a moment into the file that ``BENCH_MOMENTS`` names: whether it
was watched, its holds, seconds of the processor and of the clock.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from pathlib import Path
from typing import Any

from kamhub.app import wiring
from kamhub.app.cli import app
from kamhub.hub.seats.engine import SeatEngine
from kamhub.platform.web.edge import Edge

# Seconds. Short, so that what else the machine does falls upon both alike; no divisor of what happens twice a second.
MOMENT = 0.13
_WATCHED = {"count": SeatEngine._count, "account": Edge._account}


class HalfWatched(SeatEngine):
    """An engine that has its own process watched and not watched, in turn."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.on_round = self._heard
        self._watched, self._holds = True, 0
        self._since = (time.process_time(), time.perf_counter())
        self._moments = Path(os.environ["BENCH_MOMENTS"]).open("w", buffering=1)  # noqa: SIM115 - open as long as the process lives

    async def start(self) -> None:
        """Serve, and take turns."""
        await super().start()
        asyncio.get_running_loop().call_later(MOMENT, self._turn)

    def _heard(self, callers: int) -> None:
        self._holds += callers

    def _turn(self) -> None:
        now = (time.process_time(), time.perf_counter())
        spent = (end - begin for end, begin in zip(now, self._since, strict=True))
        print(int(self._watched), self._holds, *spent, file=self._moments)
        self._watched, self._holds = not self._watched, 0
        HalfWatched._count = _WATCHED["count"] if self._watched else _uncounted  # type: ignore[method-assign,assignment]
        Edge._account = _WATCHED["account"] if self._watched else _nothing  # type: ignore[method-assign,assignment]
        self._since = (time.process_time(), time.perf_counter())
        asyncio.get_running_loop().call_later(MOMENT, self._turn)


def _uncounted(self: SeatEngine, answers: Any, _began: float, _skipped: int) -> None:
    if self.on_round is not None:
        self.on_round(len(answers.pairs))


def _nothing(*_: Any) -> None:
    """Count nothing, write nothing."""


if __name__ == "__main__":
    wiring.SeatEngine = HalfWatched  # type: ignore[attr-defined]
    app(["web", *sys.argv[1:]])
