"""What one organisation knows is nowhere in what another finds; and an index is used wherever much is read."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from kamhub.desk.embedding.rules import as_text
from kamhub.desk.search import looking, store
from kamhub.desk.search.actions import search
from kamhub.desk.services import Desk
from kamhub.hub.services import Hub
from tests.builders import World
from tests.desk.search.support import Stand, desk_of, know
from tests.hub.test_plans_of_lists import Explained

MINE = "Собаки едут в наморднике."
THEIRS = "Кошки едут в переноске, крокодилы не едут."


@pytest.fixture
def desk(hub: Hub, tmp_path: Path) -> Desk:
    return desk_of(hub, tmp_path, Stand())


async def test_two_organisations_find_their_own_alone(desk: Desk, world: World) -> None:
    await know(desk, world, world.main, "Правила", MINE)
    await know(desk, world, world.other, "Правила", THEIRS)
    for operator, text in ((world.main, MINE), (world.other, THEIRS)):
        for question in ("собаки", "крокодилы"):
            found = await search(desk, operator.id, question)
            assert [hit.text for hit in found.hits] == [text]
    async with desk.hub.database.tenant(world.main.id) as connection:
        lexicon = await desk.lexicons.of(connection, world.main.id)
    assert "собак" in lexicon.at
    assert "крокодил" not in lexicon.at


async def test_with_the_organisation_forgotten_a_search_sees_no_other(desk: Desk, world: World) -> None:
    """The statements of the search with the id of another organisation in place of the filter: the database shows nothing."""
    await know(desk, world, world.main, "Правила", MINE)
    await know(desk, world, world.other, "Правила", THEIRS)
    scope = {"organisation": world.other.id, "categories": None, "language": None}
    theirs = [
        int(str(row[0]))
        for row in world.rows("SELECT id FROM lexicon_words WHERE organisation_id = %s", world.other.id)
    ]
    vector = as_text(await desk.embedders[0].question("x"))
    chunks = [row[0] for row in world.rows("SELECT id FROM chunks")]
    assert theirs
    async with desk.hub.database.tenant(world.main.id) as connection:
        assert await store.worded(connection, scope, theirs) == []
        assert await store.near(connection, scope, "stand", vector, 9) == []
        assert await store.near_by_index(connection, scope, "stand", 384, vector, 9) == []
        assert await store.looked_at(connection, world.other.id, chunks, {"stand": vector}) == []  # type: ignore[arg-type]
        assert await store.hits(connection, world.other.id, chunks) == {}  # type: ignore[arg-type]
        for table in ("lexicon_words", "lexicons", "chunk_words", "chunk_vectors", "chunks"):
            rows = await connection.execute(f"SELECT DISTINCT organisation_id FROM {table}".encode())
            assert await rows.fetchall() == [(world.main.id,)], table


async def test_every_arm_walks_an_index(desk: Desk, world: World) -> None:
    await know(desk, world, world.main, "Правила", *(f"{MINE} Правило {number}." for number in range(30)))
    vector = as_text(await desk.embedders[0].question("x"))
    scope = {"organisation": world.main.id, "categories": None, "language": None}
    async with desk.hub.database.tenant(world.main.id) as connection:
        for way in ("seqscan", "sort"):
            await connection.execute(f"SET LOCAL enable_{way} = off".encode())
        arms: tuple[tuple[str, Callable[[Any], Awaitable[object]]], ...] = (
            ("chunk_vectors_near_384", lambda asked: store.near_by_index(asked, scope, "stand", 384, vector, 5)),
            ("chunk_vectors", lambda asked: store.near(asked, scope, "stand", vector, 5)),
            ("chunk_vectors", lambda asked: store.near_in_each_language(asked, scope, "stand", vector, 5)),
        )
        for index, ask in arms:
            explained = Explained(connection)
            await ask(explained)
            walked = [str(node.get("Index Name", node["Node Type"])) for node in explained.nodes]
            assert "Seq Scan" not in walked
            assert any(name.startswith(index) for name in walked), (index, walked)


def _many_words(world: World) -> None:
    world.execute(
        """WITH asset AS (INSERT INTO assets (organisation_id, id, kind, name, digest, status, created_at, created_by, changed_at)
             VALUES (%s, gen_random_uuid(), 'file', 'x', sha256('x'), 'pending', now(), 'x', now()) RETURNING organisation_id, id),
           made AS (INSERT INTO chunks (organisation_id, id, asset_id, ordinal, digest, title, context, text, language, position)
             SELECT a.organisation_id, gen_random_uuid(), a.id, n, sha256('x'), 'x', '', 'x', 'ru', '{}'
             FROM asset a, generate_series(1, 3000) n RETURNING organisation_id, id, ordinal)
           INSERT INTO chunk_words SELECT organisation_id, id, ARRAY[1000000 + ordinal, 2000000 + ordinal %% 50], '' FROM made""",
        world.main.id,
    )
    world.execute("ANALYZE chunk_words")


def test_words_are_looked_up_in_their_index(desk: Desk, world: World) -> None:
    """What the function does, as its owner does it."""
    _many_words(world)
    plan = world.rows(
        "EXPLAIN SELECT chunk_id, array_send(words) FROM chunk_words WHERE organisation_id = %s AND words && '{1000101,1000102}'",
        world.main.id,
    )
    assert any("chunk_words_by_word" in str(line) for line in plan), plan
    (definition,) = world.rows("SELECT pg_get_functiondef('chunks_with_words'::regproc)")
    assert "organisation_id = current_organisation()" in str(definition)


async def test_who_knows_much_is_searched_by_the_index(
    desk: Desk, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await know(desk, world, world.main, "Правила", MINE, THEIRS)
    exact = await search(desk, world.main.id, "собаки")
    monkeypatch.setattr(looking, "MOST_COMPARED", 1)
    assert await search(desk, world.main.id, "собаки") == exact
