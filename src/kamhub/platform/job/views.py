"""Jobs as JSON of the HTTP contract. What may name people or hold a secret is masked."""

from __future__ import annotations

from collections.abc import Sequence

from kamhub.platform.job.types import DeadJob, Failure, JobRow
from kamhub.platform.monitoring.masks import mask, mask_text


def job_json(job: JobRow) -> dict[str, object]:
    """A job in a list."""
    return {
        "id": job.id,
        "kind": job.kind,
        "queue": job.queue,
        "status": job.status,
        "run_at": job.run_at,
        "attempts": job.attempts,
        "enqueued_at": job.enqueued_at,
        "request_id": job.request_id,
        "error": job.error,
        "progress": job.progress,
    }


def job_detail_json(job: JobRow, failures: Sequence[Failure]) -> dict[str, object]:
    """A job with the runs that failed."""
    return job_json(job) | {"failures": [_failure_json(failure) for failure in failures]}


def dead_json(letter: DeadJob) -> dict[str, object]:
    """A dead letter in a list."""
    return {
        "id": letter.id,
        "kind": letter.kind,
        "queue": letter.queue,
        "reason": letter.reason,
        "error": mask_text(letter.error),
        "attempts": letter.attempts,
        "enqueued_at": letter.enqueued_at,
        "died_at": letter.died_at,
        "request_id": letter.request_id,
        "arguments": mask(letter.arguments),
    }


def dead_detail_json(letter: DeadJob, failures: Sequence[Failure]) -> dict[str, object]:
    """Everything that is known of a dead letter."""
    return dead_json(letter) | {
        "traceback": mask_text(letter.traceback),
        "lock": letter.lock,
        "failures": [_failure_json(failure) for failure in failures],
    }


def _failure_json(failure: Failure) -> dict[str, object]:
    return {
        "at": failure.at,
        "attempt": failure.attempt,
        "error": failure.error,
        "traceback": failure.traceback,
    }
