"""The kill tests at full size: ``python -m tests.system.soak [--small] [--only NAME ...] [--report FILE]``.

Prints a table of the product and one of the jobs, and ends with code 1 when a promise was broken. ``--report`` also
writes each into a document, between its two marks.
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from tests.system import rolling, scenarios, weather
from tests.system.assets import real
from tests.system.assets import run as asset_kills
from tests.system.house import House
from tests.system.jobs import run as kills
from tests.system.journey import PAYS, PAYS_AFTER_CODE, Traveller
from tests.system.load import open_market
from tests.system.product import Product
from tests.system.scenarios import Result

JOBS = "jobs"
ASSETS = "assets"
REAL = "assets-real"
MEMORY = "assets-memory"
# Documents until a worker has loaded and kept what it keeps, and the megabytes that may come to it afterwards.
WARM, MOST_GROWTH = 20, 40
ROLLING = "rolling"
_HEAD = (
    "what", "times", "acknowledged", "unanswered", "answered 503", "lost", "doubled", "check breaches", "answers again after, s"
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Size:
    """How often each process is killed, and how many holds are granted between two kills, about."""

    web: int
    database: int
    backend: int
    worker: int
    up: int
    between: int
    travellers: int
    weather: tuple[int, int]  # departures, and bookings on each


FULL = Size(web=22, database=6, backend=6, worker=4, up=3, between=150, travellers=40, weather=(40, 15))
SMALL = Size(web=2, database=1, backend=1, worker=1, up=1, between=40, travellers=6, weather=(6, 5))

Scenario = Callable[[Product, Size], Result]

SCENARIOS: Mapping[str, Scenario] = {
    "web": lambda product, size: scenarios.kill_part_under_load(
        product, open_market(product), "web", size.web, between=size.between
    ),
    "database": lambda product, size: scenarios.kill_part_under_load(
        product, open_market(product), "postgres", size.database, between=size.between
    ),
    "backend": lambda product, size: scenarios.kill_backend_under_load(
        product, open_market(product), size.backend, between=size.between
    ),
    "worker": lambda product, size: scenarios.kill_worker_under_mail(product, size.travellers, size.worker),
    "up": lambda product, size: scenarios.kill_up_under_load(
        product, open_market(product), size.up, between=size.between
    ),
    "weather": lambda product, size: weather.call_off(
        product, departures=size.weather[0], each=size.weather[1], kills=0
    ),
    "weather-killed": lambda product, size: weather.call_off(
        product, departures=size.weather[0], each=size.weather[1], kills=2
    ),
    "stop": lambda product, size: scenarios.stop_up_under_load(product, open_market(product), between=size.between),
}

EVERYTHING = (*SCENARIOS, ROLLING, JOBS, ASSETS, REAL, MEMORY)


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code 0 when every promise was kept."""
    options = _options(arguments)
    names = options.only or EVERYTHING
    broken = []
    if of_product := [name for name in names if name in SCENARIOS]:
        broken += _product(of_product, SMALL if options.small else FULL, options.report)
    if ROLLING in names:
        broken += _rolling(20 if options.small else 200)
    if JOBS in names:
        broken += _jobs(options.small, options.report)
    if ASSETS in names:
        broken += _assets(ASSETS, asset_kills.alone, 4 if options.small else 60)
    if REAL in names:
        broken += _assets(REAL, real.kill, 4 if options.small else 50)
    if MEMORY in names:
        broken += _memory_of_reading(30 if options.small else 100)
    print("\n".join(broken) or "every promise was kept")
    return 1 if broken else 0


def _product(names: Sequence[str], size: Size, report: Path | None) -> list[str]:
    """Kill the whole product; returns every promise that was not kept."""
    root = Path(tempfile.mkdtemp(prefix="kamhub-soak-")).resolve()
    root.chmod(0o711)
    try:
        with Product(root / "data") as product:
            lines = [f"from an empty folder to the first page: {product.cold_start:.1f} s"]
            lines.append(f"memory of the whole demo after a paid booking: {_memory(product)} MB")
            print("\n".join(lines), flush=True)
            results = [_run(name, product, size) for name in names]
    finally:
        shutil.rmtree(root, ignore_errors=True)
    table = "\n".join(_table(results))
    print(f"\n{table}")
    if report:
        _write(report, "results", f"{_when()}\n\n{table}\n\n" + "\n".join(f"- {line}" for line in lines))
    return [problem for result in results for problem in _broken(result)]


def _rolling(rate: int) -> list[str]:
    """Update everything under so many requests a second; returns every promise that was not kept."""
    print(f"{ROLLING} ...", flush=True)
    root = Path(tempfile.mkdtemp(prefix="kamhub-rolling-")).resolve()
    root.chmod(0o711)
    try:
        with House(root / "data") as house:
            result, answers = rolling.roll(house, rate=rate, settle=5)
    except AssertionError as stuck:
        return [f"{ROLLING}: {stuck}"]
    finally:
        shutil.rmtree(root, ignore_errors=True)
    print(
        f"{result.line()}; {answers.sent} requests at {rate}/s, {len(answers.failed)} failed, the slowest took "
        f"{answers.slowest:.1f} s, {len(answers.booked)} booked"
    )
    return _broken(result)


