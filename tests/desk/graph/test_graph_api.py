"""The graph over HTTP: a part of it, why it is thought, which names are one; each operator's own."""

from __future__ import annotations

from typing import Any

import pytest

from kamhub.desk.graph import actions
from kamhub.desk.graph.services import Graphing
from kamhub.desk.knowledge.types import Source
from kamhub.kit.ids import new_id
from tests.asgi import Web
from tests.builders import Operator, World
from tests.desk.graph.support import furnish, names, write

GRAPH, ENTITIES, MERGES = "/api/knowledge/graph", "/api/knowledge/entities", "/api/knowledge/merges"
TEXT = "Аэропорт Елизово (PKC) находится в Елизово. В микроавтобусе запрещено курить."
TRIPS = ("Услуга | Цена", "Поездка к медведям | 20 000 ₽")


@pytest.fixture
async def source(web: Web, world: World) -> Source:
    """A document of the main operator, linked."""
    furnish(world)
    made = write(world, world.main, "Памятка", TEXT, TRIPS, "PKC встречает туристов. Посёлок Эссо далеко.")
    await actions.link(Graphing(web.hub), world.main.id, made)
    return made


async def get(web: Web, operator: Operator, path: str, status: int = 200) -> dict[str, Any]:
    reply = await web.client.get(path, headers=web.staff(operator, "viewer"))
    assert reply.status_code == status, reply.text
    found: dict[str, Any] = reply.json()
    return found


def named(items: list[dict[str, Any]], name: str) -> dict[str, Any]:
    return next(item for item in items if item["name"] == name)


async def test_a_part_of_the_graph_around_a_name_in_any_case(web: Web, world: World, source: Source) -> None:
    found = await get(web, world.main, f"{GRAPH}?around=аэропорту Елизово")
    centre = named(found["nodes"], "Аэропорт Елизово")
    assert found["centre"] == centre["id"]
    assert set(centre["aliases"]) == {"PKC", "Yelizovo Airport"}
    assert centre["mentions"] >= 3
    ends = {(edge["source"], edge["target"]): edge for edge in found["edges"]}
    tie = ends[centre["id"], named(found["nodes"], "Елизово")["id"]]
    assert (tie["type"], tie["mentions"], tie["hub"]) == ("located_in", 1, False)
    assert await get(web, world.main, f"{GRAPH}?around={centre['id']}") == found
    assert await get(web, world.main, f"{GRAPH}?around=yelizovo airport") == found
    assert await get(web, world.main, f"{GRAPH}?around=PKC") == found


async def test_two_steps_reach_further_than_one_and_not_beyond_the_limit(
    web: Web, world: World, source: Source
) -> None:
    one, two = [await get(web, world.main, f"{GRAPH}?around=микроавтобус&depth={depth}&limit=100") for depth in (1, 2)]
    assert {node["id"] for node in one["nodes"]} < {node["id"] for node in two["nodes"]}
    few = await get(web, world.main, f"{GRAPH}?around=микроавтобус&depth=2&limit=3")
    assert len(few["nodes"]) == 3
    shown = {node["id"] for node in few["nodes"]}
    assert all({edge["source"], edge["target"]} <= shown for edge in few["edges"])


async def test_without_a_centre_the_best_connected(web: Web, world: World, source: Source) -> None:
    found = await get(web, world.main, f"{GRAPH}?limit=5")
    assert found["centre"] is None
    assert len(found["nodes"]) == 5
    rules = await get(web, world.main, f"{GRAPH}?type=rule")
    assert {node["type"] for node in rules["nodes"]} == {"rule"}
    around = await get(web, world.main, f"{GRAPH}?around=микроавтобус&type=rule")
    assert {node["type"] for node in around["nodes"]} == {"rule", "vehicle"}


@pytest.mark.parametrize("query", ["limit=101", "limit=0", "depth=3", "type=planet", "around=" + "x" * 201])
async def test_what_cannot_be_asked(web: Web, world: World, query: str) -> None:
    assert (await get(web, world.main, f"{GRAPH}?{query}", 422))["code"] == "input_invalid"


@pytest.mark.parametrize("around", ["Атлантида", "00000000-0000-7000-8000-000000000001", "!!!", "%", "_"])
async def test_around_nothing(web: Web, world: World, source: Source, around: str) -> None:
    assert (await get(web, world.main, f"{GRAPH}?around={around}", 404))["code"] == "entity_not_found"


async def test_entities_are_found_by_name_and_type(web: Web, world: World, source: Source) -> None:
    everything = await get(web, world.main, f"{ENTITIES}?page_size=3")
    assert len(everything["items"]) == 3
    assert everything["total"] > 10
    for query, found in (
        ("q=Паратунку", {"Паратунка", "Аэропорт — Паратунка"}),
        ("q=Парат&type=place", {"Паратунка"}),
        ("q=PKC", {"Аэропорт Елизово"}),
        ("type=service", {"Поездка к медведям"}),
        ("q=Атлантида", set()),
        ("q=!!!", set()),
    ):
        told = await get(web, world.main, f"{ENTITIES}?{query}")
        assert {item["name"] for item in told["items"]} == found, query
        assert told["total"] == len(found)


