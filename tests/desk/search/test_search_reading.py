"""A search whose best are read: put in order, refused as a near miss, and as without when the reader is away."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from kamhub.desk.reranking.remote import RemoteReranker
from kamhub.desk.reranking.types import MOST_PASSAGES
from kamhub.desk.search.actions import search
from kamhub.desk.search.types import Found
from kamhub.desk.services import Desk
from kamhub.hub.services import Hub
from kamhub.platform.service_call import store
from tests.builders import World
from tests.desk.embedding.support import SILENT, Reply, api
from tests.desk.search.support import Stand, desk_of, know
from tests.desk.search.test_search import ALL, CHILDREN, DOGS, LUGGAGE, SURF

KEY = "open-sesame-0123456789"
QUESTION = "Сколько стоит место для собаки?"


@pytest.fixture
async def desk(hub: Hub, world: World, tmp_path: Path) -> Desk:
    made = desk_of(hub, tmp_path, Stand())
    await know(made, world, world.main, "Правила", *ALL)
    return made


def reads(relevance: Mapping[str, float]) -> Callable[[dict[str, Any]], Reply]:
    """A reader that knows how relevant each text is; of others it thinks nothing."""

    def answer(body: dict[str, Any]) -> Reply:
        said = [
            {
                "index": place,
                "relevance_score": max((relevance[text] for text in relevance if text in each), default=0.0),
            }
            for place, each in enumerate(body["documents"])
        ]
        return 200, {"results": said}

    return answer


def read_by(desk: Desk, address: str, enough: float = 0.5, seconds: float = 5.0) -> Desk:
    return replace(desk, reranker=RemoteReranker(address, "judge", KEY, enough, seconds))


def texts(found: Found) -> list[str]:
    return [hit.text for hit in found.hits]


async def state(hub: Hub, world: World) -> tuple[bool, str | None]:
    """Whether the reader is known to answer, and what it failed at last."""
    async with hub.database.tenant(world.main.id) as connection:
        [one] = await store.states(connection, world.main.id)
    assert one.service == "reranking"
    return one.failing_since is None, one.error


async def test_what_is_read_as_an_answer_goes_first(desk: Desk, world: World) -> None:
    before = await search(desk, world.main.id, QUESTION, limit=3)
    assert texts(before)[0] == DOGS
    async with api(reads({SURF: 0.97, DOGS: 0.6, LUGGAGE: 0.2})) as (address, asked):
        found = await search(read_by(desk, address), world.main.id, QUESTION, limit=3)
    assert texts(found) == [SURF, DOGS, LUGGAGE]
    assert [hit.score for hit in found.hits] == [0.97, 0.6, 0.2]
    assert ["reading" in hit.found_by for hit in found.hits] == [True, True, False]
    assert "words" in found.hits[1].found_by
    assert found.good_enough
    assert found.confidence == pytest.approx(0.97)
    assert await state(desk.hub, world) == (True, None)
    assert asked[0]["query"] == QUESTION
    assert len(asked) == 1


async def test_a_near_miss_is_refused_by_its_verdict_and_an_answer_is_not(desk: Desk, world: World) -> None:
    assert (await search(desk, world.main.id, QUESTION)).good_enough
    strange = "Как сварить борщ?"
    assert not (await search(desk, world.main.id, strange)).good_enough
    async with api(reads({DOGS: 0.45})) as (address, _):
        near = await search(read_by(desk, address), world.main.id, QUESTION)
        assert not near.good_enough
        assert near.confidence == pytest.approx(0.45)
        assert not any("reading" in hit.found_by for hit in near.hits)
        assert (await search(read_by(desk, address), world.main.id, strange)).confidence == pytest.approx(0.45)
        easier = await search(read_by(desk, address, enough=0.4), world.main.id, QUESTION)
    assert easier.good_enough
    assert easier.hits[0].score == pytest.approx(0.5417)


async def test_the_last_place_is_the_limit_and_the_best_shown_speaks(desk: Desk, world: World) -> None:
    async with api(reads({DOGS: 0.5, SURF: 0.51, CHILDREN: 0.1})) as (address, _):
        found = await search(read_by(desk, address), world.main.id, QUESTION, limit=1)
    assert texts(found) == [DOGS], "nearly alike, and the search had it first"
    assert found.confidence == pytest.approx(0.5)
    assert found.good_enough


@pytest.mark.parametrize(
    "answer",
    [
        SILENT,
        (401, {"error": KEY}),
        (429, {}),
        (500, {}),
        (200, {"results": [{"index": 0, "relevance_score": 1}]}),
        (200, {"results": [{"index": place, "relevance_score": 7.3} for place in range(len(ALL))]}),
    ],
)
async def test_without_a_reader_that_answers_the_search_is_as_without_one(
    desk: Desk, world: World, answer: Reply
) -> None:
    for question in (QUESTION, "Как сварить борщ?"):
        without = await search(desk, world.main.id, question, limit=3)
        with capture_logs() as logs:
            async with api(answer) as (address, asked):
                reader = read_by(desk, address, seconds=0.3 if answer == SILENT else 5.0)
                assert await search(reader, world.main.id, question, limit=3) == without
        assert len(asked) == 1, "no second try while somebody waits"
        assert [line["model"] for line in logs if line["event"] == "search_without_reading"] == ["judge"]
        assert KEY not in str(logs)
    well, error = await state(desk.hub, world)
    assert not well
    assert error
    assert KEY not in error


async def test_nobody_there_is_as_without_one(desk: Desk, world: World) -> None:
    without = await search(desk, world.main.id, QUESTION)
    assert await search(read_by(desk, "http://127.0.0.1:9"), world.main.id, QUESTION) == without


async def test_nothing_is_sent_where_nothing_is_known(desk: Desk, world: World) -> None:
    async with api(reads({})) as (address, asked):
        assert await search(read_by(desk, address), world.other.id, QUESTION) == Found((), False, 0.0)
    assert asked == []


async def test_two_organisations_have_their_own_read_alone(desk: Desk, world: World) -> None:
    await know(desk, world, world.other, "Правила", "Собаки соседей едут на крыше.")
    async with api(reads({})) as (address, asked):
        for operator in (world.main, world.other):
            await search(read_by(desk, address), operator.id, QUESTION)
    mine, theirs = ("\n".join(one["documents"]) for one in asked)
    assert DOGS in mine
    assert "соседей" not in mine
    assert theirs.endswith("Собаки соседей едут на крыше.")
    assert DOGS not in theirs


async def test_of_much_the_best_few_are_sent_each_with_its_headings(desk: Desk, world: World) -> None:
    many = [f"Собака номер {number} едет в клетке {number}." for number in range(60)]
    source = await know(desk, world, world.main, "Псарня", *many)
    world.execute("UPDATE chunks SET context = 'Псарня › Клетки' WHERE asset_id = %s", source.id)
    async with api(reads({})) as (address, asked):
        found = await search(read_by(desk, address), world.main.id, "Собака едет в клетке", limit=20)
    assert len(found.hits) == 20
    assert len(asked[0]["documents"]) == asked[0]["top_n"] == MOST_PASSAGES
    assert [each for each in asked[0]["documents"] if each.startswith("Псарня › Клетки\nСобака")]


async def test_no_connection_is_held_while_it_reads(desk: Desk, world: World) -> None:
    seen: list[tuple[int, int]] = []

    def answer(body: dict[str, Any]) -> Reply:
        pool = desk.hub.database.statistics()["tenant"]
        seen.append((pool["pool_available"], pool["pool_size"]))
        return reads({DOGS: 0.9})(body)

    async with api(answer) as (address, _):
        assert (await search(read_by(desk, address), world.main.id, QUESTION)).good_enough
    [(available, size)] = seen
    assert available == size > 0
