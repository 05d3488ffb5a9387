"""How long the platform keeps what, in one table; and what it keeps, with the reason."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta

from kamhub.platform.retention import store
from kamhub.platform.retention.store import Expiring
from kamhub.platform.retention.types import Retention, Round


def _expired(table: Expiring) -> Callable[[Round], Awaitable[int]]:
    async def prune(work: Round) -> int:
        async with work.database.system() as connection:
            return await store.delete_expired(connection, table, work.before, work.limit)

    return prune


async def _audit_events(work: Round) -> int:
    async with work.database.system() as connection:
        return await store.prune_audit_events(connection, work.before, work.limit)


# Many rows a day: pruned every few minutes too, not only at night.
JOB_PERIODS: tuple[Retention, ...] = (
    Retention(
        table="job_history",
        removed="the row",
        after=timedelta(0),
        since="its expiry, which every kind of job sets for itself: six hours to three months",
        why="what was done is asked about for as long as its effect matters",
        prune=_expired("job_history"),
    ),
    Retention(
        table="job_failures",
        removed="the row, with the masked error",
        after=timedelta(days=90),
        since="the failure, unless its job is a dead letter",
        why="a fault that comes back can be compared",
        prune=_expired("job_failures"),
    ),
)

# The tokens go before the sessions that own them.
PERIODS: tuple[Retention, ...] = (
    *JOB_PERIODS,
    Retention(
        table="refresh_tokens",
        removed="the row",
        after=timedelta(days=90),
        since="its expiry",
        why="an abuse found late can still be followed back",
        prune=_expired("refresh_tokens"),
    ),
    Retention(
        table="sessions",
        removed="the row, with address and browser",
        after=timedelta(days=90),
        since="its expiry, at most 30 days after its last use",
        why="an abuse found late can still be followed back",
        prune=_expired("sessions"),
    ),
    Retention(
        table="mailed_links",
        removed="the row",
        after=timedelta(days=7),
        since="its expiry",
        why="a late click gets a true answer",
        prune=_expired("mailed_links"),
    ),
    Retention(
        table="invitations",
        removed="the row, with the e-mail of whoever was invited",
        after=timedelta(days=365),
        since="its expiry",
        why="who let whom in stays answerable for a year; then the audit log says it",
        prune=_expired("invitations"),
    ),
    Retention(
        table="backup_runs",
        removed="the row",
        after=timedelta(days=365),
        since="the end of what it tells of",
        why="whether backups were made and proven is asked for the year",
        prune=_expired("backup_runs"),
    ),
    Retention(
        table="audit_events",
        removed="the line",
        after=timedelta(days=3 * 365),
        since="what it tells of",
        why="claims may be made for three years",
        prune=_audit_events,
    ),
)

_JOBS = "of the job library; holds what waits and runs, a job that ends leaves it"
KEPT: Mapping[str, str] = {
    "installation": "one line: which hub this is",
    "alerts": "one row a thing that can be wrong, written again when it is",
    "integrity_checks": "one row a promise of the product: what its last count found",
    "service_calls": "one row an operator and service: when it last answered, in words without names",
    "organisations": "operators, named on tickets and in the books",
    "people": "accounts; closed by their owners, referred to by the log",
    "memberships": "who may act for an organisation now",
    "recovery_codes": "belong to the second factor of an account and go with it",
    "api_keys": "hashes and names; say who a line of the log speaks of",
    "dead_jobs": "what failed for good waits for a person, and goes when it is retried or discarded",
    "job_workers": "one row a live worker",
    "job_ticks": "one row a line of the timetable",
    "procrastinate_jobs": _JOBS,
    "procrastinate_events": _JOBS,
    "procrastinate_periodic_defers": _JOBS,
    "procrastinate_workers": _JOBS,
    "job_schema": "one line: which version of the job library the schema has",
    "schema_migrations": "which migrations were applied",
}
