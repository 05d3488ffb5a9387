"""Reading documents into the graph: what is found, what stays, what goes, and whose it is."""

from __future__ import annotations

import asyncio

from kamhub.desk.graph import actions
from kamhub.desk.graph.services import Graphing
from kamhub.hub.services import Hub
from tests.builders import World
from tests.desk.graph.support import ENTITIES, furnish, names, ties, whole, write

PRICES = ("Услуга | Цена", "Трансфер на Мутновский | 12 000 ₽\nДети до 5 лет | бесплатно")
RULES = "В микроавтобусе запрещено курить. Из аэропорта Елизово в Паратунку едем около часа, в июле дольше."


async def test_a_document_is_linked_with_the_hub(hub: Hub, world: World) -> None:
    furnish(world)
    source = write(world, world.main, "Прайс", PRICES, RULES)
    linked = await actions.link(Graphing(hub), world.main.id, source)
    assert linked.mentions > 0
    assert {"Аэропорт Елизово", "Паратунка", "Начало тропы к вулкану Мутновский"} <= set(
        names(world, world.main, "place")
    )
    assert names(world, world.main, "service") == ["Трансфер на Мутновский"]
    assert {
        ("Аэропорт — Паратунка", "contains", "Автостанция"),
        ("Автостанция", "located_in", "Елизово"),
        ("Трансфер на Мутновский", "has_price_condition", "Цена: Трансфер на Мутновский"),
        ("В микроавтобусе запрещено курить.", "applies_to", "микроавтобус"),
        ("Аэропорт — Паратунка", "available_in", "июль"),
        ("Прайс", "contains", "Трансфер на Мутновский"),
    } <= ties(world, world.main)
    assert "Эссо" not in names(world, world.main, "place"), "of the catalogue only what is used or spoken of"


async def test_no_amount_of_money_is_kept(hub: Hub, world: World) -> None:
    furnish(world)
    text = "Штраф 5 000 ₽ обязателен к оплате на месте.\nТрансфер в Эссо — 9 500 руб."
    source = write(world, world.main, "Прайс за 1 000 ₽", PRICES, text)
    await actions.link(Graphing(hub), world.main.id, source)
    kept = " ".join(str(value) for row in whole(world, world.main)["graph_entities"] for value in row)
    for amount in ("12 000", "5 000", "9 500", "1 000"):
        assert amount not in kept


async def test_reading_twice_gives_the_same_graph(hub: Hub, world: World) -> None:
    furnish(world)
    source = write(world, world.main, "Прайс", PRICES, RULES)
    await actions.link(Graphing(hub), world.main.id, source)
    before = whole(world, world.main)
    await actions.link(Graphing(hub), world.main.id, source)
    assert whole(world, world.main) == before
    assert all(before[table] for table in before if table != "graph_merges")


async def test_several_at_once_give_what_one_after_another_gives(hub: Hub, world: World) -> None:
    furnish(world)
    sources = [
        write(world, world.main, f"Документ {number}", PRICES, f"{RULES} Памятка {number}.") for number in range(4)
    ]
    await asyncio.gather(*(actions.link(Graphing(hub), world.main.id, source) for source in sources * 2))
    together = world.rows(ENTITIES, world.main.id), ties(world, world.main)
    world.execute("DELETE FROM graph_relations")
    world.execute("DELETE FROM graph_entities")
    world.execute("DELETE FROM graph_states")
    for source in sources:
        await actions.link(Graphing(hub), world.main.id, source)
    assert (world.rows(ENTITIES, world.main.id), ties(world, world.main)) == together


async def test_what_is_no_longer_written_goes(hub: Hub, world: World) -> None:
    furnish(world)
    source = write(world, world.main, "Прайс", PRICES, RULES)
    await actions.link(Graphing(hub), world.main.id, source)
    kept = world.rows("SELECT id FROM graph_entities WHERE type = 'rule'")
    write(world, world.main, "Прайс", RULES, source=source)
    assert names(world, world.main, "service") == [], "with the chunk, before anything is read anew"
    await actions.link(Graphing(hub), world.main.id, source)
    assert names(world, world.main, "price_condition") == []
    assert world.rows("SELECT id FROM graph_entities WHERE type = 'rule'") == kept
    world.execute("DELETE FROM assets WHERE id = %s", source.id)
    await actions.link(Graphing(hub), world.main.id, source)
    assert world.rows("SELECT count(*) FROM graph_mentions, graph_evidence") == [(0,)]
    assert {row[0] for row in world.rows(ENTITIES, world.main.id)} == {
        "place",
        "route",
        "stop",
        "vehicle",
        "organisation",
    }


