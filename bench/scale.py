"""What a booking costs in log and disk, measured; and where a fleet meets its limits, simulated."""

from __future__ import annotations

import asyncio
from uuid import UUID

import psycopg
from rich.console import Console
from rich.table import Table

from bench.backup import _keep_promises
from bench.engine_only import _sell
from bench.fleet import Fleet, limit
from bench.lists import seed
from bench.office import seed_office
from bench.seed import seed_for_holds
from bench.servers import scratch_database
from kamhub.hub.seats.engine import SeatEngine
from kamhub.kit.clock import SystemClock
from kamhub.platform.database.pool import Database

HOLDS = 10_000
BOOKINGS = 50_000
_FLEETS = (
    Fleet(1, 2, 1_000), Fleet(2, 2, 1_000), Fleet(4, 4, 1_000), Fleet(8, 4, 1_000), Fleet(8, 8, 1_000), Fleet(16, 8, 1_000),
    Fleet(4, 4, 1), Fleet(8, 8, 1), Fleet(8, 8, 1, trip=1e-3), Fleet(4, 4, 1_000, trip=1e-3), Fleet(4, 4, 1_000, flush=10e-3), Fleet(4, 4, 1, flush=10e-3),
)  # fmt: skip
_SIZES = """SELECT c.relname, c.reltuples::bigint, pg_table_size(c.oid), pg_indexes_size(c.oid) FROM pg_class c
    WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace AND pg_table_size(c.oid) > 1000000 ORDER BY 3 DESC"""


def run(console: Console) -> None:
    """Print the three tables."""
    with scratch_database() as (_, address):
        seeded = seed_for_holds(address.owner_url)
        with psycopg.connect(address.owner_url, autocommit=True) as connection:
            for name, departures in (("spread over 1,000", seeded.spread), ("on one departure", [seeded.busy])):
                connection.execute("CHECKPOINT")
                before = _written(connection)
                asyncio.run(_hold(address.app_url, departures))
                written = _written(connection) - before
                console.print(f"log of a hold, {name}, {HOLDS:,} by 100 callers: {written / HOLDS:,.0f} bytes")
    with scratch_database() as (_, address):
        seed_office(address.owner_url, seed(address.owner_url, BOOKINGS).organisation)
        _keep_promises(address.owner_url)
        with psycopg.connect(address.owner_url, autocommit=True) as connection:
            connection.execute("VACUUM ANALYZE")
            _sizes(console, connection)
    _limits(console)


async def _hold(url: str, departures: list[UUID]) -> None:
    async with Database(url, application="kamhub-bench") as database:
        engine = SeatEngine(database, SystemClock())
        await engine.start()
        await _sell(engine, departures, HOLDS)
        await engine.stop()


def _written(connection: psycopg.Connection) -> int:
    row = connection.execute("SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::bigint").fetchone()
    return int(row[0]) if row else 0


def _sizes(console: Console, connection: psycopg.Connection) -> None:
    table = Table("table", "rows", "MB", "indexes, MB", title=f"disk, scaled from {BOOKINGS:,} to a million bookings")
    scale = 1_000_000 / BOOKINGS
    total = 0.0
    for name, rows, size, indexes in connection.execute(_SIZES).fetchall():
        table.add_row(name, f"{rows * scale:,.0f}", f"{size * scale / 1e6:,.0f}", f"{indexes * scale / 1e6:,.0f}")
        total += (size + indexes) * scale
    table.add_row("together", "", f"{total / 1e6:,.0f}", "")
    console.print(table)


def _limits(console: Console) -> None:
    table = Table(
        "web processes", "cores of the database", "departures", "round trip, ms", "flush, ms", "holds/s", "p50 ms", "p99 ms",
        "web", "cores", "lock", "limit", title="simulated: the highest rate with a 99th percentile of 200 ms",
    )  # fmt: skip
    for fleet in _FLEETS:
        most = limit(fleet)
        table.add_row(
            str(fleet.webs), str(fleet.cores), f"{fleet.departures:,}", f"{fleet.trip * 1000:.2f}", f"{fleet.flush * 1000:.1f}",
            f"{most.rate:,.0f}", f"{most.p50 * 1000:.1f}", f"{most.p99 * 1000:.1f}", f"{most.web:.0%}", f"{most.core:.0%}",
            f"{most.lock:.0%}", most.limit,
        )  # fmt: skip
    console.print(table)
