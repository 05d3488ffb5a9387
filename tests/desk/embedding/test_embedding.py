"""Vectors by the models that run here and by an API that is sometimes away; and which of them an installation has."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from kamhub.desk.embedding import rules
from kamhub.desk.embedding.actions import embed_missing
from kamhub.desk.embedding.choice import embedder_of, embedders_of, price_of
from kamhub.desk.embedding.local import LocalUse
from kamhub.desk.embedding.remote import RemoteEmbedder
from kamhub.desk.embedding.types import Embedder, EmbedderUnavailable, Price, Vector
from kamhub.desk.lexicon import actions as lexicon
from kamhub.hub.services import Hub
from kamhub.platform.settings import Settings, SettingsRefused, load_settings
from tests.builders import World
from tests.desk.embedding.support import Reply, api
from tests.desk.search.support import Stand, desk_of, know, say_nothing


def vectors(body: dict[str, Any]) -> Reply:
    """As OpenAI answers, out of order."""
    rows = [{"index": place, "embedding": [float(len(text)), 1.0, 0.0]} for place, text in enumerate(body["input"])]
    return 200, {"data": rows[::-1]}


def remote(address: str, key: str | None = None) -> RemoteEmbedder:
    return RemoteEmbedder(address, "big", 3, key, wait=0.0)


async def test_what_runs_here_gives_unit_vectors_that_can_be_compared() -> None:
    embedder: Embedder = LocalUse()
    texts = await embedder.texts(["Собака едет в наморднике.", "Цена билета 500 рублей.", "\ud800"])
    question = await embedder.question("Можно ли с собакой?")
    assert [len(vector) for vector in (*texts, question)] == [embedder.dimension] * 4
    assert all(math.isclose(sum(number * number for number in vector), 1, rel_tol=1e-3) for vector in texts)
    near = [sum(a * b for a, b in zip(question, vector, strict=True)) for vector in texts[:2]]
    assert near[0] > near[1]


async def test_an_api_is_asked_in_batches_and_its_answers_are_put_in_order() -> None:
    async with api(vectors) as (address, asked):
        made = await remote(address, "sesame").texts(["x" * number for number in range(1, 41)])
        assert [round(vector[0] / vector[1]) for vector in made] == list(range(1, 41))
        assert [len(each["input"]) for each in asked] == [32, 8]
        assert {(each["path"], each["key"], each["dimensions"], each["model"]) for each in asked} == {
            ("/v1/embeddings", "bearer sesame", 3, "big")
        }
    assert "sesame" not in repr(remote(address, "sesame"))


async def test_an_api_that_is_busy_is_asked_again() -> None:
    async with api((429, {}), (503, {}), vectors) as (address, asked):
        assert len(await remote(address).texts(["x"])) == 1
    assert len(asked) == 3
    assert asked[0]["key"] is None


async def test_a_question_does_not_wait_for_an_api_that_is_busy() -> None:
    async with api((503, {})) as (address, asked):
        with pytest.raises(EmbedderUnavailable):
            await remote(address).question("x")
    assert len(asked) == 1


@pytest.mark.parametrize(
    "answer",
    [
        (401, {"error": "key"}),
        (200, {}),
        (200, {"data": [{"index": 0, "embedding": [1, 2]}]}),
        (200, {"data": [{"index": 1, "embedding": [1, 2, 3]}]}),
        (200, {"data": [{"index": 0, "embedding": ["x", 2, 3]}]}),
    ],
)
async def test_an_answer_that_is_none_is_not_asked_for_again(answer: Reply) -> None:
    async with api(answer) as (address, asked):
        with pytest.raises(EmbedderUnavailable):
            await remote(address).texts(["x"])
    assert len(asked) == 1


async def test_nobody_there() -> None:
    with pytest.raises(EmbedderUnavailable):
        await remote("http://127.0.0.1:9").question("x")


def test_an_installation_has_what_is_set() -> None:
    here = Settings()
    assert [embedder.model for embedder in embedders_of(here)] == [LocalUse.model]
    assert (price_of(here), embedder_of(here, "big:3")) == (None, None)
    away = Settings(
        embedding_base_url="http://x/v1", embedding_model="big", embedding_dimensions=512, embedding_price=2
    )
    assert [(embedder.model, embedder.dimension) for embedder in embedders_of(away)] == [
        ("big:512", 512),
        (LocalUse.model, 512),
    ]
    assert price_of(away) == Price(2, "USD")
    local = embedder_of(away, LocalUse.model)
    assert local is not None
    assert local.dimension == LocalUse.dimension
    before = embedder_of(away, "small:256")
    assert before is not None
    assert (before.model, before.dimension) == ("small:256", 256)
    assert embedder_of(away, "nothing") is None


def test_half_a_setting_is_none() -> None:
    with pytest.raises(SettingsRefused, match="belong together"):
        load_settings(embedding_model="big")


async def test_vectors_are_made_once_and_for_the_chunks_that_lack_them(hub: Hub, world: World, tmp_path: Path) -> None:
    stand = Stand()
    desk = desk_of(hub, tmp_path, stand)
    source = await know(desk, world, world.main, "Правила", *(f"Правило {number}" for number in range(40)), embed=False)
    await know(desk, world, world.main, "Прочее", "Другое", embed=False)
    told: list[tuple[int, int]] = []

    async def say(done: int, total: int) -> None:
        told.append((done, total))

    assert await embed_missing(hub.database, [stand], world.main.id, source, say) == 40
    assert {total for _, total in told} == {80}, "a vector of each, and its words"
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert told[-1] == (80, 80)
    assert await embed_missing(hub.database, [stand], world.main.id, source, say_nothing) == 0
    assert await embed_missing(hub.database, [stand], world.main.id, None, say_nothing) == 1
    assert len(stand.asked) == 41


async def test_words_are_not_gone_on_with_when_the_embedder_is_away(
    hub: Hub, world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = desk_of(hub, tmp_path)
    source = await know(desk, world, world.main, "Правила", "Собаки едут в наморднике", embed=False)
    ended = asyncio.Event()

    async def for_ever(*_: object) -> int:
        try:
            return await asyncio.Future()
        finally:
            ended.set()

    class Away(Stand):
        async def texts(self, texts: Sequence[str]) -> list[Vector]:
            raise EmbedderUnavailable("away")

    monkeypatch.setattr(lexicon, "keep_missing", for_ever)
    with pytest.raises(EmbedderUnavailable):
        await embed_missing(hub.database, [Away()], world.main.id, source, say_nothing)
    assert ended.is_set()


def test_what_is_embedded_is_bounded_and_valid() -> None:
    assert rules.embedded_text("", "x") == "x"
    assert rules.embedded_text("a", "b\ud800") == "a\nb?"
    assert len(rules.embedded_text("a" * 300, "b" * 2000)) == rules.MOST_CHARACTERS
    assert rules.unit([3.0, 4.0]) == (0.6, 0.8)
    assert rules.unit([0.0, 0.0]) == rules.unit([math.nan, 1.0]) == (1.0, 0.0)
    assert rules.as_text([0.5, 1e-9]) == "[0.5,1e-09]"
    assert list(rules.batches(["a", "b", "c"], 2)) == [["a", "b"], ["c"]]
    assert (rules.tokens_of(7), rules.price_of(1_500_000, 3), rules.price_of(1, 1), rules.price_of(0, 9)) == (
        3,
        5,
        1,
        0,
    )


@pytest.mark.parametrize(
    ("counts", "used"),
    [
        ({}, "new"),
        ({"new": 5, "aligned": 9}, "new"),
        ({"old": 5, "new": 4}, "old"),
        ({"old": 5, "new": 5}, "new"),
        ({"old": 5, "older": 6}, "older"),
    ],
)
def test_the_model_that_searches_use(counts: dict[str, int], used: str) -> None:
    assert rules.model_in_use("new", counts, "aligned") == used
