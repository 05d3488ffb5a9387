"""What a job is."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Generic, TypeVar

Context = TypeVar("Context", contravariant=True)


class GiveUp(Exception):
    """Raised by a job that can never succeed: it is kept as failed at once, with this reason."""


class JobTimedOut(Exception):
    """A run took longer than its kind of job may; it was cancelled and counts as failed."""


class WorkerCannotRecover(Exception):
    """The worker tried to go on for as long as it may and cannot; its process should end with an error."""


@dataclass(frozen=True, slots=True)
class Retry:
    """Exponential back-off, full jitter: ``first`` doubles up to ``longest``; ``attempts`` runs in total.

    A run that a stopping or killed worker interrupts counts too, but never makes a job fail by itself.
    """

    attempts: int = 8
    first: timedelta = timedelta(seconds=2)
    longest: timedelta = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Job(Generic[Context]):
    """A kind of job. ``run`` gets the context of the worker and the arguments it was enqueued with."""

    name: str
    queue: str
    run: Callable[..., Awaitable[None]]
    timeout: timedelta
    retry: Retry = Retry()


@dataclass(frozen=True, slots=True)
class PeriodicJob(Generic[Context]):
    """Run by the clock, each tick once in the fleet. ``cron`` may have six fields, the sixth being seconds.

    Ticks never overlap: while one runs or waits for another try, at most one more waits; others are left out.
    """

    job: Job[Context]
    cron: str


@dataclass(frozen=True, slots=True)
class WorkerTimings:
    """Seconds. A killed worker's jobs are taken up within ``stalled_after + sweep_every + poll_every``."""

    heartbeat_every: float = 5.0
    stalled_after: float = 20.0
    sweep_every: float = 10.0
    poll_every: float = 5.0
    grace: float = 20.0
    recover_within: float = 60.0


@dataclass(frozen=True, slots=True)
class FailedJob:
    """A job that failed for good. ``error`` is None when the worker that took it did not know its kind."""

    id: int
    name: str
    queue: str
    attempts: int
    failed_at: datetime | None
    error: str | None
