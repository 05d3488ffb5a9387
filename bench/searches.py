"""How a search feels with ten thousand, a hundred thousand and a million departures; and the load test of 10,000 requests."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import psycopg
from rich.console import Console
from rich.table import Table

from bench.holds import HOLD, bodies
from bench.load import Outcome, drive, get, post, steady
from bench.seed import seed_for_holds, seed_for_search
from bench.servers import scratch_database, web

SIZES = (10_000, 100_000, 1_000_000)
RATE, SECONDS = 200.0, 10.0
REQUESTS = 10_000


def paths(pairs: list[tuple[str, str]]) -> Iterator[str]:
    """Searches on random lines and days of a year: hardly any two alike, so that no cache answers."""
    choose = random.Random(2)
    today = datetime.now(UTC).date()
    while True:
        start, end = choose.choice(pairs)
        day = today + timedelta(days=choose.randrange(2, 330))
        yield f"/api/transfers/search?from={start}&to={end}&date={day}&passengers={choose.randrange(1, 4)}"


def run(console: Console) -> None:
    """Print both tables."""
    table = Table(
        "departures", "alone: mean ms", "at 200/s: p50 ms", "p95 ms", "p99 ms", "errors", "database", title="Search"
    )
    load = Table("10,000 requests at 100 concurrent", "requests/s", "p50 ms", "p95 ms", "p99 ms", "errors")
    for size in SIZES:
        with scratch_database() as (folder, address):
            pairs = seed_for_search(address.owner_url, size)
            with web(folder, address) as port:
                drive(port, get(paths(pairs)), connections=4, count=200)
                alone = drive(port, get(paths(pairs)), connections=1, count=500)
                open_model = steady(port, get(paths(pairs)), rate=RATE, seconds=SECONDS)
                if size == SIZES[-1]:
                    _load_row(load, "search, a million departures", drive(port, get(paths(pairs)), count=REQUESTS))
                    popular = itertools.cycle(itertools.islice(paths(pairs), 20))
                    _load_row(load, "search, twenty popular days", drive(port, get(popular), count=REQUESTS))
                    seeded = seed_for_holds(address.owner_url)
                    held = drive(port, post(HOLD, bodies(seeded.spread)), count=REQUESTS)
                    _load_row(load, "hold, 1,000 departures among a million", held)
            table.add_row(
                f"{size:,}",
                f"{sum(alone.latencies) / len(alone.latencies) * 1000:.2f}",
                f"{open_model.percentile(0.5):.1f}",
                f"{open_model.percentile(0.95):.1f}",
                f"{open_model.percentile(0.99):.1f}",
                str(open_model.errors + alone.errors),
                _size(address.owner_url),
            )
    console.print(table)
    console.print(load)


def _load_row(table: Table, name: str, outcome: Outcome) -> None:
    table.add_row(
        name,
        f"{outcome.rate:.0f}",
        f"{outcome.percentile(0.5):.1f}",
        f"{outcome.percentile(0.95):.1f}",
        f"{outcome.percentile(0.99):.1f}",
        str(outcome.errors),
    )


def _size(url: str) -> str:
    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT pg_size_pretty(pg_database_size(current_database()))").fetchone()
    return str(row[0]) if row else ""


if __name__ == "__main__":
    run(Console(width=140))
