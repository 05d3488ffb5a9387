"""What is read in texts, by examples and by properties."""

from __future__ import annotations

import itertools
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kamhub.desk.extraction.types import Language
from kamhub.desk.graph.rules.constraints import may_hold
from kamhub.desk.graph.rules.hub import facts_of
from kamhub.desk.graph.rules.matching import Lexicon
from kamhub.desk.graph.rules.merging import Candidate, likeness, stands_for
from kamhub.desk.graph.rules.names import (
    MOST_KEY,
    MOST_NAME,
    holds_money,
    key_of,
    shown,
    sound_of,
    without_money,
    words,
)
from kamhub.desk.graph.rules.notebook import Notebook
from kamhub.desk.graph.rules.reading import read
from kamhub.desk.graph.rules.sentences import price_rows, sentences
from kamhub.desk.graph.rules.words import SEASONS
from kamhub.desk.graph.types import ENTITY_TYPES, RELATION_TYPES, HubFacts, HubRows, Reading, Ref, Text, Thing
from tests.desk.graph.support import PLACES

_IDS = {row[0]: uuid4() for row in PLACES}
_ROUTE, _HIACE, _BUS = uuid4(), uuid4(), uuid4()
_ROWS = HubRows(
    organisation=("Камчатка Трансфер", "Kamchatka Transfer"),
    places=tuple((_IDS[slug], False, slug, *names) for slug, *names in PLACES),
    routes=((_ROUTE, "Аэропорт — Паратунка"),),
    stops=tuple((_ROUTE, _IDS[slug]) for slug in ("airport-x", "yelizovo", "paratunka")),
    vehicles=((_HIACE, "Toyota Hiace", "minibus"), (_BUS, "ПАЗ 3205", "bus")),
    runs=((_ROUTE, _HIACE),),
)
FACTS: HubFacts = facts_of(_ROWS)
PLACE = {slug: names[0] for slug, *names in PLACES}


def text(content: str, context: str = "") -> Text:
    language: Language = "ru" if any("а" <= letter <= "я" for letter in content.lower()) else "en"
    return Text(uuid4(), "Памятка", context, content, language)


def read_one(content: str, context: str = "") -> Reading:
    return read([text(content, context)], "Памятка", FACTS)


def found(content: str, of: str) -> set[str]:
    return {thing.name for thing in read_one(content).things.values() if thing.ref.type == of}


def ties(reading: Reading) -> set[tuple[str, str, str]]:
    return {
        (reading.things[tie.source].name, tie.type, reading.things[tie.target].name) for tie in reading.ties.values()
    }


@pytest.mark.parametrize(
    ("content", "places"),
    [
        ("Выезд из Елизово в шесть утра.", {"yelizovo"}),
        ("Выезд из Елизова в шесть утра.", {"yelizovo"}),
        ("Едем в Паратунку и ночуем в Паратунке.", {"paratunka"}),
        ("у Паратунки, за Паратункой", {"paratunka"}),
        ("Восхождение на Мутновский, у Мутновского ветрено, на Мутновском снег", {"mutnovsky"}),
        ("МУТНОВСКИЙ ВУЛКАН", {"mutnovsky"}),
        ("Из аэропорта Елизово встречаем с табличкой.", {"airport-x"}),
        ("в Аэропорту  Елизово", {"airport-x"}),
        ("Рейс до Петропавловска-Камчатского и обратно.", {"petropavlovsk"}),
        ("Рейс до Петропавловска и обратно.", {"petropavlovsk"}),
        ("Дорога в Эссо занимает девять часов.", {"esso"}),
        ("дорога в эссо", {"esso"}),
        ("Школьное эссе и стихи.", set()),
        ("Горели дрова, ехали мутновским трактом.", set()),
        ("We leave Yelizovo Airport for Paratunka.", {"airport-x", "paratunka"}),
        ("Paratunka's springs near Petropavlovsk-Kamchatsky", {"paratunka", "petropavlovsk"}),
        ("A road to Esso; yelizovo is behind us.", {"esso", "yelizovo"}),
        ("Essential things", set()),
    ],
)  # fmt: skip
def test_a_place_in_any_case_of_either_language(content: str, places: set[str]) -> None:
    assert found(content, "place") == {PLACE[slug] for slug in places}


@pytest.mark.parametrize(
    ("content", "seasons"),
    [
        ("Летом тепло, зимние туры в январе и феврале.", {"лето", "зима", "январь", "февраль"}),
        ("Ребёнку пять лет, за час до мая.", {"май"}),
        ("You may march on.", set()),
        ("Open in May and from 5 March, also in summer.", {"май", "март", "лето"}),
        ("Spring water will fall.", set()),
        ("В высокий сезон мест мало.", {"высокий сезон"}),
    ],
)
def test_seasons_and_months(content: str, seasons: set[str]) -> None:
    assert found(content, "season") == seasons


