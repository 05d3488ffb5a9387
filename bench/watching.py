"""What being watched costs: holds with and without metrics and the log of requests; and what a look by Prometheus costs."""

from __future__ import annotations

import asyncio
import statistics
import time
import urllib.request
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime

from prometheus_client.parser import text_string_to_metric_families
from rich.console import Console
from rich.table import Table

from bench import lists
from bench.holds import HOLD, WARM_UP, bodies
from bench.load import drive, post
from bench.office import seed_office
from bench.seed import Seeded, seed_for_holds
from bench.servers import scratch_database, web
from kamhub.hub.monitoring import store
from kamhub.platform.database.pool import Database

ROUNDS = 12
SECONDS = 4.0
SIZE = 1_000_000
LOOKS = 15
# As in production: a line for a share of the requests.
LOGGED = {"KAMHUB_LOG_LEVEL": "info"}
SHAPES: dict[str, tuple[str, ...]] = {"unwatched": ("bench.unwatched",), "watched": ("kamhub", "web")}


@dataclass(slots=True)
class _Taken:
    """Of each round: holds a second, and microseconds of the processor that the web process took for one."""

    rates: list[float] = field(default_factory=list)
    processor: list[float] = field(default_factory=list)
    scrapes: list[float] = field(default_factory=list)


def run(console: Console, size: int = SIZE) -> None:
    """Print both tables."""
    _holds(console)
    _looks(console, size)


def _holds(console: Console) -> None:
    """The two servers take turns, and who begins too, so that noise hits both alike."""
    table = Table(
        "web process", "holds/s", "ratio", "processor, µs a hold", "ratio", "scrape, ms",
        title=f"Holds on 1,000 departures, 100 connections, medians of {ROUNDS} rounds of {SECONDS:.0f} s",
    )  # fmt: skip
    taken = {name: _Taken() for name in SHAPES}
    with scratch_database() as (folder, address), ExitStack() as servers:
        seeded = seed_for_holds(address.owner_url)
        ports = {
            name: servers.enter_context(web(folder, address, module=module, settings=LOGGED))
            for name, module in SHAPES.items()
        }
        for round_ in range(ROUNDS + 1):
            for name in sorted(SHAPES, reverse=bool(round_ % 2)):
                _turn(ports[name], seeded, taken[name] if round_ else _Taken(), SECONDS if round_ else WARM_UP)
    for name, of in taken.items():
        table.add_row(
            name,
            f"{statistics.median(of.rates):.0f}",
            f"{_ratio(taken, lambda one: one.rates, name):.3f}",
            f"{statistics.median(of.processor):.1f}",
            f"{_ratio(taken, lambda one: one.processor, name):.3f}",
            f"{statistics.median(of.scrapes) * 1000:.1f}",
        )
    console.print(table)


def _ratio(taken: dict[str, _Taken], of: Callable[[_Taken], list[float]], name: str) -> float:
    """The median of the rounds' own ratios: what changed between rounds is in neither."""
    pairs = zip(of(taken[name]), of(taken["unwatched"]), strict=True)
    return statistics.median(one / other for one, other in pairs)


def _turn(port: int, seeded: Seeded, into: _Taken, seconds: float) -> None:
    before, _ = _processor_seconds(port)
    outcome = drive(port, post(HOLD, bodies(seeded.spread)), seconds=seconds)
    after, scrape = _processor_seconds(port)
    if set(outcome.statuses) != {201}:
        raise RuntimeError(f"not every hold was made: {outcome.statuses}")
    into.rates.append(outcome.rate)
    into.processor.append((after - before) / len(outcome.latencies) * 1e6)
    into.scrapes.append(scrape)


def _processor_seconds(port: int) -> tuple[float, float]:
    """What the process has taken of the processor since its start, and how long it took to say so."""
    begun = time.perf_counter()
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=30) as reply:
        text = reply.read().decode()
    lasted = time.perf_counter() - begun
    families = {family.name: family for family in text_string_to_metric_families(text)}
    return families["kamhub_process_cpu_seconds"].samples[0].value, lasted


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
