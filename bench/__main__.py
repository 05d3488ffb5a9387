"""``python -m bench``: every table, side by side in one run, so that ratios mean something on a noisy machine."""

from __future__ import annotations

import platform
import sys
from datetime import UTC, datetime

from rich.console import Console

from bench import backup, holds, lists, office_lists, reading, scale, searches, walls
from bench.contest import contest
from bench.jobs import days


def main() -> None:
    """Run the benches named on the command line, or all."""
    console = Console(width=140)
    console.print(f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, Python {platform.python_version()}, {platform.machine()}")
    wanted = sys.argv[1:] or ["holds", "searches", "walls"]
    if "holds" in wanted:
        holds.run(console)
    if "searches" in wanted:
        searches.run(console)
    if "walls" in wanted:
        walls.run(console)
    if "lists" in wanted:
        lists.run(console)
        office_lists.run(console)
    if "scale" in wanted:
        scale.run(console)
    if "backup" in wanted:
        backup.run(console)
    if "reading" in wanted:
        reading.run(console)
    if "contest" in wanted:
        contest.run(console, quick="--quick" in wanted)
    if "days" in wanted:
        days.run(console)


if __name__ == "__main__":
    main()
