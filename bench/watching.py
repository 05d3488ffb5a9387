"""What being watched costs: holds with and without metrics and the log of requests; and what a look by Prometheus costs."""

from __future__ import annotations

import asyncio
import io
import logging
import random
import statistics
import time
import timeit
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

import structlog
from rich.console import Console
from rich.table import Table

from bench import lists
from bench.holds import HOLD, WARM_UP, bodies
from bench.load import drive, post
from bench.office import seed_office
from bench.seed import seed_for_holds
from bench.servers import scratch_database, web
from kamhub.app.metrics import RequestMetrics
from kamhub.hub.monitoring import store
from kamhub.hub.seats.meters import EngineCounters
from kamhub.hub.seats.types import SoldOut
from kamhub.kit.ids import new_id
from kamhub.platform.database.pool import Database
from kamhub.platform.limit.limiter import Limiter
from kamhub.platform.monitoring.logs import configure_logging
from kamhub.platform.settings import Settings

SECONDS = 120.0
SAMPLES = 500
SIZE = 1_000_000
LOOKS = 15
CALLERS = 16
# As in production: a line for a share of the requests.
LOGGED = {"KAMHUB_LOG_LEVEL": "info"}


@dataclass(frozen=True, slots=True)
class _Moment:
    """A seventh of a second of the web process: its holds, and seconds of the processor and of the clock."""

    watched: bool
    holds: int
    processor: float
    clock: float


def run(console: Console, size: int = SIZE) -> None:
    """Print the tables."""
    _alone(console)
    _holds(console)
    _looks(console, size)


def _holds(console: Console) -> None:
    """One process, watched every other moment, so that whatever else the machine does falls upon both alike."""
    with scratch_database() as (folder, address):
        seeded = seed_for_holds(address.owner_url)
        written = folder / "moments"
        settings = {**LOGGED, "BENCH_MOMENTS": str(written)}
        with web(folder, address, module=("bench.half_watched",), settings=settings) as port:
            drive(port, post(HOLD, bodies(seeded.spread)), seconds=WARM_UP)
            written.write_text("")
            outcome = drive(port, post(HOLD, bodies(seeded.spread)), seconds=SECONDS)
        moments = [_read(line) for line in written.read_text().replace("\0", "").splitlines()]
    if set(outcome.statuses) != {201}:
        raise RuntimeError(f"not every hold was made: {outcome.statuses}")
    # The first and the last are cut.
    _tell(console, [one for one in moments[1:-1] if one.holds])


def _read(line: str) -> _Moment:
    watched, holds, processor, clock = line.split()
    return _Moment(watched == "1", int(holds), float(processor), float(clock))


def _tell(console: Console, moments: list[_Moment]) -> None:
    table = Table(
        "web process", "moments", "holds/s", "ratio", "95 % of samples", "processor, µs a hold", "ratio", "95 % of samples",
        title=f"Holds on 1,000 departures, 100 connections, {SECONDS:.0f} s",
    )  # fmt: skip
    for watched in (False, True):
        mine = [one for one in moments if one.watched is watched]
        table.add_row(
            "watched" if watched else "not watched",
            str(len(mine)),
            f"{1 / _a_hold(mine, 'clock'):.0f}",
            *(_ratio(moments, "clock", rate=True) if watched else ("1.000", "")),
            f"{_a_hold(mine, 'processor') * 1e6:.1f}",
            *(_ratio(moments, "processor", rate=False) if watched else ("1.000", "")),
        )
    console.print(table)


def _a_hold(moments: list[_Moment], what: str) -> float:
    """Seconds that a hold took."""
    return float(sum(getattr(one, what) for one in moments) / sum(one.holds for one in moments))


def _ratio(moments: list[_Moment], what: str, *, rate: bool) -> tuple[str, str]:
    """Watched to not watched, and within which bounds it lies in 95 % of samples drawn from these moments again."""
    dice = random.Random(1)
    halves = [[one for one in moments if one.watched is watched] for watched in (True, False)]
    drawn = []
    for sample in range(SAMPLES + 1):
        watched, other = (dice.choices(half, k=len(half)) if sample else half for half in halves)
        ratio = _a_hold(watched, what) / _a_hold(other, what)
        drawn.append(1 / ratio if rate else ratio)
    low, *_, high = statistics.quantiles(drawn[1:], n=40)
    return f"{drawn[0]:.3f}", f"{low:.3f} to {high:.3f}"


def _alone(console: Console) -> None:
    """What one hold has counted, without everything around it: the best of many, so that others' work is not in it."""
    requests, engine = RequestMetrics(), EngineCounters()
    answers = [(0.01, SoldOut(0))] * CALLERS
    counted = {
        "a request": _best(lambda: requests.observe("POST", HOLD, 201, 0.01)),
        f"a hold, in a round of {CALLERS}": _best(lambda: engine.count_round(answers, 0.01, 0)) / CALLERS,
        "a decision of the limiter": _best(partial(Limiter(None).decisions.update, [("hold", "allowed")])),
        "a line of the log, of one in a hundred": _best(_line_of_the_log()) / 100,
    }
    table = Table("counted", "µs", title="Counting alone")
    for name, seconds in (*counted.items(), ("together", sum(counted.values()))):
        table.add_row(name, f"{seconds * 1e6:.2f}")
    console.print(table)


def _line_of_the_log() -> Callable[[], object]:
    """What writes a line as in production, to nowhere."""
    configure_logging(Settings(env="production", log_level="info"))
    (handler,) = logging.getLogger().handlers
    if isinstance(handler, logging.StreamHandler):
        handler.setStream(io.StringIO())
    line = {"method": "POST", "route": HOLD, "status": 201, "seconds": 0.0123, "request_id": new_id().hex}
    return partial(structlog.get_logger("kamhub.request").info, "request", **line)


def _best(once: Callable[[], object]) -> float:
    """Seconds that one call takes."""
    return min(timeit.repeat(once, number=500, repeat=100)) / 500


def _looks(console: Console, size: int) -> None:
    table = Table(
        "asked of the database", "best ms", "median ms", title=f"A scrape with {size:,} bookings of three years"
    )
    with scratch_database() as (_, address):
        seeded = lists.seed(address.owner_url, size)
        seed_office(address.owner_url, seeded.organisation)
        for name, best, median in asyncio.run(_measure(address.app_url)):
            table.add_row(name, f"{best:.2f}", f"{median:.2f}")
    console.print(table)


async def _measure(url: str) -> list[tuple[str, float, float]]:
    """``name, best ms, median ms`` of each query, and of all of them."""
    found = []
    now = datetime.now(UTC)
    async with Database(url, application="bench") as database:
        for name in (*store.QUERIES, "all of it"):
            times = []
            for _ in range(LOOKS):
                async with database.system() as connection:
                    begun = time.perf_counter()
                    if name in store.QUERIES:
                        await (await connection.execute(store.QUERIES[name], store.moments(now))).fetchall()
                    else:
                        await store.figures(connection, now)
                    times.append((time.perf_counter() - begun) * 1000)
            found.append((name, min(times), statistics.median(times)))
    return found


if __name__ == "__main__":
    run(Console(width=140))
