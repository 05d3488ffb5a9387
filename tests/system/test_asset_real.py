"""The worker with everything real that reads documents, small: killed, and watched for its memory; ``make soak`` does more."""

from __future__ import annotations

import psycopg
import pytest

from tests.builders import World
from tests.system.assets import real
from tests.system.soak import MOST_GROWTH, WARM

pytestmark = pytest.mark.timeout(400)


def test_documents_are_as_if_the_worker_had_not_been_killed() -> None:
    result = real.kill(4)
    print(result.line())
    assert result.broken == []
    assert result.kills.total() == 4


def test_a_worker_keeps_nothing_of_what_it_has_read() -> None:
    result = real.remember(30)
    print(result.line())
    assert [read for read, _ in result.after] == [10, 20, 30]
    assert result.growth(WARM) <= MOST_GROWTH


def test_the_checks_of_what_is_real_see_their_faults(world: World, database_owner_url: str) -> None:
    world.execute(
        "INSERT INTO assets (organisation_id, id, kind, name, digest, status, progress, created_at, created_by, changed_at) "
        "VALUES (%s, %s, 'file', 'otmena-i-vozvrat-2026.pdf', sha256('x'), 'completed', 100, now(), 'x', now())",
        world.main.id, world.main.id,
    )  # fmt: skip
    world.execute(
        "INSERT INTO chunks (organisation_id, id, asset_id, ordinal, digest, title, context, text, language, position) "
        "VALUES (%s, gen_random_uuid(), %s, 0, sha256('x'), 'x', '', 'x', 'en', '{}')",
        world.main.id, world.main.id,
    )  # fmt: skip
    with psycopg.connect(database_owner_url, autocommit=True) as connection:
        for name in ("words missing or twice", "not in the graph"):
            found = connection.execute(real.REAL_CHECKS[name].encode()).fetchall()
            assert [row[0] for row in found] == [world.main.id], name
        assert real.different(connection) == [f"{world.main.id} otmena-i-vozvrat-2026.pdf"]
