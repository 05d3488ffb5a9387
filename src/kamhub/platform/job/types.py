"""What a job is, how its run may end, and what is known of it afterwards."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from http import HTTPStatus
from typing import Any, Generic, Literal, TypeAlias, TypeVar
from uuid import UUID

from kamhub.kit.errors import Refusal
from kamhub.kit.text import mark

Context = TypeVar("Context", contravariant=True)

Scope: TypeAlias = Literal["tenant", "system"]
JobStatus: TypeAlias = Literal["waiting", "running", "done", "dead", "discarded"]


class Queue(StrEnum):
    """The queues, the most urgent first: with one free hand and work in two, the upper one is served."""

    PAYMENTS = "payments"
    NOTICES = "notices"
    CHAT = "chat"
    CRM = "crm"
    KNOWLEDGE = "knowledge"
    MAINTENANCE = "maintenance"


@dataclass(frozen=True, slots=True)
class Kind:
    """What may be put into the queue: a name, where it waits, and the names of its arguments.

    ``scope``: a ``tenant`` job belongs to an organisation and runs as it, a ``system`` job to none. ``priority`` orders
    kinds inside a queue, higher first. Who changes what a kind's arguments mean gives it a new name; the job that
    still understands the old one lists it in ``formerly``.
    """

    name: str
    queue: Queue
    scope: Scope
    arguments: frozenset[str] = frozenset()
    priority: int = 0


@dataclass(frozen=True, slots=True)
class Done:
    """It is done, or there is nothing to do any more."""


@dataclass(frozen=True, slots=True)
class TryAgain:
    """Not yet: run it again then. Not a failure, so it may happen any number of times."""

    at: datetime
    because: str


@dataclass(frozen=True, slots=True)
class GiveUp:
    """It can never succeed: a dead letter at once. ``error`` is kept with its trace."""

    because: str
    error: BaseException | None = None


Outcome: TypeAlias = Done | TryAgain | GiveUp
DONE = Done()


@dataclass(frozen=True, slots=True)
class Retry:
    """Exponential back-off with full jitter: ``first`` doubles up to ``longest``; after ``attempts`` failures it is dead.

    Runs that a stopping or vanishing worker interrupts are no failures of the job.
    """

    attempts: int
    first: timedelta = timedelta(seconds=2)
    longest: timedelta = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Job(Generic[Context]):
    """How jobs of a kind are run: ``run(run, **arguments)`` answers an ``Outcome``.

    ``formerly`` are names under which such jobs were queued by older code; ``kept`` is how long an ended one stays in
    the history.
    """

    kind: Kind
    run: Callable[..., Awaitable[Outcome]]
    timeout: timedelta
    retry: Retry
    kept: timedelta
    formerly: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Every:
    """A tick at every multiple of ``period`` since 1970 UTC."""

    period: timedelta


@dataclass(frozen=True, slots=True)
class Daily:
    """A tick a day, at that time of that zone."""

    hour: int
    minute: int
    zone: str


Missed: TypeAlias = Literal["run once", "skip"]
Begins: TypeAlias = Literal["at once", "at its next tick"]


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the timetable. ``missed``: what becomes of ticks that passed while no worker was there. ``begins``: when a
    line that no worker has known before runs for the first time; ``at once`` is for those that run once for what was missed.
    """

    kind: Kind
    when: Every | Daily
    missed: Missed
    begins: Begins = "at its next tick"


@dataclass(frozen=True, slots=True)
class WorkerTimings:
    """Seconds. The jobs of a worker that ended are taken up within ``2 * look_every``, those of one that only fell silent
    within ``stalled_after + sweep_every``.

    ``grace`` is what a stopping worker gives its jobs to finish, ``last_words`` what a cancelled job gets to end, and
    ``stuck_after`` how long one job may keep the whole process from doing anything before the process ends itself.
    """

    heartbeat_every: float = 5.0
    stalled_after: float = 20.0
    sweep_every: float = 10.0
    look_every: float = 1.0
    poll_every: float = 5.0
    grace: float = 20.0
    last_words: float = 2.0
    recover_within: float = 60.0
    stuck_after: float = 60.0
    unknown_after: float = 3600.0


class JobRefused(Exception):
    """A job, or a line of the timetable, is not registered as it must be: the program does not start."""


class JobTimedOut(Exception):
    """A run took longer than its kind of job may."""


class NoOutcome(Exception):
    """A job returned something that is not an outcome: a fault in its code, so it is not tried again by itself."""


class RunOutdated(Exception):
    """The run lost its job to another worker (it was taken for dead): its effect must not be committed."""


class WorkerCannotRecover(Exception):
    """The worker tried to go on for as long as it may and cannot; its process should end with an error."""


class DeadJobNotFound(Refusal):
    """There is no such dead letter in this organisation; perhaps it was retried or discarded a moment ago."""

    code = "dead_job_not_found"
    status = HTTPStatus.NOT_FOUND
    title = mark("There is no such failed job any more")


class JobNotFound(Refusal):
    """There is no such job in this organisation, or its history was pruned."""

    code = "job_not_found"
    status = HTTPStatus.NOT_FOUND
    title = mark("There is no such job")


@dataclass(frozen=True, slots=True)
class JobRow:
    """A job as lists show it. ``organisation_id`` is None for jobs of the installation.

    ``run_at`` is when it is or was due, for an ended one when it ended. ``error`` is the last one, masked; ``progress``
    is what the job last said of itself, None when it says nothing.
    """

    id: UUID
    organisation_id: UUID | None
    kind: str
    queue: str
    status: JobStatus
    run_at: datetime
    attempts: int
    enqueued_at: datetime
    request_id: str | None
    error: str | None
    progress: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class Failure:
    """One failed run; texts are masked. ``traceback`` is empty when there is none, as after a killed worker."""

    at: datetime
    attempt: int
    error: str
    traceback: str


@dataclass(frozen=True, slots=True)
class DeadJob:
    """A dead letter. ``reason`` is one of ``REASONS``; ``arguments`` are those it was enqueued with, unmasked."""

    id: UUID
    organisation_id: UUID | None
    kind: str
    queue: str
    reason: str
    error: str
    traceback: str
    arguments: Mapping[str, Any]
    attempts: int
    enqueued_at: datetime
    died_at: datetime
    request_id: str | None
    lock: str | None


# Why a job is dead: it said so; its retry rule is exhausted; its code answered nonsense; it ended its workers; nobody
# in the fleet knows its kind.
Reason: TypeAlias = Literal["gave_up", "out_of_attempts", "no_outcome", "kills_workers", "unknown_kind"]
REASONS: tuple[Reason, ...] = ("gave_up", "out_of_attempts", "no_outcome", "kills_workers", "unknown_kind")


@dataclass(frozen=True, slots=True)
class QueueState:
    """How a queue is: numbers of jobs, and for how many seconds the oldest due one has been waiting (0 when none)."""

    queue: str
    waiting: int
    scheduled: int
    running: int
    dead: int
    oldest_waiting: float


@dataclass(frozen=True, slots=True)
class WorkerRow:
    """A worker of the fleet. ``kinds`` are the job names it runs."""

    id: int
    host: str
    pid: int
    version: str
    queues: tuple[str, ...]
    kinds: tuple[str, ...]
    started_at: datetime
    last_heartbeat: datetime
    running: int
