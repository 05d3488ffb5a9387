"""``python -m bench``: every table, side by side in one run, so that ratios mean something on a noisy machine."""

from __future__ import annotations

import platform
import sys
from collections.abc import Callable
from datetime import UTC, datetime

from rich.console import Console

from bench import backup, holds, knowledge, lists, office_lists, reading, scale, searches, taking_in, walls, watching
from bench.contest import contest
from bench.jobs import days


def _lists(console: Console) -> None:
    lists.run(console)
    office_lists.run(console)


def _contest(console: Console) -> None:
    contest.run(console, quick="--quick" in sys.argv)


BENCHES: dict[str, Callable[[Console], None]] = {
    "holds": holds.run,
    "searches": searches.run,
    "walls": walls.run,
    "watching": watching.run,
    "lists": _lists,
    "knowledge": knowledge.run,
    "scale": scale.run,
    "backup": backup.run,
    "reading": reading.run,
    "documents": taking_in.run,
    "contest": _contest,
    "days": days.run,
}


def main() -> None:
    """Run the benches named on the command line, or those of sales."""
    console = Console(width=140)
    console.print(f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, Python {platform.python_version()}, {platform.machine()}")
    wanted = sys.argv[1:] or ["holds", "searches", "walls"]
    for name, run in BENCHES.items():
        if name in wanted:
            run(console)


if __name__ == "__main__":
    main()
