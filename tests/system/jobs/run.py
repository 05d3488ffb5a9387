"""The run: a load, blows at random moments, and the audit; one body of code for the tests and for the soak."""

from __future__ import annotations

import random
import shutil
import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from kamhub.platform.database.migrate import migrate
from kamhub.platform.embedded.cluster import Cluster
from tests.system.jobs import load as load_module
from tests.system.jobs.audit import JobAudit, audit
from tests.system.jobs.fleet import Fleet
from tests.system.jobs.forwarder import Forwarder
from tests.system.jobs.killer import BLOWS, Blow, Field
from tests.system.jobs.load import Load

TAKEN_UP_WITHIN = 60.0  # seconds: the promise, with the timings of production; here they are shorter
_DRAINED_WITHIN = 150.0
_GIVE_UP = 120.0

FULL: Mapping[str, int] = {blow.what: blow.times for blow in BLOWS}
EACH_ONCE: Mapping[str, int] = dict.fromkeys(FULL, 1)


@dataclass(frozen=True, slots=True)
class KillResult:
    """``recoveries``: seconds from a blow to the first effect after it, by blow. ``outdated``: runs that came back too late
    and whose effect was rolled back."""

    recoveries: Mapping[str, Sequence[float]]
    audit: JobAudit
    acknowledged: int
    refused: int
    seconds: float
    ends: Mapping[str, int]
    outdated: int
    faults: Sequence[str]

    @property
    def kills(self) -> int:
        """How many blows there were."""
        return sum(map(len, self.recoveries.values()))

    @property
    def broken(self) -> list[str]:
        """Every promise that was not kept."""
        found = [*self.faults, *self.audit.broken]
        slow = [
            f"{what}: {max(times):.0f} s" for what, times in self.recoveries.items() if max(times) > TAKEN_UP_WITHIN
        ]
        if self.audit.waits[2] > TAKEN_UP_WITHIN:
            slow.append(f"a short job waited {self.audit.waits[2]:.0f} s")
        return found + [f"no work done again in time: {line}" for line in slow]


@contextmanager
def database(folder: Path) -> Iterator[Cluster]:
    """A migrated database of its own with the tables of the load, in ``folder``."""
    cluster = Cluster(folder)
    try:
        migrate(cluster.start().owner_url)
        load_module.prepare(cluster.address.owner_url)
        yield cluster
    finally:
        cluster.destroy()


def through(way: Forwarder, url: str) -> str:
    """The same database behind the forwarder."""
    head, _, rest = url.rpartition(":")
    return f"{head}:{way.port}/{rest.partition('/')[2]}"


@contextmanager
def battlefield(folder: Path, cluster: Cluster, modes: Sequence[str]) -> Iterator[Field]:
    """Workers in these modes, each behind a forwarder of its own, all of them at work."""
    address = cluster.address
    port = int(address.owner_url.rpartition(":")[2].partition("/")[0])
    with ExitStack() as stack:
        ways = [stack.enter_context(Forwarder(port)) for _ in modes]
        urls = [through(way, address.app_url) for way in ways]
        fleet = stack.enter_context(Fleet(folder, urls, modes))
        field = Field(address.owner_url, fleet, cluster, ways)
        field.wait(field.workers_well, _GIVE_UP, "all workers work")
        yield field


def run(
    folder: Path,
    cluster: Cluster,
    times: Mapping[str, int] = FULL,
    *,
    mode: str = "honest",
    workers: int = 3,
    rate: float = 10.0,
) -> KillResult:
    """Strike so often, in random order, while jobs are put in; then wait until nothing is left and look at everything."""
    blows = [blow for blow in BLOWS if blow.is_allowed() for _ in range(times.get(blow.what, 0))]
    random.shuffle(blows)
    recoveries: dict[str, list[float]] = defaultdict(list)
    began = time.monotonic()
    with battlefield(folder, cluster, [mode] * workers) as field:
        with Load(cluster.address.app_url, rate=rate) as load:
            for blow in blows:
                recoveries[blow.what].append(_strike(field, blow))
            _let_work(field, 10)
        faults = list(field.fleet.faults)
        if not field.drained(_DRAINED_WITHIN):
            faults.append(f"not everything ended within {_DRAINED_WITHIN:.0f} s")
        try:
            field.wait(field.workers_well, TAKEN_UP_WITHIN, "all workers are well again")
        except AssertionError as away:
            faults.append(str(away))
            print(field.fleet.where_they_are())
        found = audit(field.owner_url, load.acknowledged)
        return KillResult(
            recoveries, found, len(load.acknowledged), load.refused, time.monotonic() - began, field.fleet.ends,
            field.fleet.told("outcome=outdated"), faults,
        )  # fmt: skip


def alone(times: Mapping[str, int]) -> KillResult:
    """The run in a folder of its own, which is gone afterwards."""
    root = Path(tempfile.mkdtemp(prefix="kamhub-kills-")).resolve()
    root.chmod(0o711)
    try:
        with database(root / "data") as cluster:
            return run(root, cluster, times)
    finally:
        shutil.rmtree(root, ignore_errors=True)


def _strike(field: Field, blow: Blow) -> float:
    """Let some jobs be done, strike, and wait for the next effect; returns the seconds until then."""
    _let_work(field, random.randint(3, 35))
    moment = time.time()
    blow.strike(field)
    hit_at = time.time()
    field.wait(lambda: field.effects_since(hit_at) > 0, _GIVE_UP, f"work goes on after: {blow.what}")
    return time.time() - moment


def _let_work(field: Field, effects: int) -> None:
    since = time.time()
    field.wait(lambda: field.effects_since(since) >= effects, _GIVE_UP, f"{effects} more jobs are done")


def summary(result: KillResult) -> list[str]:
    """For people to read, as lines of Markdown: what was done, and what became of the jobs."""
    lines = ["| what | times | work goes on after, s: median | longest |", "|---|---:|---:|---:|"]
    for what, times in sorted(result.recoveries.items(), key=lambda item: -len(item[1])):
        lines.append(f"| {what} | {len(times)} | {statistics.median(times):.1f} | {max(times):.1f} |")
    everything = [each for times in result.recoveries.values() for each in times] or [0.0]
    lines.append(f"| **all** | {result.kills} | {statistics.median(everything):.1f} | {max(everything):.1f} |")
    lines += [
        "", "| jobs | put in | runs | taken up from lost workers | done | dead letters | of them meant | ended five workers |",
        "|---|---:|---:|---:|---:|---:|---:|---:|",
    ]  # fmt: skip
    for kind in result.audit.kinds:
        meant = min(kind.meant_to_die, kind.dead - kind.ended_workers)
        lines.append(
            f"| {kind.kind} | {kind.put} | {kind.runs} | {kind.taken_up} | {kind.done} | {kind.dead} | {meant} | {kind.ended_workers} |"
        )
    return [*lines, "", *_findings(result)]


def _findings(result: KillResult) -> list[str]:
    middle, most, longest = result.audit.waits
    return [
        f"- {result.kills} kills in {result.seconds:.0f} s; {result.acknowledged} jobs acknowledged, {result.refused} times a client had to come again",
        f"- a short job waited {middle:.2f} s (median), {most:.1f} s (95 %), {longest:.1f} s (longest) from due to done",
        f"- {result.outdated} runs came back after their job had been taken up: their effects were rolled back",
        f"- workers: {', '.join(f'{count} {what}' for what, count in sorted(result.ends.items()))}",
        *(f"- {name}: {len(found)}" for name, found in result.audit.faults.items()),
    ]
