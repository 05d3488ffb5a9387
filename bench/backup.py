"""How long a backup takes beside `pg_dump` alone, and how long it takes to get one back, on a million bookings."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import psycopg
from rich.console import Console
from rich.table import Table

from bench.lists import seed
from bench.servers import scratch_database
from kamhub.app.backups import make_backups
from kamhub.platform.backup import tools
from kamhub.platform.backup.actions.create import create
from kamhub.platform.backup.actions.restore import restore
from kamhub.platform.backup.actions.verify import verify
from kamhub.platform.backup.cipher import Cipher
from kamhub.platform.backup.services import Backups
from kamhub.platform.crypto.keys import KeyRing
from kamhub.platform.embedded.types import ClusterAddress
from kamhub.platform.settings import Settings

BOOKINGS = 1_000_000
ROUNDS = 3


def run(console: Console) -> None:
    """Print the table. ``--small`` takes a twentieth of the bookings."""
    bookings = BOOKINGS // 20 if "--small" in sys.argv else BOOKINGS
    with scratch_database() as (folder, address):
        seed(address.owner_url, bookings)
        _keep_promises(address.owner_url)
        backups = make_backups(Settings(), address.app_url, folder, KeyRing("the secret of the bench, long enough"))
        rows = _rows(backups, address)
        size = _size(address.owner_url)
    table = Table(
        "what", "seconds", "× pg_dump alone", title=f"{bookings:,} bookings, database of {size}, best of {ROUNDS}"
    )
    alone = rows[0][1]
    for what, seconds in rows:
        table.add_row(what, f"{seconds:.1f}", f"{seconds / alone:.2f}")
    console.print(table)


def _keep_promises(url: str) -> None:
    """Give the bookings the history and the seats that `kamhub check` asks for."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "INSERT INTO booking_events (organisation_id, booking_id, at, from_status, to_status, actor) "
            "SELECT organisation_id, id, created_at, NULL, 'on_hold', 'bench' FROM bookings UNION ALL "
            "SELECT organisation_id, id, created_at, 'on_hold', 'confirmed', 'bench' FROM bookings "
            "WHERE status IN ('confirmed', 'redeemed') UNION ALL "
            "SELECT organisation_id, id, created_at, 'on_hold', status, 'bench' FROM bookings WHERE status <> 'confirmed'"
        )
        connection.execute(
            "UPDATE departures d SET taken = ARRAY[n, n] FROM (SELECT departure_id, count(*)::int AS n FROM bookings "
            "WHERE status IN ('on_hold', 'pending', 'confirmed', 'redeemed') GROUP BY 1) b WHERE b.departure_id = d.id"
        )
        connection.execute("VACUUM ANALYZE")


def _rows(backups: Backups, address: ClusterAddress) -> list[tuple[str, float]]:
    import pyrage

    recipient = str(pyrage.x25519.Identity.generate().to_public())
    encrypted = replace(backups, cipher=Cipher((recipient,)))
    directory, single, plain, sealed = _best(
        lambda: _alone(address, "directory", f"--jobs={backups.policy.jobs}"),
        lambda: _alone(address, "custom"),
        lambda: create(backups),
        lambda: create(encrypted),
    )
    name = create(backups).name
    began = time.monotonic()
    verify(backups, name)
    verified = time.monotonic() - began
    began = time.monotonic()
    restore(backups, name)
    restored = time.monotonic() - began
    return [
        (f"pg_dump alone, directory format, {backups.policy.jobs} jobs", directory),
        ("pg_dump alone, custom format", single),
        ("kamhub backup create", plain),
        ("kamhub backup create, encrypted", sealed),
        ("kamhub backup verify", verified),
        ("kamhub backup restore", restored),
    ]


def _best(*works: Callable[[], object]) -> list[float]:
    """Seconds of each, taken in turn, so that what else the machine does hits all alike."""
    taken: list[list[float]] = [[] for _ in works]
    for _ in range(ROUNDS):
        for work, times in zip(works, taken, strict=True):
            began = time.monotonic()
            work()
            times.append(time.monotonic() - began)
    return [min(times) for times in taken]


def _alone(address: ClusterAddress, form: str, *more: str) -> None:
    programs = tools.find_tools(address.owner_url, 180000)
    with tempfile.TemporaryDirectory(prefix="kamhub-bench-dump-") as folder:
        argv = [str(programs.folder / "pg_dump"), f"--format={form}", f"--file={Path(folder) / 'dump'}", *more]
        subprocess.run(argv, env=tools.environment(address.owner_url), check=True)


def _size(url: str) -> str:
    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT pg_size_pretty(pg_database_size(current_database()))").fetchone()
    return str(row[0]) if row else "?"
