"""Categories over HTTP."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import uuid4

import pytest

from kamhub.kit.ids import new_id
from tests.asgi import Web
from tests.builders import World

PATH = "/api/knowledge/categories"


async def made(web: Web, world: World, name: str, **fields: object) -> dict[str, Any]:
    reply = await web.client.post(PATH, json={"name": name, **fields}, headers=web.staff(world.main, "manager"))
    assert reply.status_code == 201, reply.text
    found: dict[str, Any] = reply.json()
    return found


async def test_categories_make_a_tree(web: Web, world: World) -> None:
    rules = await made(web, world, " Правила ", description="Что можно")
    luggage = await made(web, world, "Багаж", parent_id=rules["id"])
    assert (rules["name"], rules["path"], rules["contents"], rules["version"]) == ("Правила", ["Правила"], 0, 1)
    assert (luggage["parent_id"], luggage["path"]) == (rules["id"], ["Правила", "Багаж"])
    headers = web.staff(world.main, "viewer")
    listed = (await web.client.get(PATH, headers=headers)).json()
    assert (listed["items"], listed["total"]) == ([rules, luggage], 2)
    one = await web.client.get(f"{PATH}/{luggage['id']}", headers=headers)
    assert (one.json(), one.headers["etag"]) == (luggage, '"1"')
    assert "Правила › Багаж" in (await web.client.get(PATH, headers=headers | {"Accept": "text/csv"})).text
    assert (await web.client.get(PATH, headers=web.staff(world.other))).json()["items"] == []


async def test_a_category_is_renamed_and_moved(web: Web, world: World) -> None:
    first, second = await made(web, world, "А"), await made(web, world, "Б")
    headers, address = web.staff(world.main), f"{PATH}/{second['id']}"
    moved = await web.client.patch(address, json={"parent_id": first["id"], "sort_order": 3}, headers=headers)
    assert (moved.json()["path"], moved.json()["version"], moved.json()["sort_order"]) == (["А", "Б"], 2, 3)
    same = await web.client.patch(address, json={"name": "Б"}, headers=headers)
    assert same.json()["version"] == 2
    stale = await web.client.patch(address, json={"name": 1}, headers=headers | {"If-Match": '"1"'})
    assert (stale.status_code, stale.json()["code"]) == (412, "version_stale")
    below = await web.client.patch(f"{PATH}/{first['id']}", json={"parent_id": second["id"]}, headers=headers)
    assert (below.status_code, below.json()["code"]) == (409, "category_misplaced")
    root = await web.client.patch(address, json={"parent_id": None}, headers=headers)
    assert root.json()["path"] == ["Б"]
    taken = await web.client.patch(address, json={"name": "А"}, headers=headers)
    assert (taken.status_code, taken.json()["code"]) == (409, "name_taken")


async def test_a_name_is_taken_among_its_neighbours_alone(web: Web, world: World) -> None:
    first = await made(web, world, "А")
    again = await web.client.post(PATH, json={"name": "А"}, headers=web.staff(world.main))
    assert (again.status_code, again.json()["code"]) == (409, "name_taken")
    await made(web, world, "А", parent_id=first["id"])


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("name", " ", 422),
        ("name", "x" * 101, 422),
        ("sort_order", 10**6, 422),
        ("parent_id", "x", 422),
        ("other", 1, 422),
    ],
)
async def test_what_a_category_cannot_be(web: Web, world: World, field: str, value: object, code: int) -> None:
    reply = await web.client.post(PATH, json={"name": "x", field: value}, headers=web.staff(world.main))
    assert (reply.status_code, reply.json()["errors"][0]["field"]) == (code, field)


async def test_another_organisations_category_is_none(web: Web, world: World) -> None:
    mine, theirs = await made(web, world, "А"), web.staff(world.other)
    for call in (
        web.client.get(f"{PATH}/{mine['id']}", headers=theirs),
        web.client.patch(f"{PATH}/{mine['id']}", json={"name": "x"}, headers=theirs),
        web.client.delete(f"{PATH}/{mine['id']}", headers=theirs),
        web.client.post(PATH, json={"name": "x", "parent_id": mine["id"]}, headers=theirs),
        web.client.get(f"{PATH}/{uuid4()}", headers=theirs),
    ):
        reply = await call
        assert (reply.status_code, reply.json()["code"]) == (404, "category_not_found")


async def test_a_category_with_something_in_it_stays(web: Web, world: World) -> None:
    top = await made(web, world, "А")
    await made(web, world, "Б", parent_id=top["id"])
    world.execute(
        "INSERT INTO assets (organisation_id, id, kind, name, category_id, digest, status, created_at, created_by, changed_at) "
        "VALUES (%s, %s, 'file', 'a.txt', %s, sha256('x'), 'pending', now(), 'x', now())",
        world.main.id, new_id(), top["id"],
    )  # fmt: skip
    headers, address = web.staff(world.main), f"{PATH}/{top['id']}"
    reply = await web.client.delete(address, headers=headers)
    assert (reply.status_code, reply.json()["code"]) == (409, "in_use")
    assert (reply.json()["contents"], reply.json()["categories"]) == (1, 1)
    world.execute("DELETE FROM assets")
    world.execute("DELETE FROM knowledge_categories WHERE parent_id IS NOT NULL")
    assert (await web.client.delete(address, headers=headers | {"If-Match": '"7"'})).status_code == 412
    assert (await web.client.delete(address, headers=headers)).status_code == 204
    assert (await web.client.get(address, headers=headers)).status_code == 404


async def test_two_moves_at_once_make_no_circle(web: Web, world: World) -> None:
    first, second = await made(web, world, "А"), await made(web, world, "Б")
    headers = web.staff(world.main)
    replies = await asyncio.gather(
        web.client.patch(f"{PATH}/{first['id']}", json={"parent_id": second["id"]}, headers=headers),
        web.client.patch(f"{PATH}/{second['id']}", json={"parent_id": first["id"]}, headers=headers),
    )
    assert sorted(reply.status_code for reply in replies) == [200, 409]
    assert (await web.client.get(PATH, headers=headers)).json()["total"] == 2


async def test_there_is_an_end_of_categories(web: Web, world: World) -> None:
    world.execute(
        "INSERT INTO knowledge_categories (organisation_id, id, name, created_at) "
        "SELECT %s, gen_random_uuid(), 'n' || n, now() FROM generate_series(1, 500) n",
        world.main.id,
    )
    reply = await web.client.post(PATH, json={"name": "x"}, headers=web.staff(world.main))
    assert (reply.status_code, reply.json()["code"]) == (409, "too_many_categories")