async def test_why_it_is_thought(web: Web, world: World, source: Source) -> None:
    listed = await get(web, world.main, f"{ENTITIES}?q=медведям")
    told = await get(web, world.main, f"{ENTITIES}/{named(listed['items'], 'Поездка к медведям')['id']}")
    (witness,) = told["mentions"]
    assert (witness["words"], witness["title"], witness["asset_id"]) == (
        "Поездка к медведям",
        "Памятка",
        str(source.id),
    )
    assert witness["quote"] == TRIPS[1]
    assert witness["position"] == {"page": 2}
    edge = next(edge for edge in told["edges"] if edge["type"] == "has_price_condition")
    assert edge["target"] in {node["id"] for node in told["neighbours"]}
    relation = await get(web, world.main, f"/api/knowledge/relations/{edge['id']}")
    assert relation["relation"] == edge
    assert [end["type"] for end in relation["ends"]] == ["service", "price_condition"]
    assert [witness["quote"] for witness in relation["mentions"]] == [TRIPS[1]]
    for path in (f"{ENTITIES}/{new_id()}", f"/api/knowledge/relations/{new_id()}"):
        await get(web, world.main, path, 404)


async def test_another_operators_graph_is_not_there(web: Web, world: World, source: Source) -> None:
    mine = await get(web, world.main, GRAPH)
    assert await get(web, world.other, GRAPH) == {"centre": None, "nodes": [], "edges": []}
    node, edge = mine["nodes"][0]["id"], mine["edges"][0]["id"]
    for path in (f"{GRAPH}?around={node}", f"{ENTITIES}/{node}", f"/api/knowledge/relations/{edge}"):
        await get(web, world.other, path, 404)
    split = await web.client.post(f"{ENTITIES}/{node}/split", headers=web.staff(world.other, "manager"))
    assert split.status_code == 404


async def test_a_proposal_is_accepted_and_stays_so(web: Web, world: World, source: Source) -> None:
    second = write(world, world.main, "Заметки", "ООО «Вулканы Камчатки» и АО «Камчатки вулканы» рядом.")
    await actions.link(Graphing(web.hub), world.main.id, second)
    proposals = await get(web, world.main, MERGES)
    (merge,) = proposals["items"]
    assert (merge["reason"], merge["state"]) == ("word_order", "proposed")
    headers = web.staff(world.main, "manager")
    forbidden = await web.client.post(f"{MERGES}/{merge['id']}/accept", headers=web.staff(world.main, "viewer"))
    assert forbidden.status_code == 403
    accepted = await web.client.post(f"{MERGES}/{merge['id']}/accept", headers=headers)
    assert (accepted.status_code, accepted.json()["state"]) == (200, "same")
    world.execute("DELETE FROM assets WHERE id = %s", second.id)
    third = write(world, world.main, "Заметки", "ООО «Вулканы Камчатки» и АО «Камчатки вулканы» рядом.")
    await actions.link(Graphing(web.hub), world.main.id, third)
    listed = (await get(web, world.main, f"{ENTITIES}?q=вулканы"))["items"]
    assert len(listed) == 1
    (alias,) = listed[0]["aliases"]
    assert {listed[0]["name"], alias} == {"Вулканы Камчатки", "Камчатки вулканы"}
    assert (await get(web, world.main, MERGES))["items"] == []
    entity = await get(web, world.main, f"{ENTITIES}/{listed[0]['id']}")
    (member,) = entity["members"]
    parted = await web.client.post(f"{ENTITIES}/{member['id']}/split", headers=headers)
    assert parted.status_code == 204
    assert len((await get(web, world.main, f"{ENTITIES}?q=вулканы"))["items"]) == 2
    await actions.link(Graphing(web.hub), world.main.id, third)
    assert (await get(web, world.main, MERGES))["items"] == [], "what was split is not proposed again"
    again = await web.client.post(f"{ENTITIES}/{member['id']}/split", headers=headers)
    assert (again.status_code, again.json()["code"]) == (409, "entity_not_merged")
    told = world.rows("SELECT action FROM audit_events WHERE action LIKE 'entity.%%' ORDER BY at, id")
    assert told == [("entity.merged",), ("entity.split",)]


async def test_a_rejected_proposal_does_not_come_back(web: Web, world: World, source: Source) -> None:
    second = write(world, world.main, "Заметки", "ООО «Вулканы Камчатки» и АО «Камчатки вулканы» рядом.")
    await actions.link(Graphing(web.hub), world.main.id, second)
    (merge,) = (await get(web, world.main, MERGES))["items"]
    headers = web.staff(world.main, "manager")
    rejected = await web.client.post(f"{MERGES}/{merge['id']}/reject", headers=headers)
    assert rejected.json()["state"] == "different"
    await actions.link(Graphing(web.hub), world.main.id, second)
    assert (await get(web, world.main, MERGES))["total"] == 0
    assert (await get(web, world.main, f"{MERGES}?state=different"))["total"] == 1
    for verb in ("accept", "reject"):
        missing = await web.client.post(f"{MERGES}/{new_id()}/{verb}", headers=headers)
        assert (missing.status_code, missing.json()["code"]) == (404, "merge_not_found")
    world.execute("DELETE FROM assets WHERE id = %s", second.id)
    gone = await web.client.post(f"{MERGES}/{merge['id']}/accept", headers=headers)
    assert gone.json()["code"] == "merge_not_found"


async def test_a_declared_abbreviation_is_met_in_every_document(web: Web, world: World, source: Source) -> None:
    second = write(world, world.main, "Рейсы", "Вылет из PKC утром.")
    await actions.link(Graphing(web.hub), world.main.id, second)
    found = await get(web, world.main, f"{GRAPH}?around=PKC")
    entity = await get(web, world.main, f"{ENTITIES}/{found['centre']}")
    assert ("PKC", "Рейсы") in {(witness["words"], witness["title"]) for witness in entity["mentions"]}
    assert "PKC" in names(world, world.main, "place")