async def test_a_deleted_document_takes_only_what_nobody_else_speaks_of(hub: Hub, world: World) -> None:
    furnish(world)
    first = write(world, world.main, "Первый", "В Эссо зимой ходят собачьи упряжки. Трансфер в Эссо — 9 500 руб.")
    second = write(world, world.main, "Второй", "В Эссо запрещено кормить собак.")
    for source in (first, second):
        await actions.link(Graphing(hub), world.main.id, source)
    world.execute("DELETE FROM assets WHERE id = %s", first.id)
    assert "Эссо" in names(world, world.main, "place")
    assert names(world, world.main, "season") == []
    assert names(world, world.main, "service") == []
    world.execute("DELETE FROM assets WHERE id = %s", second.id)
    assert "Эссо" not in names(world, world.main, "place")


async def test_two_operators_with_one_document_see_their_own_graph(hub: Hub, world: World) -> None:
    furnish(world)
    for operator in (world.main, world.other):
        await actions.link(Graphing(hub), operator.id, write(world, operator, "Прайс", PRICES, RULES))
    mine, theirs = (
        set(world.rows("SELECT id FROM graph_entities WHERE organisation_id = %s", one.id))
        for one in (world.main, world.other)
    )
    assert mine
    assert len(mine) == len(theirs)
    assert not mine & theirs
    for operator in (world.main, world.other):
        async with hub.database.tenant(operator.id) as connection:
            for table in (
                "graph_entities", "graph_mentions", "graph_relations", "graph_evidence", "graph_merges", "graph_states",
            ):  # fmt: skip
                seen = await (
                    await connection.execute(f"SELECT DISTINCT organisation_id FROM {table}".encode())
                ).fetchall()
                assert seen in ([(operator.id,)], []), table


async def test_a_new_place_is_found_in_old_documents(hub: Hub, world: World) -> None:
    furnish(world)
    source = write(world, world.main, "Озёра", "Поездка на Голубые озёра занимает день.", RULES)
    await actions.link(Graphing(hub), world.main.id, source)
    assert await actions.refresh_all(Graphing(hub)) == 1, "nobody had read everything with these names"
    assert await actions.refresh_all(Graphing(hub)) == 0
    world.execute(
        "INSERT INTO places (organisation_id, id, slug, name_ru, name_en, latitude, longitude) "
        "VALUES (%s, gen_random_uuid(), 'lakes', 'Голубые озёра', 'Blue Lakes', 53, 158)",
        world.main.id,
    )
    assert await actions.refresh_all(Graphing(hub)) == 1
    rows = world.rows(
        "SELECT substr(c.text, m.start + 1, m.length) FROM graph_mentions m JOIN graph_entities e ON e.id = m.entity_id "
        "JOIN chunks c ON c.id = m.chunk_id WHERE e.name = 'Голубые озёра'"
    )
    assert rows == [("Голубые озёра",)]
    world.execute("UPDATE places SET archived_at = now() WHERE slug = 'lakes'")
    assert await actions.refresh_all(Graphing(hub)) == 1
    assert "Голубые озёра" not in names(world, world.main, "place")


async def test_an_archived_route_goes_from_the_graph(hub: Hub, world: World) -> None:
    made = furnish(world)
    source = write(world, world.main, "Памятка", "Ничего особенного.")
    await actions.link(Graphing(hub), world.main.id, source)
    assert "Аэропорт — Паратунка" in names(world, world.main, "route")
    world.execute("UPDATE routes SET archived_at = now() WHERE id = %s", made["route-main"])
    await actions.refresh(Graphing(hub), world.main.id)
    assert "Аэропорт — Паратунка" not in names(world, world.main, "route")
    assert not {tie for tie in ties(world, world.main) if tie[0] == "Аэропорт — Паратунка"}
