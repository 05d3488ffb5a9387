"""A question finds its paragraph: by its words, by words of the same meaning, in the other language, misspelt."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

import pytest

from kamhub.desk.category.types import CategoryNotFound
from kamhub.desk.lexicon.actions import keep_missing
from kamhub.desk.search.actions import search
from kamhub.desk.search.types import AgentNotFound, Found
from kamhub.desk.services import Desk
from kamhub.hub.services import Hub
from kamhub.kit.ids import new_id
from tests.builders import World
from tests.desk.search.support import Stand, desk_of, know

LUGGAGE = "Каждый пассажир везёт без доплаты один чемодан весом до 23 кг."
DOGS = "Собаки едут в наморднике и на поводке, место для собаки стоит 500 рублей."
CHILDREN = "Дети до трёх лет едут бесплатно на коленях у взрослого."
WEATHER = "If the pass is closed by snow, the bus leaves the next morning and tickets stay valid."
SURF = "Wetsuits for the surf camp are in the yellow container; bring your own towel."
PRICES = "Артикул KM-204: доставка до базы Авача, 12 500 рублей за машину."
ALL = (LUGGAGE, DOGS, CHILDREN, WEATHER, SURF, PRICES)


@pytest.fixture
def desk(hub: Hub, tmp_path: Path) -> Desk:
    return desk_of(hub, tmp_path, Stand())


def first(found: Found) -> str:
    return found.hits[0].text


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("Сколько весит чемодан без доплаты?", LUGGAGE),
        ("Можно с псом?", DOGS),
        ("How heavy may my suitcase be?", LUGGAGE),
        ("Is there a fee for a dog?", DOGS),
        ("Перевал закрыт снегом, когда поедет автобус?", WEATHER),
        ("где лежат гидрокостюмы для сёрфинга", SURF),
        ("сколька весит чимодан", LUGGAGE),
        ("KM-204", PRICES),
        ("km-20", PRICES),
        ("До какого возраста малыш едет бесплатно?", CHILDREN),
    ],
)
async def test_a_question_finds_its_paragraph(desk: Desk, world: World, question: str, answer: str) -> None:
    await know(desk, world, world.main, "Правила", *ALL)
    found = await search(desk, world.main.id, question)
    assert first(found) == answer
    hit = found.hits[0]
    assert "words" in hit.found_by
    assert (hit.title, hit.article_id, hit.position["headings"] is not None) == ("Правила", None, True)


@pytest.mark.parametrize(
    "question",
    [
        "Сколько весит чемодан без доплаты?",
        "How heavy may my suitcase be without a surcharge?",
        "Сколько стоит место для собаки?",
        "Is the ticket valid when the pass is closed by snow?",
        "Провоз животных",
        "Where do they keep the wetsuits?",
    ],
)
async def test_what_is_there_is_answered(desk: Desk, world: World, question: str) -> None:
    await know(desk, world, world.main, "Правила", *ALL)
    found = await search(desk, world.main.id, question)
    assert found.good_enough
    assert 0.5 <= found.hits[0].score == round(found.confidence, 4) <= 1


@pytest.mark.parametrize(
    "question", ["Как сварить борщ?", "Who painted the Mona Lisa?", "Какой курс биткоина?", "?!", "и"]
)
async def test_what_has_nothing_to_do_with_it_is_not_answered(desk: Desk, world: World, question: str) -> None:
    await know(desk, world, world.main, "Правила", *ALL)
    assert not (await search(desk, world.main.id, question)).good_enough


async def test_what_has_no_vector_yet_is_answered(desk: Desk, world: World) -> None:
    source = await know(desk, world, world.main, "Правила", *ALL, embed=False)
    await keep_missing(desk.hub.database, world.main.id, source)
    assert world.rows("SELECT count(*) FROM chunk_vectors") == [(0,)]
    found = await search(desk, world.main.id, "Провоз животных")
    assert (first(found), found.good_enough) == (DOGS, True)
    assert not (await search(desk, world.main.id, "Как сварить борщ?")).good_enough


async def test_who_knows_nothing_answers_nothing(desk: Desk, world: World) -> None:
    assert await search(desk, world.main.id, "чемодан") == Found((), False, 0.0)


async def test_what_is_known_of_places_is_known_in_both_languages(desk: Desk, world: World) -> None:
    world.execute("UPDATE places SET name_ru = 'Тёплая речка', name_en = 'Warm Brook' WHERE slug = 'springs'")
    await know(desk, world, world.main, "Правила", *ALL, "Остановка Тёплая речка: выход по требованию.")
    assert first(await search(desk, world.main.id, "Warm Brook")) == "Остановка Тёплая речка: выход по требованию."


async def test_a_new_document_is_found_at_once_and_a_removed_one_no_more(desk: Desk, world: World) -> None:
    await know(desk, world, world.main, "Правила", LUGGAGE)
    assert first(await search(desk, world.main.id, "собака")) == LUGGAGE
    source = await know(desk, world, world.main, "Собаки", DOGS)
    assert first(await search(desk, world.main.id, "собака")) == DOGS
    world.execute("DELETE FROM assets WHERE id = %s", source.id)
    assert first(await search(desk, world.main.id, "собака")) == LUGGAGE


async def test_words_alone_find_while_the_embedder_is_away(hub: Hub, world: World, tmp_path: Path) -> None:
    stand = Stand()
    desk = desk_of(hub, tmp_path, stand)
    await know(desk, world, world.main, "Правила", *ALL)
    stand.away = 1
    found = await search(desk, world.main.id, "Сколько весит чемодан без доплаты?")
    assert first(found) == LUGGAGE
    assert "meaning" not in found.hits[0].found_by


def _category(world: World, name: str, parent: UUID | None = None) -> UUID:
    number = new_id()
    world.execute(
        "INSERT INTO knowledge_categories (organisation_id, id, parent_id, name, created_at) VALUES (%s, %s, %s, %s, now())",
        world.main.id, number, parent, name,
    )  # fmt: skip
    return number


async def test_a_search_is_narrowed_to_a_category_and_what_is_below_it(desk: Desk, world: World) -> None:
    rules = _category(world, "Правила")
    below, other = _category(world, "Животные", rules), _category(world, "Погода")
    await know(desk, world, world.main, "Собаки", DOGS, category=below)
    await know(desk, world, world.main, "Погода", WEATHER, category=other)
    await know(desk, world, world.main, "Прочее", CHILDREN)
    for category, texts in ((rules, {DOGS}), (below, {DOGS}), (other, {WEATHER})):
        found = await search(desk, world.main.id, "собака на перевале с детьми", category_id=category)
        assert {hit.text for hit in found.hits} == texts
    english = await search(desk, world.main.id, "собака", language="en")
    assert {hit.language for hit in english.hits} <= {"en"}
    with pytest.raises(CategoryNotFound):
        await search(desk, world.main.id, "собака", category_id=new_id())


async def test_an_agent_knows_its_categories_alone(desk: Desk, world: World) -> None:
    rules, other = _category(world, "Правила"), _category(world, "Погода")
    below = _category(world, "Животные", rules)
    await know(desk, world, world.main, "Собаки", DOGS, category=below)
    await know(desk, world, world.main, "Погода", WEATHER, category=other)
    some, all_of_it, none = new_id(), new_id(), new_id()
    for agent, everything in ((some, False), (all_of_it, True), (none, False)):
        world.execute(
            "INSERT INTO agents (organisation_id, id, name, all_categories, created_at) VALUES (%s, %s, 'x', %s, now())",
            world.main.id, agent, everything,
        )  # fmt: skip
    world.execute("INSERT INTO agent_categories VALUES (%s, %s, %s)", world.main.id, some, rules)
    question = "Собаки на закрытом перевале"

    async def seen(agent: UUID, category: UUID | None = None) -> set[str]:
        found = await search(desk, world.main.id, question, agent_id=agent, category_id=category)
        return {hit.text for hit in found.hits}

    assert await seen(some) == {DOGS}
    assert await seen(some, other) == set()
    assert await seen(all_of_it) == {DOGS, WEATHER}
    assert await seen(none) == set()
    with pytest.raises(AgentNotFound):
        await seen(new_id())
    with pytest.raises(AgentNotFound):
        await search(desk, world.other.id, question, agent_id=some)


async def test_the_last_place_is_the_limit(desk: Desk, world: World) -> None:
    await know(desk, world, world.main, "Правила", *ALL)
    assert len((await search(desk, world.main.id, "собака", limit=2)).hits) == 2
    scores = [hit.score for hit in (await search(desk, world.main.id, "собака", limit=20)).hits]
    assert scores == sorted(scores, reverse=True)
    assert len(scores) == len(ALL)
