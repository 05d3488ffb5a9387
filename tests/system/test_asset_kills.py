"""The worker is killed at every stage of reading documents, small; ``make soak`` does 60. With controls of what is checked."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from tests.builders import World
from tests.system.assets import run

pytestmark = pytest.mark.timeout(240)


def test_every_document_is_read_once_wherever_the_worker_is_killed() -> None:
    result = run.alone(kills=len(run.STAGES))
    print(result.line())
    assert result.broken == []
    assert set(result.kills) == set(run.STAGES)
    assert result.kills.total() == len(run.STAGES)


_DOCTORED = {
    "not completed": "UPDATE assets SET run = 2",
    "dead letter": (
        "INSERT INTO dead_jobs (id, kind, queue, priority, arguments, reason, error, traceback, attempts, enqueued_at) "
        "VALUES ('01900000-0000-7000-8000-000000000bad', 'k', 'knowledge', 0, '{}', 'gave_up', '', '', 1, now())"
    ),
    "chunks missing or twice": "DELETE FROM chunks WHERE ordinal = 3",
    "vectors missing or twice": "DELETE FROM chunk_vectors",
    "progress went back": "INSERT INTO seen (asset, run, status, stage, progress) SELECT id, 1, 'completed', NULL, 3 FROM assets",
    "done before it was": "INSERT INTO seen (asset, run, status, progress) SELECT id, 1, 'processing', 100 FROM assets",
    "failed on the way": "INSERT INTO seen (asset, run, status, progress) SELECT id, 1, 'failed', 100 FROM assets",
}


def test_the_checks_see_every_kind_of_fault(world: World, database_owner_url: str, tmp_path: Path) -> None:
    assert set(_DOCTORED) == set(run.CHECKS)
    with psycopg.connect(database_owner_url, autocommit=True) as connection:
        connection.execute(run.WATCH.encode())
        connection.execute(
            "INSERT INTO assets (organisation_id, id, kind, name, digest, status, progress, chunk_count, created_at, created_by, "
            "changed_at) VALUES (%s, %s, 'file', 'x', sha256('x'), 'completed', 100, 7, now(), 'x', now())",
            (world.main.id, world.main.id),
        )
        connection.execute(
            "INSERT INTO chunks (organisation_id, id, asset_id, ordinal, digest, title, context, text, language, position) "
            "SELECT %(o)s, gen_random_uuid(), %(o)s, n, sha256('x'), 'x', '', 'line ' || n, 'en', '{}' FROM generate_series(0, 6) n",
            {"o": world.main.id},
        )
        connection.execute("INSERT INTO chunk_vectors SELECT organisation_id, id, 'tests', 1, '[1]' FROM chunks")
        for name, query in run.CHECKS.items():
            assert connection.execute(query.encode()).fetchall() == [], name
        for name, doctor in _DOCTORED.items():
            with connection.transaction(force_rollback=True):
                connection.execute(doctor.encode())
                assert connection.execute(run.CHECKS[name].encode()).fetchall(), name
