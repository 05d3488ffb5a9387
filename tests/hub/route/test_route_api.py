"""Routes over HTTP."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID, uuid4

from kamhub.hub.route import actions, store
from kamhub.hub.route.types import RouteChange, RouteInUse, StopWanted
from kamhub.kit.ids import new_id
from kamhub.platform.audit.types import Trail
from kamhub.platform.person.types import Staff
from tests.asgi import Web
from tests.builders import Operator, World
from tests.hub.place.test_place_api import LAKES

PATH = "/api/routes"


def stops(world: World, *names: str, every: int = 20) -> list[dict[str, Any]]:
    return [
        {"place_id": str(world.places[name]), "offset_minutes": number * every} for number, name in enumerate(names)
    ]


async def made(web: Web, world: World, operator: Operator, **fields: object) -> dict[str, Any]:
    body = {"name": "Back", "stops": stops(world, "city", "town", "airport")} | fields
    reply = await web.client.post(PATH, json=body, headers=web.staff(operator, "manager"))
    assert reply.status_code == 201, reply.text
    route: dict[str, Any] = reply.json()
    return route


async def test_a_route_is_added_and_read(web: Web, world: World) -> None:
    route = await made(web, world, world.main)
    assert [(stop["slug"], stop["position"], stop["offset_minutes"]) for stop in route["stops"]] == [
        ("city", 0, 0),
        ("town", 1, 20),
        ("airport", 2, 40),
    ]
    assert route["stops"][0]["name"] == {"ru": "Место city", "en": "City"}
    assert (route["in_use"], route["archived"], route["version"]) == (False, False, 1)
    reply = await web.client.get(f"{PATH}/{route['id']}", headers=web.staff(world.main, "viewer"))
    assert (reply.json(), reply.headers["etag"]) == (route, '"1"')
    headers = web.staff(world.main)
    for query, names in (
        ("", ["Back", "line"]),
        ("q=BACK", ["Back"]),
        ("q=springs", ["line"]),
        ("page_size=1", ["Back"]),
    ):
        listed = (await web.client.get(f"{PATH}?{query}", headers=headers)).json()
        assert [item["name"] for item in listed["items"]] == names, query
    assert listed["total"] == 2
    file = await web.client.get(PATH, headers=headers | {"Accept": "text/csv"})
    assert "city town airport" in file.text


async def test_a_route_stops_at_own_places_and_those_of_the_catalogue(web: Web, world: World) -> None:
    places = {}
    for operator in (world.main, world.other):
        reply = await web.client.post("/api/places", json=LAKES, headers=web.staff(operator))
        places[operator.slug] = reply.json()["id"]
    mine = [*stops(world, "city"), {"place_id": places["main"], "offset_minutes": 90}]
    assert (await made(web, world, world.main, stops=mine))["stops"][1]["slug"] == "blue-lakes"
    for place in (places["other"], str(uuid4())):
        theirs = [*stops(world, "city"), {"place_id": place, "offset_minutes": 90}]
        reply = await web.client.post(PATH, json={"name": "x", "stops": theirs}, headers=web.staff(world.main))
        assert (reply.status_code, reply.json()["code"], reply.json()["place_id"]) == (404, "place_not_found", place)
    world.execute("UPDATE places SET archived_at = now() WHERE id = %s", places["main"])
    reply = await web.client.post(PATH, json={"name": "x", "stops": mine}, headers=web.staff(world.main))
    assert reply.status_code == 404


async def test_stops_that_are_not_right(web: Web, world: World) -> None:
    for wrong, field in (
        (stops(world, "city"), "stops"),
        (stops(world, "city", "city"), "stops.1.place_id"),
        (stops(world, "city", "town", every=0), "stops.1.offset_minutes"),
        ([*stops(world, "city"), {"place_id": "x", "offset_minutes": 3}], "stops.1.place_id"),
        (stops(world, "city", "town", every=20_161), "stops.1.offset_minutes"),
    ):
        reply = await web.client.post(PATH, json={"name": "x", "stops": wrong}, headers=web.staff(world.main))
        assert (reply.status_code, reply.json()["errors"][0]["field"]) == (422, field)
    assert (await web.client.post(PATH, json={"stops": []}, headers=web.staff(world.main))).status_code == 422


async def test_stops_change_until_something_refers_to_the_route(web: Web, world: World) -> None:
    route, headers = await made(web, world, world.main), web.staff(world.main)
    address = f"{PATH}/{route['id']}"
    reply = await web.client.patch(address, json={"stops": stops(world, "town", "springs")}, headers=headers)
    assert [stop["slug"] for stop in reply.json()["stops"]] == ["town", "springs"]
    assert reply.headers["etag"] == '"2"'
    world.execute(
        "INSERT INTO tariffs (organisation_id, id, route_id) VALUES (%s, %s, %s)", world.main.id, new_id(), route["id"]
    )
    body = {"stops": stops(world, "town", "city")}
    refused = await web.client.patch(address, json=body, headers=headers)
    assert (refused.status_code, refused.json()["code"]) == (409, "route_in_use")
    # The stops it has may be said again; the name is free.
    same = {"name": "Renamed", "stops": stops(world, "town", "springs")}
    assert (await web.client.patch(address, json=same, headers=headers)).json()["name"] == "Renamed"
    assert (await web.client.get(address, headers=headers)).json()["in_use"] is True


async def test_the_route_of_departures_keeps_its_stops(web: Web, world: World) -> None:
    world.departure()
    address, headers = f"{PATH}/{world.main.route}", web.staff(world.main)
    body = {"stops": stops(world, "town", "city")}
    assert (await web.client.patch(address, json=body, headers=headers)).json()["code"] == "route_in_use"
    for _ in range(2):
        assert (await web.client.delete(address, headers=headers)).status_code == 204
    assert (await web.client.get(address, headers=headers)).json()["archived"] is True
    assert (await web.client.get(PATH, headers=headers)).json()["total"] == 0
    assert (await web.client.get(f"{PATH}?archived=true", headers=headers)).json()["total"] == 1
    back = await web.client.patch(address, json={"archived": False}, headers=headers)
    assert back.json()["archived"] is False
    assert len(back.json()["stops"]) == 4


async def test_an_archived_place_may_stay_where_it_is(web: Web, world: World) -> None:
    place = (await web.client.post("/api/places", json=LAKES, headers=web.staff(world.main))).json()["id"]
    route = await made(web, world, world.main, stops=[*stops(world, "city"), {"place_id": place, "offset_minutes": 90}])
    headers = web.staff(world.main)
    assert (await web.client.delete(f"/api/places/{place}", headers=headers)).status_code == 204
    later = [*stops(world, "city"), {"place_id": place, "offset_minutes": 120}]
    reply = await web.client.patch(f"{PATH}/{route['id']}", json={"stops": later}, headers=headers)
    assert (reply.status_code, reply.json()["stops"][1]["offset_minutes"]) == (200, 120)


async def test_an_unused_route_goes_for_good(web: Web, world: World) -> None:
    route, headers = await made(web, world, world.main), web.staff(world.main)
    address = f"{PATH}/{route['id']}"
    stale = await web.client.delete(address, headers=headers | {"If-Match": '"7"'})
    assert stale.status_code == 412
    assert (await web.client.delete(address, headers=headers | {"If-Match": '"1"'})).status_code == 204
    assert (await web.client.get(address, headers=headers)).status_code == 404
    assert world.rows("SELECT count(*) FROM route_stops WHERE route_id = %s", route["id"]) == [(0,)]


async def test_what_was_not_seen_is_not_overwritten(web: Web, world: World) -> None:
    route, headers = await made(web, world, world.main), web.staff(world.main)
    address = f"{PATH}/{route['id']}"
    assert (
        await web.client.patch(address, json={"name": "A"}, headers=headers | {"If-Match": '"1"'})
    ).status_code == 200
    stale = await web.client.patch(address, json={"name": 5}, headers=headers | {"If-Match": '"1"'})
    assert (stale.status_code, stale.json()["code"]) == (412, "version_stale")
    assert (await web.client.patch(address, json={"name": "A"}, headers=headers)).json()["version"] == 2


async def test_another_organisations_route_is_not_there(web: Web, world: World) -> None:
    address, headers = f"{PATH}/{world.main.route}", web.staff(world.other)
    for reply in (
        await web.client.get(address, headers=headers),
        await web.client.patch(address, json={"name": 5}, headers=headers),
        await web.client.delete(address, headers=headers),
    ):
        assert (reply.status_code, reply.json()["code"]) == (404, "route_not_found")
    assert (await web.client.post(PATH, json={}, headers=web.staff(world.main, "dispatcher"))).status_code == 403


async def test_what_is_done_is_written_down(web: Web, world: World) -> None:
    route, headers = await made(web, world, world.main), web.staff(world.main)
    await web.client.patch(f"{PATH}/{route['id']}", json={"name": "B"}, headers=headers)
    await web.client.delete(f"{PATH}/{route['id']}", headers=headers)
    told = world.rows("SELECT action, before ->> 'name', after ->> 'name' FROM audit_events ORDER BY at, id")
    assert told == [("route.added", None, "Back"), ("route.changed", "Back", "B"), ("route.archived", "B", None)]


async def _race(web: Web, world: World, *, locked: bool) -> tuple[bool, bool]:
    """A tariff is written for a route while its stops are replaced: whether each of the two went through."""
    route, organisation = UUID((await made(web, world, world.main))["id"]), world.main.id
    wanted = (StopWanted(world.places["town"], 0), StopWanted(world.places["springs"], 9))
    staff = Staff(organisation, frozenset(), Trail("system", None, "x"))
    tariff = new_id()
    async with web.hub.database.tenant(organisation) as connection:
        await connection.execute(
            "INSERT INTO tariffs (organisation_id, id, route_id) VALUES (%s, %s, %s)",
            (organisation, tariff, route),
        )
        if locked:
            change: asyncio.Future[object] = asyncio.ensure_future(
                actions.change(web.hub, staff, route, RouteChange(stops=wanted), None)
            )
            waiting = (
                "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
            )
            while world.rows(waiting) == [(0,)]:
                await asyncio.sleep(0.01)
        else:  # the control: what would come of it without the lock
            async with web.hub.database.tenant(organisation) as other:
                assert await store.in_use(other, organisation, route) is False
                await store.replace_stops(other, organisation, route, wanted)
            change = asyncio.ensure_future(asyncio.sleep(0))
    refused = isinstance((await asyncio.gather(change, return_exceptions=True))[0], RouteInUse)
    rows = world.rows("SELECT count(*) FROM tariffs WHERE id = %s", tariff)
    return not refused, rows == [(1,)]


async def test_stops_are_not_replaced_under_a_tariff_that_is_just_written(web: Web, world: World) -> None:
    assert await _race(web, world, locked=True) == (False, True)


async def test_control_without_the_lock_they_would_be(web: Web, world: World) -> None:
    assert await _race(web, world, locked=False) == (True, True)
