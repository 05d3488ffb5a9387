"""Words: what is one, how they are counted while chunks come and go, and which of them a question means."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from kamhub.desk.lexicon import actions, rules
from kamhub.desk.lexicon.actions import Lexicons
from kamhub.desk.lexicon.keyboard import as_meant
from kamhub.desk.lexicon.meaning import KeptMeanings
from kamhub.desk.lexicon.vocabulary import IN_THE_LONG_LIST, IN_THE_SHORT_LIST, same_meaning
from kamhub.desk.search.understanding import stems, understand
from kamhub.hub.services import Hub
from tests.builders import World
from tests.desk.search.support import desk_of, know


def forms(text: str) -> list[str]:
    return [word.form for word in rules.words_of(text)]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Ёлка — это 12 500 ₽!", ["елка", "12500"]),
        ("Петропавловск-Камчатский, рейс SU1730", ["петропавловск", "камчатский", "рейс", "su1730"]),
        ("The bus of the driver", ["bus", "driver"]),
        ("ﬁsh", ["fish"]),
        ("", []),
        ("x" * 100, ["x" * 64]),
    ],
)
def test_the_words_of_a_text(text: str, words: list[str]) -> None:
    assert forms(text) == words


def test_forms_of_a_word_have_a_stem() -> None:
    assert len({rules.stem_of(form) for form in ("собака", "собаки", "собаку", "собаками")}) == 1
    assert rules.stem_of("cancelled") == rules.stem_of("cancel")
    assert rules.stem_of("su1730") == "su1730"
    assert [rules.has_meaning(form) for form in ("чемодан", "bus", "su1730", "я")] == [True, True, False, False]
    assert rules.sound_of("вилючинск") == rules.sound_of("viliuchinsk") == rules.sound_of("vilyuchinsk")


def test_a_text_falls_into_sentences() -> None:
    text = "Собаки едут в наморднике и на поводке. Да.\nКошки едут в переноске на коленях хозяина.\n\nКоротко"
    assert rules.sentences_of(text) == [
        "Собаки едут в наморднике и на поводке.",
        "Да. Кошки едут в переноске на коленях хозяина.",
        "Коротко",
    ]
    assert rules.sentences_of("") == []
    assert len(rules.sentences_of("\n".join("слово " * 10 for _ in range(50)))) == 16


def test_the_vocabulary_goes_both_ways() -> None:
    meanings = same_meaning()
    luggage, bag = rules.stem_of("luggage"), rules.stem_of("багаж")
    assert bag in meanings[luggage]
    assert luggage in meanings[bag]
    assert all(stem not in others for stem, others in meanings.items())


def test_the_short_list_says_more_than_the_long_one() -> None:
    meanings = same_meaning()
    assert meanings[rules.stem_of("багаж")][rules.stem_of("luggage")] == IN_THE_SHORT_LIST
    assert 0 < meanings[rules.stem_of("банкнота")][rules.stem_of("деньги")] <= IN_THE_LONG_LIST < IN_THE_SHORT_LIST


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("crjkmrj cnjbn h.rpfr yf 40 kbnhjd?", "сколько стоит рюкзак на 40 литров?"),
        ("Vj;yj c cj,frjq", "Можно с собакой"),
        ("How much is a backpack?", "How much is a backpack?"),
        ("skolko stoit bagazh", "skolko stoit bagazh"),
        ("SU1730", "SU1730"),
        ("Сколько стоит?", "Сколько стоит?"),
    ],
)
def test_russian_typed_on_latin_keys_is_read(typed: str, meant: str) -> None:
    assert as_meant(typed) == meant


async def test_words_are_counted_while_chunks_come_and_go(hub: Hub, world: World, tmp_path: Path) -> None:
    desk = desk_of(hub, tmp_path)
    lexicons = Lexicons()
    first = await know(desk, world, world.main, "А", "Собака собаке собака", "Кошка и собака", embed=False)
    await know(desk, world, world.main, "Б", "Кошка", embed=False)

    async def counted() -> tuple[int, dict[str, int]]:
        async with hub.database.tenant(world.main.id) as connection:
            lexicon = await lexicons.of(connection, world.main.id)
        return lexicon.chunks, dict(zip(lexicon.words, lexicon.counts.tolist(), strict=True))

    assert await counted() == (0, {})
    kept = await asyncio.gather(*(actions.keep_missing(hub.database, world.main.id) for _ in range(3)))
    assert max(kept) == 3
    assert await counted() == (3, {"собака": 2, "кошка": 2})
    assert await actions.keep_missing(hub.database, world.main.id, first) == 0
    world.execute("DELETE FROM assets WHERE id = %s", first.id)
    assert await counted() == (1, {"кошка": 1})
    assert await actions.forget_unused(hub.database, world.main.id) == 1
    assert await counted() == (1, {"кошка": 1})
    await know(desk, world, world.main, "В", "Собака", embed=False)
    await actions.keep_missing(hub.database, world.main.id)
    assert await counted() == (2, {"кошка": 1, "собака": 1})


async def test_meanings_are_kept_of_the_words_met_last() -> None:
    kept = KeptMeanings(most=2)
    first = await kept.of(["собака", "кошка", "собака"])
    assert first.keys() == {"собака", "кошка"}
    assert {len(vector) for vector in first.values()} == {512}
    assert await kept.of([]) == {}
    both = await asyncio.gather(kept.of(["собака", "автобус"]), kept.of(["кошка", "багаж", "дети"]))
    assert both[0]["собака"] == first["собака"]
    assert both[1]["кошка"] == first["кошка"]
    assert len(kept._kept) == 2


async def test_a_process_keeps_the_words_of_those_that_asked_last(hub: Hub, world: World, tmp_path: Path) -> None:
    desk = desk_of(hub, tmp_path)
    await know(desk, world, world.main, "А", "Собака")
    await know(desk, world, world.other, "А", "Кошка")
    lexicons = Lexicons(most_words=1)
    async with hub.database.tenant(world.main.id) as connection:
        mine = await lexicons.of(connection, world.main.id)
        assert await lexicons.of(connection, world.main.id) is mine
    async with hub.database.tenant(world.other.id) as connection:
        assert (await lexicons.of(connection, world.other.id)).words == ["кошка"]
    async with hub.database.tenant(world.main.id) as connection:
        assert await lexicons.of(connection, world.main.id) is not mine


async def test_a_question_means_words_by_letters_meaning_and_name(hub: Hub, world: World, tmp_path: Path) -> None:
    desk = desk_of(hub, tmp_path)
    await know(desk, world, world.main, "А", "Чемодан, собака, KM-204 и km204x, Вилючинск, тёплая речка")
    async with hub.database.tenant(world.main.id) as connection:
        lexicon = await desk.lexicons.of(connection, world.main.id)

    def meant(question: str) -> dict[str, float]:
        understood = understand(question, lexicon, [(stems("Тёплая речка"), stems("Warm Brook"))])
        best = understood.alike.max(axis=0)
        return {lexicon.words[place]: float(best[place]) for place in (-best).argsort()[:2] if best[place] > 0.3}

    assert meant("чемоданы") == {"чемодан": 1.0}
    assert list(meant("suitcase")) == ["чемодан"]
    assert list(meant("чимодан")) == ["чемодан"]
    assert list(meant("Viliuchinsk")) == ["вилючинск"]
    assert set(meant("km204")) == {"km204x"}
    assert set(meant("warm brook")) == {"теплая", "речка"}
    assert meant("xyzzy") == {}
    nothing = understand("?", lexicon)
    assert (nothing.words, nothing.alike.shape) == ((), (0, len(lexicon.ids)))
