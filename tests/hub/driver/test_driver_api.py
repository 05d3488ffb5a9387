"""Drivers over HTTP."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import pytest

from kamhub.hub.driver.store import driver_of_person
from tests.asgi import Web
from tests.builders import World

PATH = "/api/drivers"
IVAN: dict[str, Any] = {"name": "Иван Петров", "phone": "8 (914) 123-45-67", "languages": ["ru", "EN", "ru"]}


async def made(web: Web, world: World, **fields: object) -> dict[str, Any]:
    reply = await web.client.post(PATH, json=IVAN | fields, headers=web.staff(world.main, "manager"))
    assert reply.status_code == 201, reply.text
    driver: dict[str, Any] = reply.json()
    return driver


async def test_a_driver_is_added_and_read(web: Web, world: World) -> None:
    driver = await made(web, world)
    assert (driver["phone"], driver["languages"]) == ("+79141234567", ["ru", "en"])
    assert [driver[name] for name in ("works_from", "works_to", "person_id", "archived")] == [None, None, None, False]
    headers = web.staff(world.main, "viewer")
    reply = await web.client.get(f"{PATH}/{driver['id']}", headers=headers)
    assert (reply.json(), reply.headers["etag"]) == (driver | {"documents": []}, '"1"')
    for query, total in (("", 1), ("q=петров", 1), ("q=123-45", 1), ("q=+7+914", 1), ("q=999", 0), ("q=4", 0)):
        assert (await web.client.get(f"{PATH}?{query}", headers=headers)).json()["total"] == total, query
    file = await web.client.get(PATH, headers=headers | {"Accept": "text/csv"})
    assert "Иван Петров,+79141234567,ru en" in file.text


@pytest.mark.parametrize(
    ("field", "value", "named"),
    [
        ("name", "x", "name"),
        ("phone", "12", "phone"),
        ("languages", ["russian"], "languages.0"),
        ("works_from", "8", "works_from"),
        ("works_from", "08:00", "works_to"),
        ("person_id", "x", "person_id"),
    ],
)
async def test_what_a_driver_cannot_be(web: Web, world: World, field: str, value: object, named: str) -> None:
    reply = await web.client.post(PATH, json=IVAN | {field: value}, headers=web.staff(world.main))
    assert (reply.status_code, reply.json()["errors"][0]["field"]) == (422, named)


async def test_a_change_names_its_fields_alone(web: Web, world: World) -> None:
    driver, headers = await made(web, world, works_from="20:00", works_to="06:00"), web.staff(world.main)
    address = f"{PATH}/{driver['id']}"
    reply = await web.client.patch(address, json={"phone": "+7 4152 41-00-00"}, headers=headers)
    assert reply.json() == driver | {"phone": "+74152410000", "version": 2}
    half = await web.client.patch(address, json={"works_to": None}, headers=headers)
    assert half.json()["errors"][0]["code"] == "hours_half"
    none = await web.client.patch(address, json={"works_from": None, "works_to": None}, headers=headers)
    assert (none.json()["works_from"], none.json()["version"]) == (None, 3)
    stale = await web.client.patch(address, json={"name": 1}, headers=headers | {"If-Match": '"2"'})
    assert (stale.status_code, stale.json()["code"]) == (412, "version_stale")
    assert (await web.client.patch(address, json={"languages": []}, headers=headers)).json()["languages"] == []
    assert (await web.client.patch(address, json={"name": IVAN["name"]}, headers=headers)).json()["version"] == 4


async def test_a_member_signs_in_as_one_driver(web: Web, world: World) -> None:
    person = str(world.main.people["driver"])
    driver, headers = await made(web, world, person_id=person), web.staff(world.main)
    taken = await web.client.post(PATH, json=IVAN | {"person_id": person}, headers=headers)
    assert (taken.status_code, taken.json()["code"]) == (409, "person_taken")
    second = await made(web, world)
    clash = await web.client.patch(f"{PATH}/{second['id']}", json={"person_id": person}, headers=headers)
    assert clash.json()["code"] == "person_taken"
    for stranger in (str(world.other.people["driver"]), str(uuid4())):
        reply = await web.client.post(PATH, json=IVAN | {"person_id": stranger}, headers=headers)
        assert (reply.status_code, reply.json()["code"]) == (404, "member_not_found")
    async with web.hub.database.tenant(world.main.id) as connection:
        found = await driver_of_person(connection, world.main.id, UUID(person))
        assert str(found) == driver["id"]
        assert await driver_of_person(connection, world.main.id, world.main.people["viewer"]) is None
    # Whoever leaves is nobody's driver; the driver stays.
    world.execute("DELETE FROM memberships WHERE person_id = %s", person)
    assert (await web.client.get(f"{PATH}/{driver['id']}", headers=headers)).json()["person_id"] is None


async def test_a_driver_in_use_is_archived_once_idle(web: Web, world: World) -> None:
    driver, headers = await made(web, world), web.staff(world.main)
    departure, address = world.departure(), f"{PATH}/{driver['id']}"
    world.execute("UPDATE departures SET driver_id = %s WHERE id = %s", driver["id"], departure)
    for refused in (
        await web.client.delete(address, headers=headers),
        await web.client.patch(address, json={"archived": True}, headers=headers),
    ):
        assert (refused.status_code, refused.json()["code"]) == (409, "in_use")
        assert [one["departure_id"] for one in refused.json()["departures"]] == [str(departure)]
    world.execute("UPDATE departures SET status = 'cancelled'")
    for _ in range(2):
        assert (await web.client.delete(address, headers=headers)).status_code == 204
    assert (await web.client.get(PATH, headers=headers)).json()["total"] == 0
    assert (await web.client.get(f"{PATH}?archived=true", headers=headers)).json()["items"][0]["archived"] is True
    back = await web.client.patch(address, json={"archived": False}, headers=headers)
    assert back.json()["archived"] is False
    again = await web.client.patch(address, json={"archived": True}, headers=headers)
    assert again.json()["archived"] is True


async def test_a_driver_who_never_drove_goes_for_good(web: Web, world: World) -> None:
    driver, headers = await made(web, world), web.staff(world.main)
    address = f"{PATH}/{driver['id']}"
    await web.client.post(f"{address}/documents", json={"kind": "licence", "number": "41 00"}, headers=headers)
    assert (await web.client.delete(address, headers=headers)).status_code == 204
    assert (await web.client.get(address, headers=headers)).status_code == 404
    assert world.rows("SELECT count(*) FROM fleet_documents") == [(0,)]


async def test_another_organisations_driver_is_not_there(web: Web, world: World) -> None:
    driver, headers = await made(web, world), web.staff(world.other)
    address = f"{PATH}/{driver['id']}"
    for reply in (
        await web.client.get(address, headers=headers),
        await web.client.patch(address, json={"name": 1}, headers=headers),
        await web.client.delete(address, headers=headers),
    ):
        assert (reply.status_code, reply.json()["code"]) == (404, "driver_not_found")
    assert (await web.client.get(PATH, headers=headers)).json()["total"] == 0
    assert (await web.client.post(PATH, json=IVAN, headers=web.staff(world.main, "dispatcher"))).status_code == 403


async def test_what_is_done_is_written_down(web: Web, world: World) -> None:
    driver, headers = await made(web, world), web.staff(world.main)
    await web.client.patch(f"{PATH}/{driver['id']}", json={"name": "Пётр"}, headers=headers)
    await web.client.delete(f"{PATH}/{driver['id']}", headers=headers)
    told = [row[0] for row in world.rows("SELECT action FROM audit_events ORDER BY at, id")]
    assert told == ["driver.added", "driver.changed", "driver.archived"]
