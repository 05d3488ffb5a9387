"""What the walls cost a hold: edge, headers, request id, access, limits; with the limiter in memory and in Redis."""

from __future__ import annotations

import statistics
from contextlib import ExitStack

from rich.console import Console
from rich.table import Table

from bench.holds import HOLD, bodies
from bench.load import Outcome, drive, post
from bench.seed import Seeded, seed_for_holds
from bench.servers import scratch_database, valkey, web

ROUNDS = 5
HOLDS = 400
# Everything is counted, nothing is refused.
LIMITS_ON = {"KAMHUB_RATE_LIMITS": "on", "KAMHUB_RATE_PRESETS": "hold=100000000/minute,seats=100000000/minute"}


def run(console: Console) -> None:
    """Print the table. One caller, one request after another; the servers take turns, so that noise hits all alike."""
    table = Table(
        "one hold after another, one caller",
        "mean ms",
        "median ms",
        "p99 ms",
        "walls: + ms",
        title="What the walls cost",
    )
    with scratch_database() as (folder, address), ExitStack() as servers:
        seeded = seed_for_holds(address.owner_url)
        redis = servers.enter_context(valkey(folder))
        ports = {
            "no walls": servers.enter_context(web(folder, address, module=("bench.bare",))),
            "all walls, limits off": servers.enter_context(web(folder, address)),
            "all walls, limits in memory": servers.enter_context(web(folder, address, settings=LIMITS_ON)),
            "all walls, limits in Redis": servers.enter_context(
                web(folder, address, settings={**LIMITS_ON, "KAMHUB_REDIS_URL": redis})
            ),
        }
        outcomes = {name: Outcome() for name in ports}
        for round_ in range(ROUNDS + 1):
            for name, port in ports.items():
                outcome = _holds(port, seeded)
                if round_:  # the first one warms up
                    outcomes[name].latencies += outcome.latencies
    bare = statistics.mean(outcomes["no walls"].latencies)
    for name, outcome in outcomes.items():
        mean = statistics.mean(outcome.latencies)
        table.add_row(
            name,
            f"{mean * 1000:.3f}",
            f"{outcome.percentile(0.5):.3f}",
            f"{outcome.percentile(0.99):.3f}",
            f"{(mean - bare) * 1000:.3f}",
        )
    console.print(table)


def _holds(port: int, seeded: Seeded) -> Outcome:
    outcome = drive(port, post(HOLD, bodies(seeded.spread)), connections=1, count=HOLDS)
    if set(outcome.statuses) != {201}:
        raise RuntimeError(f"not every hold was made: {outcome.statuses}")
    return outcome


if __name__ == "__main__":
    run(Console(width=140))
