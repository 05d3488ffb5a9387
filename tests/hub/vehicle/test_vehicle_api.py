"""Vehicles over HTTP, as a program of the operator's drives them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from tests.asgi import Web
from tests.builders import World

PATH = "/api/vehicles"
VAN: dict[str, Any] = {
    "type": "minibus",
    "model": "Ford Transit",
    "capacity": 16,
    "plate": "а123вс 41",
    "features": ["WiFi", "child seat", "wifi"],
}


async def made(web: Web, world: World, **fields: object) -> dict[str, Any]:
    reply = await web.client.post(PATH, json=VAN | fields, headers=web.staff(world.main, "manager"))
    assert reply.status_code == 201, reply.text
    vehicle: dict[str, Any] = reply.json()
    return vehicle


async def test_a_vehicle_is_added_and_read(web: Web, world: World) -> None:
    vehicle = await made(web, world)
    assert vehicle["plate"] == "А123ВС 41"
    assert vehicle["features"] == ["child_seat", "wifi"]
    reply = await web.client.get(f"{PATH}/{vehicle['id']}", headers=web.staff(world.main, "viewer"))
    assert reply.headers["etag"] == '"1"'
    assert reply.json() == vehicle | {"documents": []}
    listed = await web.client.get(PATH, headers=web.staff(world.main))
    assert (listed.json()["total"], listed.json()["page"], listed.json()["page_size"]) == (2, 1, 50)
    assert vehicle in listed.json()["items"]


async def test_filters_pages_and_a_file(web: Web, world: World) -> None:
    await made(web, world, type="bus", model="=PAZ", plate="X1")
    headers = web.staff(world.main)
    for query, plates in (("q=paz", ["X1"]), ("type=bus", ["X1"]), ("type=", ["X1", "Pmain"]), ("q=pMAIN", ["Pmain"])):
        reply = await web.client.get(f"{PATH}?{query}", headers=headers)
        assert [item["plate"] for item in reply.json()["items"]] == plates, query
    second = await web.client.get(f"{PATH}?page=2&page_size=1", headers=headers)
    assert [item["plate"] for item in second.json()["items"]] == ["Pmain"]
    assert second.json()["total"] == 2
    file = await web.client.get(PATH, headers=headers | {"Accept": "text/csv"})
    assert file.headers["content-type"].startswith("text/csv")
    assert "'=PAZ" in file.text
    assert (await web.client.get(f"{PATH}?type=tank", headers=headers)).status_code == 422


@pytest.mark.parametrize(
    ("field", "value"),
    [("type", "tank"), ("capacity", 0), ("capacity", 1001), ("model", " "), ("plate", ""), ("features", ["x" * 41])],
)
async def test_what_a_vehicle_cannot_be(web: Web, world: World, field: str, value: object) -> None:
    reply = await web.client.post(PATH, json=VAN | {field: value}, headers=web.staff(world.main))
    assert reply.status_code == 422
    assert reply.json()["errors"][0]["field"].startswith(field)


async def test_a_plate_is_once_in_an_organisation(web: Web, world: World) -> None:
    vehicle = await made(web, world)
    again = await web.client.post(PATH, json=VAN, headers=web.staff(world.main))
    assert (again.status_code, again.json()["code"]) == (409, "plate_taken")
    elsewhere = await web.client.post(PATH, json=VAN, headers=web.staff(world.other))
    assert elsewhere.status_code == 201
    reply = await web.client.patch(
        f"{PATH}/{world.main.vehicle}", json={"plate": vehicle["plate"]}, headers=web.staff(world.main)
    )
    assert reply.json()["code"] == "plate_taken"


async def test_a_change_names_its_fields_alone(web: Web, world: World) -> None:
    vehicle = await made(web, world)
    headers = web.staff(world.main, "manager")
    reply = await web.client.patch(f"{PATH}/{vehicle['id']}", json={"capacity": 20}, headers=headers)
    assert reply.status_code == 200
    assert reply.headers["etag"] == '"2"'
    assert reply.json() == vehicle | {"capacity": 20, "version": 2}
    nothing = await web.client.patch(f"{PATH}/{vehicle['id']}", json={"capacity": 20}, headers=headers)
    assert nothing.json()["version"] == 2
    empty = await web.client.patch(f"{PATH}/{vehicle['id']}", json={"features": []}, headers=headers)
    assert empty.json()["features"] == []
    null = await web.client.patch(f"{PATH}/{vehicle['id']}", json={"model": None}, headers=headers)
    assert null.status_code == 422


async def test_two_dispatchers_do_not_overwrite_each_other(web: Web, world: World) -> None:
    vehicle = await made(web, world)
    address, headers = f"{PATH}/{vehicle['id']}", web.staff(world.main)
    first = await web.client.patch(address, json={"model": "A"}, headers=headers | {"If-Match": '"1"'})
    assert first.status_code == 200
    for call in (
        web.client.patch(address, json={"model": "B"}, headers=headers | {"If-Match": '"1"'}),
        web.client.patch(address, json={"model": None}, headers=headers | {"If-Match": '"1"'}),
        web.client.delete(address, headers=headers | {"If-Match": '"1"'}),
    ):
        reply = await call
        assert (reply.status_code, reply.json()["code"]) == (412, "version_stale")
    last = await web.client.patch(address, json={"model": "B"}, headers=headers | {"If-Match": '"1", "2"'})
    assert last.json()["model"] == "B"


async def test_a_vehicle_that_nothing_refers_to_is_removed_for_good(web: Web, world: World) -> None:
    vehicle = await made(web, world)
    address, headers = f"{PATH}/{vehicle['id']}", web.staff(world.main)
    await web.client.post(f"{address}/documents", json={"kind": "insurance"}, headers=headers)
    assert (await web.client.delete(address, headers=headers)).status_code == 204
    assert (await web.client.get(address, headers=headers)).status_code == 404
    assert (await web.client.delete(address, headers=headers)).status_code == 404


async def test_a_vehicle_in_use_is_archived_once_it_is_idle(web: Web, world: World) -> None:
    departure = world.departure()
    address, headers = f"{PATH}/{world.main.vehicle}", web.staff(world.main)
    for call in (
        web.client.delete(address, headers=headers),
        web.client.patch(address, json={"archived": True}, headers=headers),
    ):
        refused = await call
        assert (refused.status_code, refused.json()["code"]) == (409, "in_use")
        named = refused.json()["departures"]
        assert [one["departure_id"] for one in named] == [str(departure)]
        assert named[0]["departs_at"].endswith("+12:00")
    world.execute("UPDATE departures SET status = 'cancelled'")
    for _ in range(2):
        assert (await web.client.delete(address, headers=headers)).status_code == 204
    assert (await web.client.get(PATH, headers=headers)).json()["total"] == 0
    kept = (await web.client.get(f"{PATH}?archived=true", headers=headers)).json()["items"]
    assert [(one["id"], one["archived"]) for one in kept] == [(str(world.main.vehicle), True)]
    # The plate is free for another one; then the first cannot come back with it.
    assert (await made(web, world, plate="PMAIN"))["plate"] == "PMAIN"
    other = (await made(web, world, plate="Pother"))["id"]
    await web.client.patch(f"{PATH}/{other}", json={"plate": "PX"}, headers=headers)
    back = await web.client.patch(address, json={"archived": False, "plate": "PX"}, headers=headers)
    assert back.json()["code"] == "plate_taken"
    back = await web.client.patch(address, json={"archived": False}, headers=headers)
    assert back.json()["archived"] is False


async def test_a_vehicle_on_the_road_is_in_use(web: Web, world: World) -> None:
    departure = world.departure(departs_in=-timedelta(minutes=30))
    headers = web.staff(world.main)
    world.execute(
        "UPDATE departures SET on_road = tstzrange(departs_at, departs_at + interval '105 minutes') WHERE id = %s",
        departure,
    )
    assert (await web.client.delete(f"{PATH}/{world.main.vehicle}", headers=headers)).status_code == 409
    world.execute("UPDATE departures SET on_road = tstzrange(departs_at, departs_at + interval '20 minutes')")
    assert (await web.client.delete(f"{PATH}/{world.main.vehicle}", headers=headers)).status_code == 204


async def test_departures_keep_the_capacity_they_were_made_with(web: Web, world: World) -> None:
    world.departure(capacity=16)
    await web.client.patch(f"{PATH}/{world.main.vehicle}", json={"capacity": 4}, headers=web.staff(world.main))
    assert world.rows("SELECT capacity FROM departures") == [(16,)]


async def test_whose_vehicles_they_are(web: Web, world: World) -> None:
    others, mine = web.staff(world.other), f"{PATH}/{world.main.vehicle}"
    for method, status in (("GET", 404), ("PATCH", 404), ("DELETE", 404)):
        reply = await web.client.request(method, mine, json={} if method == "PATCH" else None, headers=others)
        assert reply.status_code == status, method
    assert (await web.client.get(f"{PATH}/{uuid4()}", headers=others)).json()["code"] == "vehicle_not_found"
    viewer = web.staff(world.main, "viewer")
    assert (await web.client.post(PATH, json=VAN, headers=viewer)).status_code == 403
    assert (await web.client.get(PATH, headers=web.staff(world.main, "driver"))).status_code == 403
    assert (await web.client.get(PATH)).status_code == 401


async def test_what_is_done_is_written_down(web: Web, world: World) -> None:
    vehicle = await made(web, world)
    headers = web.staff(world.main)
    await web.client.patch(f"{PATH}/{vehicle['id']}", json={"capacity": 3}, headers=headers)
    await web.client.delete(f"{PATH}/{vehicle['id']}", headers=headers)
    told = world.rows("SELECT action, before ->> 'capacity', after ->> 'capacity' FROM audit_events ORDER BY at, id")
    assert told == [("vehicle.added", None, "16"), ("vehicle.changed", "16", "3"), ("vehicle.archived", "3", None)]