@pytest.mark.parametrize(
    "content",
    [
        "В микроавтобусе запрещено курить.",
        "Проезд с животными не допускается.",
        "Каждый пассажир обязан пристегнуть ремень.",
        "Паспорт обязателен для въезда в Вилючинск.",
        "Passengers must not smoke on board.",
        "A passport is required to enter the town.",
        "Прибыть необходимо за 15 минут до отправления.",
    ],
)
def test_what_is_forbidden_or_has_to_be_is_a_rule(content: str) -> None:
    assert found(content, "rule") == {content}


@pytest.mark.parametrize(
    "content", ["Запрещено.", "Мы рады гостям и едем быстро.", "You will like the trip very much."]
)
def test_what_is_no_rule(content: str) -> None:
    assert found(content, "rule") == set()


def test_a_rule_is_tied_to_what_it_speaks_of_else_to_its_heading_else_to_the_document() -> None:
    rule = "Курить запрещено всем пассажирам."
    assert (rule, "applies_to", "микроавтобус") in ties(read_one(rule, "Правила в микроавтобусе"))
    assert (rule, "applies_to", "Памятка") in ties(read_one(rule))
    named = "Курить в Эссо запрещено."
    assert (named, "applies_to", "Эссо") in ties(read_one(named, "Правила в микроавтобусе"))


def test_long_rules_are_cut_and_endless_ones_left_out() -> None:
    (rule,) = found("Курить запрещено " + "и громко петь " * 20 + ".", "rule")
    assert len(rule) <= 160
    assert rule.endswith("…")
    assert found("Курить запрещено " + "и громко петь " * 60 + ".", "rule") == set()


@pytest.mark.parametrize(
    ("context", "content", "services"),
    [
        ("Услуга | Цена", "Трансфер в Эссо | 9 500 ₽\nАренда лыж | 500", ["Трансфер в Эссо", "Аренда лыж"]),
        ("", "Услуга | Стоимость\nАренда лыж | 500", ["Аренда лыж"]),
        ("", "Услуга: Аренда лыж; Цена: 500", ["Аренда лыж"]),
        ("", "№: 1; Название: Аренда лыж; Цена, руб.: 500", ["Аренда лыж"]),
        ("", "- Аренда лыж — 500 руб. в день", ["Аренда лыж"]),
        ("", "Прокат\nSki rental: $20", ["Ski rental"]),
        ("", "Fare table. Transfer to Esso — 95 EUR", ["Transfer to Esso"]),
        ("Item\tPrice", "Bear watching\tfree", ["Bear watching"]),
        ("Расстояния | км", "Аэропорт | 30", []),
        ("Цены", "500 | 600", []),
        ("Цены", "Аренда лыж | уточняйте", []),
        ("", "Время: 10 минут", []),
        ("", "С 5 000 руб. — скидка 300 руб.", []),
    ],
)
def test_rows_with_prices(context: str, content: str, services: list[str]) -> None:
    rows = price_rows(context, content)
    assert [row.name for row in rows] == services
    for row in rows:
        assert content[row.row.start : row.row.end] == row.row.text
        assert content[row.name_start :].startswith(row.name)


def test_a_price_is_a_pointer_without_an_amount() -> None:
    reading = read_one(
        "Трансфер в Эссо | 9 500 ₽\nДети до 5 лет | 1 000 ₽\nАэропорт — Паратунка | 2000", "Услуга | Цена"
    )
    said = ties(reading)
    assert {
        ("Трансфер в Эссо", "has_price_condition", "Цена: Трансфер в Эссо"),
        ("Трансфер в Эссо", "related_to", "Эссо"),
        ("Аэропорт — Паратунка", "has_price_condition", "Цена: Аэропорт — Паратунка"),
        ("Памятка", "contains", "Цена: Дети до 5 лет"),
    } <= said
    assert {thing.name for thing in reading.things.values() if thing.ref.type == "service"} == {"Трансфер в Эссо"}
    for thing in reading.things.values():
        assert not holds_money(" ".join(thing.names))
    assert {thing.name for thing in read_one("Ski rental — $20").things.values()} == {
        "Памятка",
        "Ski rental",
        "Price: Ski rental",
    }


