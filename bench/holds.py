"""How many seats a second: the engine over HTTP beside what PostgreSQL gives to the textbook."""

from __future__ import annotations

import itertools
import json
import random
from collections.abc import Iterator
from uuid import UUID

from rich.console import Console
from rich.table import Table

from bench import engine_only, reference
from bench.load import Outcome, drive, post
from bench.seed import Seeded, seed_for_holds
from bench.servers import scratch_database, web

HOLD = "/api/transfers/hold"
WARM_UP = 2.0


def bodies(departures: list[UUID]) -> Iterator[bytes]:
    """Requests for one seat on each of those departures, round and round in a random order."""
    ready = [json.dumps({"departure_id": str(id_), "passengers": 1}).encode() for id_ in departures]
    random.Random(1).shuffle(ready)
    return itertools.cycle(ready)


def measure(port: int, seeded: Seeded, seconds: float) -> dict[str, Outcome]:
    """One busy departure, then a thousand."""
    outcomes = {}
    for name, departures in (("busy", [seeded.busy]), ("spread", seeded.spread)):
        drive(port, post(HOLD, bodies(departures)), seconds=WARM_UP)
        outcomes[name] = drive(port, post(HOLD, bodies(departures)), seconds=seconds)
    return outcomes


def run(console: Console, seconds: int = 6) -> None:
    """Print the table."""
    table = Table(
        "what", "seats/s", "× classic", "× single", "p50 ms", "p99 ms", "errors", title="Holds, 100 connections"
    )
    with scratch_database() as (folder, address):
        reference.prepare(address.owner_url)
        classic = reference.classic_one_row(address.owner_url, seconds)
        single = reference.single_statement(address.owner_url, seconds)
        table.add_row("pgbench, classic lock, one row, 32 clients", f"{classic:.0f}", "1.00", "", "", "", "")
        table.add_row("pgbench, one statement, 1,000 rows, 32 clients", f"{single:.0f}", "", "1.00", "", "", "")
        seeded = seed_for_holds(address.owner_url)
        bare = engine_only.rates(address.app_url, seeded)
        table.add_row(
            "engine, no HTTP: one busy departure",
            f"{bare['busy']:.0f}",
            f"{bare['busy'] / classic:.2f}",
            "",
            "",
            "",
            "0",
        )
        table.add_row(
            "engine, no HTTP: 1,000 departures",
            f"{bare['spread']:.0f}",
            "",
            f"{bare['spread'] / single:.2f}",
            "",
            "",
            "0",
        )
        shapes = (
            ("engine, 1 web process", 1, ("kamhub", "web")),
            ("engine, 2 web processes", 2, ("kamhub", "web")),
            ("one transaction a request", 1, ("bench.one_by_one",)),
        )
        for name, processes, module in shapes:
            with web(folder, address, processes=processes, module=module) as port:
                for what, outcome in measure(port, seeded, seconds).items():
                    label = f"{name}: {'one busy departure' if what == 'busy' else '1,000 departures'}"
                    _row(
                        table, label, outcome, classic if what == "busy" else None, single if what == "spread" else None
                    )
    console.print(table)


def _row(table: Table, name: str, outcome: Outcome, classic: float | None, single: float | None) -> None:
    refused = sum(count for status, count in outcome.statuses.items() if status != 201)
    table.add_row(
        name,
        f"{outcome.rate:.0f}",
        f"{outcome.rate / classic:.2f}" if classic else "",
        f"{outcome.rate / single:.2f}" if single else "",
        f"{outcome.percentile(0.5):.1f}",
        f"{outcome.percentile(0.99):.1f}",
        str(outcome.broken + refused),
    )


if __name__ == "__main__":
    run(Console(width=140))
