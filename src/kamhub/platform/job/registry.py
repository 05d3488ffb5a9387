"""What this program can run, checked as a whole before anything is run."""

from __future__ import annotations

import inspect
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Generic
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from kamhub.platform.job import rules
from kamhub.platform.job.types import Context, Daily, Entry, Every, Job, JobRefused, Queue

_NOTHING = timedelta(0)
_LONGEST_TIMEOUT = timedelta(hours=6)
_SHORTEST_PERIOD = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Lane:
    """Jobs that wait in one line: of a queue, with a priority. ``hands``: how many of the queue run at once."""

    queue: str
    priority: int
    hands: int


class Registry(Generic[Context]):
    """The jobs by every name they may be queued under, their lanes, and the timetable.

    Raises ``JobRefused`` when one is not registered as it must be, naming every fault.
    """

    def __init__(
        self,
        jobs: Sequence[Job[Context]],
        timetable: Sequence[Entry] = (),
        hands: Mapping[Queue, int] | None = None,
    ) -> None:
        self.jobs = tuple(jobs)
        self.timetable = tuple(timetable)
        self.hands = {**rules.HANDS, **(hands or {})}
        if faults := [*_faults(self.jobs), *_timetable_faults(self.jobs, self.timetable)]:
            raise JobRefused("; ".join(faults))
        self._by_name = {name: job for job in self.jobs for name in _names(job)}

    @property
    def names(self) -> list[str]:
        """Every name of a job that this worker takes: of the queues it has hands for."""
        return sorted(name for name, job in self._by_name.items() if self.hands[job.kind.queue])

    @property
    def known_names(self) -> list[str]:
        """Every name of a job that this program can run, whether or not this worker takes it."""
        return sorted(self._by_name)

    @property
    def queues(self) -> list[str]:
        """The queues this worker serves, the most urgent first."""
        wanted = {job.kind.queue for job in self.jobs}
        return [queue.value for queue in Queue if queue in wanted and self.hands[queue]]

    @property
    def all_hands(self) -> int:
        """How many jobs this worker runs at once, over all its queues."""
        return sum(self.hands[Queue(name)] for name in self.queues)

    @property
    def lanes(self) -> list[Lane]:
        """In the order in which they are served.

        Every queue has every priority: a kind may have had others when a job of it was enqueued.
        """
        priorities = sorted({job.kind.priority for job in self.jobs} | {0}, reverse=True)
        served = [queue for queue in Queue if self.hands[queue]]
        return [Lane(queue.value, priority, self.hands[queue]) for queue in served for priority in priorities]

    def job(self, name: str) -> Job[Context]:
        """The job queued under that name. Raises ``KeyError``."""
        return self._by_name[name]


def _names(job: Job[Context]) -> tuple[str, ...]:
    return (job.kind.name, *job.formerly)


def _faults(jobs: Iterable[Job[Context]]) -> list[str]:
    counted = Counter(name for job in jobs for name in _names(job))
    twice = [f"{name} is registered {count} times" for name, count in counted.items() if count > 1]
    return twice + [f"{job.kind.name} {fault}" for job in jobs for fault in _faults_of(job)]


def _faults_of(job: Job[Context]) -> list[str]:
    checks = {
        "has no timeout within six hours": _NOTHING < job.timeout <= _LONGEST_TIMEOUT,
        "has no retry rule: at least one attempt, and delays above zero": (
            job.retry.attempts >= 1 and _NOTHING < job.retry.first <= job.retry.longest
        ),
        "does not say how long its history is kept": job.kept > _NOTHING,
        "is of no known queue": job.kind.queue in list(Queue),
        "is not an async function": inspect.iscoroutinefunction(job.run),
        "does not say that it answers an Outcome": inspect.signature(job.run).return_annotation
        in ("Outcome", "Done", "Done | TryAgain", "Done | GiveUp"),
        f"takes other arguments than its kind has: {sorted(job.kind.arguments)}": (
            _arguments(job.run) == job.kind.arguments
        ),
    }
    return [fault for fault, well in checks.items() if not well]


def _arguments(function: Callable[..., object]) -> frozenset[str]:
    """Names of the keyword arguments beside the run, which comes first."""
    return frozenset(list(inspect.signature(function).parameters)[1:])


def _ticks(when: Every | Daily) -> bool:
    if isinstance(when, Every):
        return when.period >= _SHORTEST_PERIOD
    try:
        ZoneInfo(when.zone)
    except (ZoneInfoNotFoundError, ValueError):
        return False
    return 0 <= when.hour < 24 and 0 <= when.minute < 60


def _timetable_faults(jobs: Iterable[Job[Context]], timetable: Iterable[Entry]) -> list[str]:
    runnable = {job.kind.name: job.kind for job in jobs}
    faults = []
    for entry in timetable:
        if not _ticks(entry.when):
            faults.append(f"{entry.kind.name} is in the timetable at a time that there is not")
        kind = runnable.get(entry.kind.name)
        if kind is None:
            faults.append(f"{entry.kind.name} is in the timetable, but no job runs it")
        elif kind.arguments or kind.scope != "system":
            faults.append(
                f"{entry.kind.name} is in the timetable, so it can have neither arguments nor an organisation"
            )
    counted = Counter(entry.kind.name for entry in timetable)
    return faults + [f"{name} is {count} times in the timetable" for name, count in counted.items() if count > 1]
