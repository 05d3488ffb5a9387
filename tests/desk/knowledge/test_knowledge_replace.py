"""The chunks of a source are replaced as a whole; what has not changed keeps its id and its vectors."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from psycopg import AsyncCursor

from kamhub.desk.knowledge import actions
from kamhub.desk.knowledge.types import Piece, Replaced, Source
from kamhub.kit.ids import new_id
from kamhub.platform.database.pool import Database
from tests.builders import Operator, World
from tests.desk.asset.support import piece


def asset(world: World, operator: Operator) -> Source:
    number = new_id()
    world.execute(
        "INSERT INTO assets (organisation_id, id, kind, name, digest, status, created_at, created_by, changed_at) "
        "VALUES (%s, %s, 'file', 'x', sha256(%s::text::bytea), 'pending', now(), 'x', now())",
        operator.id, number, number,
    )  # fmt: skip
    return Source("asset", number, "Багаж")


def article(world: World, operator: Operator) -> Source:
    number = new_id()
    world.execute(
        "INSERT INTO articles (organisation_id, id, title, body, status, created_at, changed_at, changed_by) "
        "VALUES (%s, %s, 'x', 'x', 'published', now(), now(), 'x')",
        operator.id, number,
    )  # fmt: skip
    return Source("article", number, "Багаж")


def pieces(*texts: str) -> list[Piece]:
    return [piece(text, number) for number, text in enumerate(texts)]


def kept(world: World, source: Source) -> list[tuple[str, UUID]]:
    rows = world.rows(
        f"SELECT text, id, ordinal, (position ->> 'first_block')::int FROM chunks WHERE {source.kind}_id = %s ORDER BY ordinal",
        source.id,
    )
    assert [row[2:] for row in rows] == [(number, number) for number in range(len(rows))], "places follow the text"
    return [(str(row[0]), row[1]) for row in rows]  # type: ignore[misc]


async def replace(database: Database, operator: Operator, source: Source, *texts: str) -> Replaced:
    async with database.tenant(operator.id) as connection:
        return await actions.replace(connection, operator.id, source, pieces(*texts))


@pytest.mark.parametrize("make", [asset, article])
async def test_what_is_the_same_stays_the_same(database: Database, world: World, make: type) -> None:
    source = make(world, world.main)
    assert await replace(database, world.main, source, "a", "b", "c") == Replaced(0, 3, 0)
    before = dict(kept(world, source))
    world.execute(
        "INSERT INTO chunk_vectors SELECT organisation_id, id, 'm', 1, '[1]' FROM chunks WHERE text IN ('a', 'c')"
    )
    assert await replace(database, world.main, source, "c", "new", "a") == Replaced(2, 1, 1)
    after = kept(world, source)
    assert [text for text, _ in after] == ["c", "new", "a"]
    assert (dict(after)["a"], dict(after)["c"]) == (before["a"], before["c"])
    assert world.rows("SELECT count(*) FROM chunk_vectors") == [(2,)], "vectors stay with what they belong to"
    assert await replace(database, world.main, source, "c", "new", "a") == Replaced(3, 0, 0)
    assert kept(world, source) == after
    assert await replace(database, world.main, source) == Replaced(0, 0, 3)
    assert world.rows("SELECT count(*) FROM chunks") == world.rows("SELECT count(*) FROM chunk_vectors") == [(0,)]


async def test_the_same_words_several_times_are_told_apart_by_their_order(database: Database, world: World) -> None:
    source = asset(world, world.main)
    await replace(database, world.main, source, "a", "a", "b", "a")
    first = [number for _, number in kept(world, source)]
    assert await replace(database, world.main, source, "b", "a", "a") == Replaced(3, 0, 1)
    assert [number for _, number in kept(world, source)] == [first[2], first[0], first[1]]


async def test_title_and_category_follow_the_source(database: Database, world: World) -> None:
    source, category = asset(world, world.main), new_id()
    world.execute(
        "INSERT INTO knowledge_categories (organisation_id, id, name, created_at) VALUES (%s, %s, 'x', now())",
        world.main.id, category,
    )  # fmt: skip
    await replace(database, world.main, source, "a")
    moved = Source("asset", source.id, "Ручная кладь", category)
    await replace(database, world.main, moved, "a", "b")
    assert set(world.rows("SELECT title, category_id FROM chunks")) == {("Ручная кладь", category)}
    async with database.tenant(world.main.id) as connection:
        await actions.describe(connection, world.main.id, source)
    assert set(world.rows("SELECT title, category_id FROM chunks")) == {("Багаж", None)}


async def test_one_source_is_forgotten_and_the_others_stay(database: Database, world: World) -> None:
    one, other, words = asset(world, world.main), asset(world, world.main), article(world, world.main)
    for source in (one, other, words):
        await replace(database, world.main, source, "a", "b")
    async with database.tenant(world.main.id) as connection:
        assert await actions.remove(connection, world.main.id, one) == 2
        assert await actions.remove(connection, world.main.id, one) == 0
    assert len(kept(world, other)) == len(kept(world, words)) == 2


async def test_five_thousand_chunks_take_hardly_more_statements_than_five(
    database: Database, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted = {5: 0, 5000: 0}
    execute = AsyncCursor.execute

    async def counting(cursor: Any, *args: Any, **kwargs: Any) -> Any:
        counted[size] += 1
        return await execute(cursor, *args, **kwargs)

    monkeypatch.setattr(AsyncCursor, "execute", counting)
    for size in counted:
        source = asset(world, world.main)
        half = size // 2
        texts = [f"Абзац номер {number}. " + "Багаж везём бесплатно. " * 30 for number in range(size)]
        changed = pieces(*texts[half:], *(f"новый {number}" for number in range(half)))
        kept_of = size - half
        for wanted, expected in ((pieces(*texts), Replaced(0, size, 0)), (changed, Replaced(kept_of, half, half))):
            async with database.tenant(world.main.id) as connection:
                assert await actions.replace(connection, world.main.id, source, wanted) == expected
        assert len(kept(world, source)) == size
    assert 0 < counted[5000] <= counted[5], "of the first few connections too"


async def test_two_organisations_with_the_same_words_see_their_own_alone(database: Database, world: World) -> None:
    for operator in (world.main, world.other):
        await replace(database, operator, asset(world, operator), "a")
    world.execute("INSERT INTO chunk_vectors SELECT organisation_id, id, 'm', 1, '[1]' FROM chunks")
    async with database.tenant(world.main.id) as connection:
        for table in ("assets", "chunks", "chunk_vectors"):
            rows = await connection.execute(f"SELECT organisation_id FROM {table}".encode())
            assert await rows.fetchall() == [(world.main.id,)], table


async def test_the_index_of_a_source_is_used(database: Database, world: World) -> None:
    source = asset(world, world.main)
    for _ in range(20):
        await replace(database, world.main, asset(world, world.main), *(f"a{number}" for number in range(100)))
    world.execute("ANALYZE chunks")
    async with database.tenant(world.main.id) as connection:
        rows = await connection.execute(
            "EXPLAIN SELECT id, digest, ordinal FROM chunks WHERE organisation_id = %s AND asset_id = %s ORDER BY ordinal",
            (world.main.id, source.id),
        )
        plan = "\n".join(row[0] for row in await rows.fetchall())
    assert "chunks_once_in_asset" in plan
