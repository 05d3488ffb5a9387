"""Jobs that wait, run or have failed when the schema gets its own tables for them are still there afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from kamhub.platform.database import migrate as under_test
from kamhub.platform.database.migrate import load_migrations, migrate
from kamhub.platform.embedded.types import ClusterAddress

BEFORE = [migration for migration in load_migrations() if migration.version <= 10]
ORGANISATION = "019b76da-a800-743e-8529-f28854afc835"
OLD = """
INSERT INTO procrastinate_jobs (queue_name, task_name, lock, args, status, attempts, queueing_lock, scheduled_at) VALUES
  ('notice', 'notice.send', 'booking:1', '{"organisation_id": "%(o)s", "message_id": "m-1"}', 'todo', 2, NULL, now() + interval '1 hour'),
  ('notice', 'mailed_link.send', NULL, '{"link_id": "l-1"}', 'doing', 0, NULL, NULL),
  ('payment', 'payment.send_refund', 'payment:1', '{"organisation_id": "%(o)s", "refund_id": "r-1"}', 'failed', 30, NULL, NULL),
  ('notice', 'notice.send', NULL, '{"organisation_id": "%(o)s", "message_id": "m-2"}', 'succeeded', 1, NULL, NULL),
  ('maintenance', 'retention.prune', 'periodic:retention.prune', '{"timestamp": 5}', 'todo', 0, 'periodic:retention.prune', NULL);
INSERT INTO job_failures (job_id, attempt, error, traceback)
  SELECT id, 30, 'ProviderUnavailable: away', 'Traceback' FROM procrastinate_jobs WHERE status = 'failed';
INSERT INTO job_failures (job_id, attempt, error, traceback) VALUES (99999, 1, 'of a job that is gone', '');
""".replace("%(o)s", ORGANISATION)


@pytest.fixture
def upgraded(postgres: ClusterAddress, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A database of the version before, with jobs in it, brought up."""
    name, base = f"upgrade_{uuid4().hex}", postgres.owner_url.rsplit("/", 1)[0]
    with psycopg.connect(f"{base}/postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
        url = f"{base}/{name}"
        with monkeypatch.context() as older:
            older.setattr(under_test, "load_migrations", lambda: BEFORE)
            migrate(url)
        with psycopg.connect(url) as old:
            old.execute(OLD.encode())
        migrate(url)
        yield url
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


def rows(url: str, query: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(url) as connection:
        return connection.execute(query.encode()).fetchall()


def test_what_waited_or_ran_goes_on_in_the_queue_of_its_kind(upgraded: str) -> None:
    found = rows(
        upgraded,
        "SELECT task_name, queue_name, status::text, attempts, lock, args ->> 'organisation', args -> 'with', "
        "scheduled_at IS NOT NULL FROM procrastinate_jobs ORDER BY id",
    )
    assert found == [
        ("notice.send", "notices", "todo", 2, "booking:1", ORGANISATION, {"message_id": "m-1"}, True),
        ("mailed_link.send", "notices", "doing", 0, None, None, {"link_id": "l-1"}, True),
    ]
    ids = [row[0] for row in rows(upgraded, "SELECT (args ->> 'id')::uuid FROM procrastinate_jobs")]
    assert {UUID(str(number)).version for number in ids} == {7}


def test_what_had_failed_is_a_dead_letter_with_its_error(upgraded: str) -> None:
    found = rows(
        upgraded,
        "SELECT kind, queue, lock, arguments, reason, error, traceback, attempts, organisation_id::text FROM dead_jobs",
    )
    assert found == [
        (
            "payment.send_refund", "payments", "payment:1", {"refund_id": "r-1"}, "out_of_attempts", "ProviderUnavailable: away",
            "Traceback", 30, ORGANISATION,
        )
    ]  # fmt: skip
    assert rows(upgraded, "SELECT f.error FROM job_failures f JOIN dead_jobs d ON d.id = f.job") == [
        ("ProviderUnavailable: away",)
    ]
    assert rows(upgraded, "SELECT count(*) FROM job_failures") == [(1,)]
