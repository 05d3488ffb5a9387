"""What PostgreSQL itself can do here: pgbench on a table as small as the job allows, on the same server."""

from __future__ import annotations

import re
import subprocess
import tempfile
from pathlib import Path

import psycopg

from kamhub.platform.embedded.binaries import find_installation

CLIENTS, THREADS = 32, 2
_SCHEMA = """
CREATE TABLE IF NOT EXISTS bench_one (id int PRIMARY KEY, free int NOT NULL);
CREATE TABLE IF NOT EXISTS bench_many (id int PRIMARY KEY, free int NOT NULL);
CREATE TABLE IF NOT EXISTS bench_bookings (id bigserial PRIMARY KEY, departure int, seats int, at timestamptz DEFAULT now());
TRUNCATE bench_one, bench_many, bench_bookings;
INSERT INTO bench_one VALUES (1, 1000000000);
INSERT INTO bench_many SELECT n, 1000000000 FROM generate_series(1, 1000) AS n;
"""
_CLASSIC = """BEGIN;
SELECT free FROM bench_one WHERE id = 1 FOR UPDATE;
UPDATE bench_one SET free = free - 1 WHERE id = 1;
INSERT INTO bench_bookings (departure, seats) VALUES (1, 1);
COMMIT;
"""
_SINGLE = """\\set d random(1, 1000)
WITH sold AS (UPDATE bench_many SET free = free - 1 WHERE id = :d AND free >= 1 RETURNING id)
INSERT INTO bench_bookings (departure, seats) SELECT id, 1 FROM sold;
"""


def prepare(owner_url: str) -> None:
    """The tables pgbench works on."""
    with psycopg.connect(owner_url) as connection:
        connection.execute(_SCHEMA.encode())


def classic_one_row(owner_url: str, seconds: int) -> float:
    """BEGIN, SELECT … FOR UPDATE, UPDATE, INSERT, COMMIT on one row: transactions a second."""
    return _pgbench(owner_url, _CLASSIC, seconds)


def single_statement(owner_url: str, seconds: int) -> float:
    """One statement on one of a thousand rows, committed by itself: transactions a second."""
    return _pgbench(owner_url, _SINGLE, seconds)


def _pgbench(owner_url: str, script: str, seconds: int) -> float:
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as file:
        file.write(script)
        file.flush()
        done = subprocess.run(
            [
                str(find_installation().tool("pgbench")),
                *("-n", "-M", "prepared", "-c", str(CLIENTS), "-j", str(THREADS), "-T", str(seconds)),
                *("-f", file.name, owner_url),
            ],
            capture_output=True,
            text=True,
            check=True,
            cwd=Path("/"),
        )
    match = re.search(r"tps = ([0-9.]+)", done.stdout)
    if match is None:
        raise RuntimeError(done.stdout)
    return float(match[1])