@pytest.mark.parametrize(
    ("content", "tie"),
    [
        ("Из аэропорта Елизово в Паратунку час пути.", ("Аэропорт — Паратунка", "contains", "Паратунка")),
        ("Паратунка — Эссо", ("Паратунка — Эссо", "contains", "Эссо")),
        ("From Esso to Paratunka by road.", ("Эссо — Паратунка", "contains", "Паратунка")),
        ("Из Эссо в Паратунку едем в июле.", ("Эссо — Паратунка", "available_in", "июль")),
        ("Аэропорт Елизово находится в Елизово.", ("Аэропорт Елизово", "located_in", "Елизово")),
        ("Камчатка Трансфер предлагает маршрут Аэропорт — Паратунка.", ("Камчатка Трансфер", "provides", "Аэропорт — Паратунка")),
        ("Аэропорт — Паратунка на микроавтобусе.", ("Аэропорт — Паратунка", "uses", "микроавтобус")),
        ("Маршрут Аэропорт — Паратунка работает летом.", ("Аэропорт — Паратунка", "available_in", "лето")),
        ("Летом работает Аэропорт — Паратунка.", ("Аэропорт — Паратунка", "available_in", "лето")),
        ("ООО «Ромашка» находится в Эссо.", ("Ромашка", "located_in", "Эссо")),
        ("Volcano Tours LLC is located in Esso.", ("Volcano Tours", "located_in", "Эссо")),
        ("Контакты: info@kamchatka.example", ("Камчатка Трансфер", "has_contact", "info@kamchatka.example")),
        ("ООО «Ромашка», +7 (4152) 20-00-00", ("Ромашка", "has_contact", "+7 415 220-00-00")),
    ],
)  # fmt: skip
def test_what_a_sentence_says(content: str, tie: tuple[str, str, str]) -> None:
    assert tie in ties(read_one(content))


@pytest.mark.parametrize(
    "content",
    [
        "Зимой Аэропорт — Паратунка не работает.",
        "Паратунка и Эссо.",
        "Из Елизово в Елизово.",
        "Водитель Иван, +7 914 123-45-67",
        "Паратунка " + "очень далеко " * 10 + " находится в Эссо",
    ],
)
def test_what_a_sentence_does_not_say(content: str) -> None:
    said = {tie for tie in ties(read_one(content)) if tie[0] != "Памятка"}
    assert said == set()


def test_a_known_company_is_not_met_twice() -> None:
    assert found("ООО «Камчатка Трансфер» встретит вас.", "organisation") == {"Камчатка Трансфер"}
    assert found("ООО «!!!» встретит вас.", "organisation") == set()


def test_an_abbreviation_that_a_text_declares() -> None:
    texts = [text("Вылет из PKC утром."), text("Аэропорт Елизово (PKC) работает; Эссо (RUB) нет. Паратунка (СССР)")]
    reading = read(texts, "Рейсы", FACTS)
    assert {(one.key, other.key) for one, other in reading.declared} == {
        ("pkc", "аэропорт елизов"),
        ("паратунк", "ссср"),
    }
    assert {mention.chunk_id for mention in reading.mentions.values() if mention.ref.key == "pkc"} == {
        one.id for one in texts
    }
    same = read([text("PKC (PKC)")], "x", FACTS, [Thing(Ref("place", "pkc"), "PKC")])
    assert not same.declared


def test_sentences_end_where_people_end_them() -> None:
    spans = sentences("Едем в г. Елизово, ул. Беринга. Потом обед!\nКонец «дня.» Всё.  ")
    assert [span.text for span in spans] == ["Едем в г. Елизово, ул. Беринга.", "Потом обед!", "Конец «дня.", "Всё."]
    assert sentences("   ") == []


def test_the_hub_as_a_graph() -> None:
    names = {thing.ref: thing.name for thing in FACTS.things} | {thing.ref: thing.name for thing in FACTS.known}
    said = {(names[source], relation, names[target]) for source, target, relation in FACTS.ties}
    assert {
        ("Аэропорт — Паратунка", "contains", "Выход из зала прилёта"),
        ("Выход из зала прилёта", "located_in", "Аэропорт Елизово"),
        ("Аэропорт — Паратунка", "uses", "Toyota Hiace"),
        ("Toyota Hiace", "part_of", "микроавтобус"),
        ("Камчатка Трансфер", "provides", "Аэропорт — Паратунка"),
    } <= said
    assert "Эссо" not in {thing.name for thing in FACTS.things}
    assert facts_of(_ROWS).digest == FACTS.digest


def test_a_hub_with_names_that_are_none() -> None:
    number, other = uuid4(), uuid4()
    rows = HubRows(("Я", "Я"), ((number, True, "x", "!!!", "!!!", None, None), (other, True, "y", "Ключи", "Klyuchi", "***", None)),
                   ((number, "—"),), ((number, other), (number, number)), ((number, "№", "economy"),), ((number, number),))  # fmt: skip
    facts = facts_of(rows)
    assert {thing.name for thing in facts.things} == {"Я", "Ключи"}


