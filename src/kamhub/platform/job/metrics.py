"""What a worker counts, for Prometheus."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal, TypeAlias

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from kamhub.platform.job.types import Queue, QueueState

Outcome: TypeAlias = Literal["done", "again", "retried", "interrupted", "dead", "outdated", "unsettled"]

REGISTRY = CollectorRegistry()
_RUNS = Counter(
    "kamhub_job_runs", "Ended runs of jobs, by how they ended.", ("kind", "queue", "outcome"), registry=REGISTRY
)
_SECONDS = Histogram(
    "kamhub_job_duration_seconds",
    "How long runs of jobs took.",
    ("queue",),
    buckets=(0.005, 0.02, 0.1, 0.5, 2, 10, 60, 300, 1800),
    registry=REGISTRY,
)


# What the database says of the queues: the same from every process, so a sum over processes means nothing.
_GAUGES: tuple[tuple[str, str, str], ...] = (
    ("kamhub_jobs_waiting", "Jobs that are due and wait for a worker.", "waiting"),
    ("kamhub_jobs_scheduled", "Jobs that wait for their time.", "scheduled"),
    ("kamhub_jobs_running", "Jobs that are being run.", "running"),
    ("kamhub_jobs_dead", "Dead letters: jobs that failed for good and wait for a person.", "dead"),
    ("kamhub_jobs_oldest_waiting_seconds", "For how long the oldest due job has been waiting.", "oldest_waiting"),
)


def gauges(queues: Iterable[QueueState]) -> bytes:
    """The queues as Prometheus reads them; every queue there is, the empty ones too."""
    known = {state.queue: state for state in queues}
    registry = CollectorRegistry()
    for name, words, field in _GAUGES:
        gauge = Gauge(name, words, ("queue",), registry=registry)
        for queue in sorted({*known, *Queue}):
            gauge.labels(queue).set(getattr(known[queue], field) if queue in known else 0)
    return generate_latest(registry)


@dataclass(slots=True)
class Timer:
    """``outcome`` is set by whoever knows; ``seconds`` counts from the beginning of the block."""

    started: float
    outcome: Outcome = "unsettled"

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.started


@contextmanager
def timed(kind: str, queue: str) -> Iterator[Timer]:
    """Count a run of that kind, by the outcome it is given inside the block."""
    timer = Timer(time.monotonic())
    try:
        yield timer
    finally:
        _SECONDS.labels(queue).observe(timer.seconds)
        _RUNS.labels(kind, queue, timer.outcome).inc()
