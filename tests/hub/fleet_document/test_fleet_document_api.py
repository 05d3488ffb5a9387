"""Papers of vehicles and drivers over HTTP."""

from __future__ import annotations

from datetime import date
from typing import Any

from kamhub.hub.fleet_document import actions
from tests.asgi import Web
from tests.builders import World
from tests.hub.driver.test_driver_api import IVAN


async def add(web: Web, world: World, owner: str, **fields: object) -> str:
    body = {"kind": "insurance", "number": "XXX 1", "expires_on": "2026-12-10"} | fields
    reply = await web.client.post(f"{owner}/documents", json=body, headers=web.staff(world.main, "manager"))
    assert reply.status_code == 201, reply.text
    document: str = reply.json()["id"]
    return document


async def owners(web: Web, world: World) -> tuple[str, str]:
    """A vehicle and a driver of the main operator."""
    made: dict[str, Any] = (await web.client.post("/api/drivers", json=IVAN, headers=web.staff(world.main))).json()
    return f"/api/vehicles/{world.main.vehicle}", f"/api/drivers/{made['id']}"


async def test_papers_are_added_listed_and_removed(web: Web, world: World) -> None:
    headers = web.staff(world.main)
    for owner, key in zip(await owners(web, world), ("vehicle_id", "driver_id"), strict=True):
        document = await add(web, world, owner)
        await add(web, world, owner, kind="licence", number="", expires_on=None)
        listed = (await web.client.get(f"{owner}/documents", headers=headers)).json()
        assert [item["status"] for item in listed["items"]] == ["expiring", "valid"]
        assert (listed["items"][0]["id"], listed["items"][1]["number"]) == (document, None)
        assert listed["items"][0][key] is not None
        assert (await web.client.get(owner, headers=headers)).json()["documents"] == listed["items"]
        assert (
            "insurance" in (await web.client.get(f"{owner}/documents", headers=headers | {"Accept": "text/csv"})).text
        )
        assert (await web.client.delete(f"{owner}/documents/{document}", headers=headers)).status_code == 204
        gone = await web.client.delete(f"{owner}/documents/{document}", headers=headers)
        assert (gone.status_code, gone.json()["code"]) == (404, "document_not_found")
    actions_told = {
        row[0] for row in world.rows("SELECT action FROM audit_events WHERE object_kind = 'fleet_document'")
    }
    assert actions_told == {"fleet_document.added", "fleet_document.removed"}
    assert world.rows("SELECT count(*) FROM audit_events WHERE after::text LIKE '%%XXX 1%%'") == [(0,)]


async def test_what_runs_out_in_the_whole_fleet(web: Web, world: World) -> None:
    vehicle, driver = await owners(web, world)
    headers = web.staff(world.main, "viewer")
    await add(web, world, vehicle, expires_on="2026-11-23")
    await add(web, world, vehicle, kind="inspection", expires_on="2026-12-24")
    await add(web, world, driver, kind="medical", expires_on="2026-12-25")
    await add(web, world, driver, kind="licence", expires_on="2026-11-30")
    await add(web, world, driver, kind="licence", expires_on="2036-11-30")
    await add(web, world, driver, kind="other", expires_on="2026-11-30")

    async def kinds(query: str) -> list[tuple[str, str]]:
        reply = await web.client.get(f"/api/fleet-documents{query}", headers=headers)
        return [(item["kind"], item["status"]) for item in reply.json()["items"]]

    soon = [("insurance", "expired"), ("other", "expiring"), ("inspection", "expiring")]
    assert await kinds("?expiring_within=30") == soon
    assert await kinds("?expiring_within=0") == soon[:1]
    assert len(await kinds("")) == len(await kinds("?expiring_within=")) == 6
    assert await kinds("?page_size=1&page=2") == [("licence", "expiring")]
    file = await web.client.get("/api/fleet-documents", headers=headers | {"Accept": "text/csv"})
    assert "Sprinter Pmain" in file.text
    world.execute("UPDATE vehicles SET archived_at = now()")
    assert [kind for kind, _ in await kinds("?expiring_within=30")] == ["other"]
    assert (await web.client.get("/api/fleet-documents", headers=web.staff(world.other))).json()["total"] == 0


async def test_the_day_is_that_of_the_organisation(web: Web, world: World) -> None:
    await add(web, world, f"/api/vehicles/{world.main.vehicle}", expires_on="2026-11-23")
    headers = web.staff(world.main)
    world.execute("UPDATE organisations SET time_zone = 'America/Anchorage'")  # it is still the 23rd there
    [item] = (await web.client.get("/api/fleet-documents", headers=headers)).json()["items"]
    assert item["status"] == "expiring"


async def test_warnings_for_a_departure(web: Web, world: World) -> None:
    vehicle, driver = await owners(web, world)
    await add(web, world, vehicle, expires_on="2026-12-10")
    await add(web, world, driver, kind="licence", expires_on="2026-12-01")
    driver_id = world.rows("SELECT id FROM drivers")[0][0]
    async with web.hub.database.tenant(world.main.id) as connection:
        org = world.main.id
        both = await actions.warnings(connection, org, world.main.vehicle, driver_id, date(2026, 12, 5))  # type: ignore[arg-type]
        assert [(one.subject, one.owner, one.status) for one in both] == [
            ("driver", "Иван Петров", "expired"),
            ("vehicle", "Sprinter Pmain", "expiring"),
        ]
        assert len(await actions.warnings(connection, org, world.main.vehicle, None, date(2026, 12, 5))) == 1
        assert await actions.warnings(connection, org, None, None, date(2026, 12, 5)) == []


async def test_whose_papers_they_are(web: Web, world: World) -> None:
    vehicle, driver = await owners(web, world)
    paper = await add(web, world, vehicle)
    headers = web.staff(world.other)
    for owner, code in ((vehicle, "vehicle_not_found"), (driver, "driver_not_found")):
        assert (await web.client.get(f"{owner}/documents", headers=headers)).json()["code"] == code
        refused = await web.client.post(f"{owner}/documents", json={"kind": 5}, headers=headers)
        assert (refused.status_code, refused.json()["code"]) == (404, code)
    assert (await web.client.delete(f"{vehicle}/documents/{paper}", headers=headers)).status_code == 404
    # Nor by the address of another owner.
    assert (await web.client.delete(f"{driver}/documents/{paper}", headers=web.staff(world.main))).status_code == 404
    wrong = await web.client.post(f"{vehicle}/documents", json={"kind": "poem"}, headers=web.staff(world.main))
    assert wrong.status_code == 422
