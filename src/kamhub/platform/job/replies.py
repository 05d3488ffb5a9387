"""What is told of jobs, as the API documents it; made by ``views``."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from kamhub.platform.job.types import JobStatus, Reason
from kamhub.platform.web.schemas import ListReply, Reply


class JobReply(Reply):
    """A job. ``run_at`` is when it is or was due, of an ended one when it ended; ``error`` the last one, masked;
    ``progress`` what it last said of itself."""

    id: UUID
    kind: str
    queue: str
    status: JobStatus
    run_at: datetime
    attempts: int
    enqueued_at: datetime
    request_id: str | None
    error: str | None
    progress: dict[str, Any] | None


class JobCountsReply(Reply):
    """How many jobs there are by status, of those that fit the filters by kind and queue."""

    waiting: int
    running: int
    done: int
    dead: int
    discarded: int


class JobListReply(ListReply[JobReply]):
    """Jobs, the newest first."""

    counts: JobCountsReply


class FailureReply(Reply):
    """A run that failed; texts are masked. ``traceback`` is empty where there is none."""

    at: datetime
    attempt: int
    error: str
    traceback: str


class JobDetailReply(JobReply):
    """A job with the runs that failed, the last first."""

    failures: list[FailureReply]


class DeadJobReply(Reply):
    """A dead letter; secrets and personal data in its arguments and texts are masked."""

    id: UUID
    kind: str
    queue: str
    reason: Reason
    error: str
    attempts: int
    enqueued_at: datetime
    died_at: datetime
    request_id: str | None
    arguments: dict[str, Any]


class DeadJobListReply(ListReply[DeadJobReply]):
    """Dead letters, the latest death first."""


class DeadJobDetailReply(DeadJobReply):
    """A dead letter with everything known of it; jobs of one ``lock`` run one after another."""

    traceback: str
    lock: str | None
    failures: list[FailureReply]


class RetriedReply(Reply):
    """How many were put back into the queue, and how many of that kind are left: ask again until none is."""

    retried: int
    left: int


class DiscardedReply(Reply):
    """How many were given up, and how many of that kind are left: ask again until none is."""

    discarded: int
    left: int
