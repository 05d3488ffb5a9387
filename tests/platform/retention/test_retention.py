"""Old rows of the platform end when their time has come, not a moment sooner."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import psycopg
import pytest

from kamhub.kit.clock import ManualClock
from kamhub.kit.ids import new_id
from kamhub.platform.database.pool import Database
from kamhub.platform.retention import actions
from kamhub.platform.retention.periods import PERIODS
from kamhub.platform.retention.types import Retention, Round
from tests.builders import World

TICK = timedelta(seconds=1)
_INSERTS = {
    "job_history": (
        "INSERT INTO job_history (id, kind, queue, outcome, attempts, enqueued_at, started_at, finished_at, expires_at) "
        "VALUES (%(id)s, 'k', 'notices', 'done', 1, %(at)s, %(at)s, %(at)s, %(at)s)"
    ),
    "job_failures": (
        "INSERT INTO job_failures (job, attempt, at, error, traceback) VALUES (%(id)s, 1, %(at)s, 'error', '')"
    ),
    "sessions": (
        "INSERT INTO sessions (id, person_id, kind, created_at, last_seen_at, expires_at) "
        "VALUES (%(id)s, %(person)s, 'token', %(at)s, %(at)s, %(at)s)"
    ),
    "refresh_tokens": (
        "INSERT INTO refresh_tokens (token_hash, family_id, person_id, issued_at, expires_at) "
        "VALUES (sha256(%(id)s::text::bytea), %(session)s, %(person)s, %(at)s, %(at)s)"
    ),
    "mailed_links": (
        "INSERT INTO mailed_links (id, purpose, created_at, expires_at) VALUES (%(id)s, 'password_reset', %(at)s, %(at)s)"
    ),
    "invitations": (
        "INSERT INTO invitations (organisation_id, id, email, role, locale, invited_by, created_at, expires_at) "
        "VALUES (%(organisation)s, %(id)s, 'guest-' || %(id)s || '@example.org', 'viewer', 'ru', %(person)s, %(at)s, %(at)s)"
    ),
    "backup_runs": (
        "INSERT INTO backup_runs (id, task, started_at, ended_at, ok) VALUES (%(id)s, 'create', %(at)s, %(at)s, true)"
    ),
    "audit_events": (
        "INSERT INTO audit_events (organisation_id, id, at, actor_kind, actor_name, action, object_kind) "
        "VALUES (%(organisation)s, %(id)s, %(at)s, 'system', 'x', 'thing.happened', 'thing')"
    ),
}


def of(table: str) -> Retention:
    return next(period for period in PERIODS if period.table == table)


def add(world: World, period: Retention, age: timedelta, count: int = 1) -> None:
    """Rows that ended that long ago."""
    with psycopg.connect(world.owner_url) as connection:
        for _ in range(count):
            connection.execute(
                _INSERTS[period.table].encode(),
                {
                    "id": new_id(),
                    "organisation": world.main.id,
                    "person": world.main.people["owner"],
                    "session": world.main.sessions["owner"],
                    "at": world.now - age,
                },
            )


def count(world: World, table: str) -> int:
    (row,) = world.rows(f"SELECT count(*) FROM {table}")
    assert isinstance(row[0], int)
    return row[0]


@pytest.mark.parametrize("table", [period.table for period in PERIODS])
async def test_a_row_goes_when_its_time_is_over_and_not_before(database: Database, world: World, table: str) -> None:
    period = of(table)
    kept = count(world, table)
    add(world, period, period.after - TICK)
    add(world, period, period.after + TICK, count=3)
    assert (await actions.prune(database, [period], world.now))[table] == 3
    assert count(world, table) == kept + 1
    assert (await actions.prune(database, [period], world.now))[table] == 0, "twice is once"


async def test_many_rows_go_in_short_transactions(database: Database, world: World) -> None:
    period = of("mailed_links")
    add(world, period, period.after + TICK, count=7)
    rounds: list[int] = []

    async def counted(work: Round) -> int:
        rounds.append(await period.prune(work))
        return rounds[-1]

    ended = await actions.prune(database, [replace(period, prune=counted)], world.now, batch=3)
    assert (ended, rounds, count(world, "mailed_links")) == ({"mailed_links": 7}, [3, 3, 1], 0)


async def test_a_row_that_somebody_holds_waits_for_the_next_night(database: Database, world: World) -> None:
    period = of("mailed_links")
    add(world, period, period.after + TICK, count=2)
    with psycopg.connect(world.owner_url) as holder:
        holder.execute("SELECT 1 FROM mailed_links LIMIT 1 FOR UPDATE")
        assert await actions.prune(database, [period], world.now) == {"mailed_links": 1}
    assert await actions.prune(database, [period], world.now) == {"mailed_links": 1}


async def test_the_tokens_of_a_session_go_with_it(database: Database, world: World) -> None:
    period = of("sessions")
    world.execute("UPDATE sessions SET expires_at = %s", world.now - period.after - TICK)
    add(world, of("refresh_tokens"), timedelta(0))
    await actions.prune(database, [period], world.now)
    assert (count(world, "sessions"), count(world, "refresh_tokens")) == (0, 0)


async def test_one_table_that_fails_does_not_keep_the_others(database: Database, world: World) -> None:
    async def broken(work: Round) -> int:
        raise LookupError(work.limit)

    period = of("mailed_links")
    add(world, period, period.after + TICK)
    with pytest.raises(ExceptionGroup) as told:
        await actions.prune(database, [replace(period, table="broken", prune=broken), period], world.now)
    assert [type(fault) for fault in told.value.exceptions] == [LookupError]
    assert count(world, "mailed_links") == 0


async def test_the_database_keeps_young_lines_of_the_log_whatever_is_asked(
    database: Database, world: World, clock: ManualClock
) -> None:
    hasty = replace(of("audit_events"), after=timedelta(days=300))
    with pytest.raises(ExceptionGroup) as told:
        await actions.prune(database, [hasty], clock.now() + timedelta(days=3650))
    assert isinstance(told.value.exceptions[0], psycopg.errors.InsufficientPrivilege)