def _jobs(small: bool, report: Path | None) -> list[str]:
    """Kill workers, database and connections under jobs; returns every promise that was not kept."""
    print(f"{JOBS} ...", flush=True)
    try:
        result = kills.alone(kills.EACH_ONCE if small else kills.FULL)
    except AssertionError as stuck:
        return [f"{JOBS}: {stuck}"]
    text = "\n".join(kills.summary(result))
    print(f"\n{text}")
    if report:
        _write(report, "job results", f"{_when()}\n\n{text}")
    return [f"{JOBS}: {problem}" for problem in result.broken]


def _assets(name: str, kill: Callable[[int], asset_kills.AssetKills], times: int) -> list[str]:
    """Kill the worker at every stage of reading documents; returns every promise that was not kept."""
    print(f"{name} ...", flush=True)
    try:
        result = kill(times)
    except AssertionError as stuck:
        return [f"{name}: {stuck}"]
    print(result.line())
    return [f"{name}: {problem}" for problem in result.broken]


def _memory_of_reading(count: int) -> list[str]:
    """Have one worker read so many documents; returns what it holds too much of."""
    print(f"{MEMORY} ...", flush=True)
    try:
        result = real.remember(count)
    except AssertionError as stuck:
        return [f"{MEMORY}: {stuck}"]
    print(result.line())
    growth = result.growth(WARM)
    return [f"{MEMORY}: {growth} MB more after {count} documents than after {WARM}"] if growth > MOST_GROWTH else []


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.system.soak", description="kill tests at full size")
    parser.add_argument(
        "--small", action="store_true", default=os.environ.get("KAMHUB_SOAK") == "small", help="as in `make test`"
    )
    parser.add_argument("--only", nargs="+", choices=EVERYTHING, help="only these")
    parser.add_argument("--report", type=Path, help="a document with the marks, to write the results into")
    return parser.parse_args(arguments)


def _run(name: str, product: Product, size: Size) -> Result:
    print(f"{name} ...", flush=True)
    try:
        result = SCENARIOS[name](product, size)
    except AssertionError as broken:  # the others are still worth knowing
        result = Result(name, 0, faults=[str(broken)])
    print(result.line(), flush=True)
    return result


def _memory(product: Product) -> int:
    """Megabytes (PSS) after the long path was walked once."""
    traveller = Traveller(product)
    traveller.hold(next(item for item in traveller.search() if item["seats_available"] >= 4)["departure_id"])
    traveller.pay(traveller.book(), PAYS_AFTER_CODE)
    traveller.wait_status("confirmed")
    traveller.cancel()
    other = Traveller(product)
    other.hold(next(item for item in other.search() if item["seats_available"] >= 4)["departure_id"])
    other.pay(other.book(), PAYS)
    other.wait_status("confirmed")
    other.ticket("pdf")
    return product.memory() // 1024**2


def _table(results: Sequence[Result]) -> list[str]:
    rows = [
        (
            result.what, result.kills, result.acknowledged, result.unanswered, result.refused_503, len(result.lost),
            len(result.doubled), result.breaches, _recovered(result),
        )
        for result in results
    ]  # fmt: skip
    return [
        f"| {' | '.join(_HEAD)} |",
        "|" + "---|" + "---:|" * (len(_HEAD) - 1),
        *(f"| {' | '.join(map(str, row))} |" for row in rows),
    ]


def _recovered(result: Result) -> str:
    """Median and longest; a dash when it failed before it had recovered once."""
    if not result.recoveries:
        return "-"
    return f"{sorted(result.recoveries)[len(result.recoveries) // 2]:.1f} (longest {result.longest:.1f})"


def _broken(result: Result) -> list[str]:
    found = [*result.faults, *result.lost, *result.doubled]
    if result.breaches or result.check_exit:
        found.append(f"`kamhub check` ended with {result.check_exit}, {result.breaches} breaches")
    if result.longest > result.allowed:
        found.append(f"{result.longest:.1f} s until it answered again, allowed are {result.allowed:.0f}")
    return [f"{result.what}: {problem}" for problem in found]


def _when() -> str:
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False
    ).stdout.strip()
    return (
        f"{datetime.now(UTC):%Y-%m-%d}, commit `{commit}`, {os.cpu_count()} cores, Python {platform.python_version()}."
    )


def _write(document: Path, mark: str, text: str) -> None:
    begin, end = f"<!-- {mark} begin -->", f"<!-- {mark} end -->"
    before, _, rest = document.read_text("utf-8").partition(begin)
    _, _, after = rest.partition(end)
    document.write_text(f"{before}{begin}\n{text}\n{end}{after}", "utf-8")


if __name__ == "__main__":
    sys.exit(main())