@given(st.text(max_size=300))
def test_reading_anything_ends_and_points_into_the_text(content: str) -> None:
    one = text(content or " ")
    reading = read([one], "Памятка", FACTS)
    for mention in reading.mentions.values():
        assert 0 <= mention.start <= len(one.text)
        assert mention.length >= 1
    for tie in reading.ties.values():
        assert may_hold(tie.source.type, tie.type, tie.target.type)
        assert tie.source in reading.things
    for thing in reading.things.values():
        assert not holds_money(thing.name)


@given(st.text(max_size=400))
def test_names_are_bounded_and_keys_do_not_depend_on_case(name: str) -> None:
    assert len(shown(name)) <= MOST_NAME
    assert len(key_of(name)) <= MOST_KEY
    assert key_of(name) == key_of(f"  {name}  ")
    assert without_money(without_money(name)) == without_money(name)
    assert sound_of(name) == sound_of(name)


@given(st.lists(st.sampled_from((*FACTS.known, *SEASONS)), max_size=6))
def test_what_is_found_never_overlaps(things: list[Thing]) -> None:
    content = " и ".join(thing.name for thing in things)
    met = Lexicon((*FACTS.known, *SEASONS)).find(content)
    assert all(one.end <= other.start for one, other in itertools.pairwise(met))
    assert all(words(content[one.start : one.end]) for one in met)


def candidate(name: str, *, of: str = "place", hub: bool = False, weight: int = 0) -> Candidate:
    return Candidate(uuid4(), of, key_of(name), sound_of(name), weight, hub)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("one", "other", "reason"),
    [
        ("Халактырский пляж", "пляж Халактырский", "word_order"),
        ("вулкан Горелый", "Горелый", "general_word"),
        ("Козыревск", "Kozyrevsk", "translation"),
        ("Усть-Камчатск", "Усть-Камчацк", "spelling"),
        ("Аэропорт Елизово", "Елизово", None),
        ("Отель 1", "Отель 2", None),
        ("Эссо", "Esso", None),  # too short to be sure
        ("Паратунка", "Мильково", None),
        ("Kozyrevsk", "Мильково", None),
    ],
)
def test_what_may_be_one_thing(one: str, other: str, reason: str | None) -> None:
    same = likeness(candidate(one), candidate(other))
    assert (same.reason if same else None) == reason
    if same:
        assert same.key_a < same.key_b
        assert likeness(candidate(other), candidate(one)) == same


def test_what_is_never_compared() -> None:
    assert likeness(candidate("Халактырский пляж"), candidate("пляж Халактырский", of="service")) is None
    assert likeness(candidate("a b", of="rule"), candidate("b a", of="rule")) is None
    assert likeness(candidate("a b", hub=True), candidate("b a", hub=True)) is None
    assert likeness(candidate("a b"), candidate("a b")) is None


def test_the_hubs_name_stands_for_the_others() -> None:
    hub, heavy, light = candidate("x", hub=True), candidate("y", weight=9), candidate("z", weight=1)
    stands = stands_for([hub, heavy, light], [(light.id, heavy.id), (heavy.id, hub.id)])
    assert stands == {heavy.id: hub.id, light.id: hub.id}
    assert stands_for([heavy, light], [(light.id, heavy.id)]) == {light.id: heavy.id}
    assert stands_for([hub], []) == {}


def test_a_notebook_leaves_out_what_cannot_be() -> None:
    notes, one = Notebook(), text("Эссо")
    esso, rule = notes.named("place", "Эссо", 0.6), notes.named("rule", "Не курить", 0.9)
    assert esso is not None
    assert rule is not None
    assert notes.named("place", "— 500 ₽ —", 0.9) is None
    assert notes.named("place", "Эссо", 0.9) is not None
    assert notes.reading.things[esso.ref].confidence == 0.9
    notes.tie(esso.ref, "applies_to", rule.ref, one, 0, 4, 0.9)
    notes.tie(rule.ref, "applies_to", esso.ref, one, 0, 4, 0.4)
    notes.tie(rule.ref, "applies_to", rule.ref, one, 0, 4, 0.9)
    assert not notes.reading.ties
    for confidence in (0.6, 0.8, 0.7):
        notes.tie(rule.ref, "applies_to", esso.ref, one, 0, 4, confidence)
    assert [tie.confidence for tie in notes.reading.ties.values()] == [0.8]
    notes.same(esso.ref, rule.ref)
    assert not notes.reading.declared


def test_every_relation_can_hold_between_some_types() -> None:
    for relation in RELATION_TYPES:
        assert any(may_hold(source, relation, target) for source in ENTITY_TYPES for target in ENTITY_TYPES)
        assert not may_hold("price_condition", relation, "contact")
