"""What a timetable needs: a driver within their hours, and a route, vehicle and driver that are in use."""

from __future__ import annotations

from typing import Any

import pytest

from tests.asgi import Web
from tests.builders import World
from tests.hub.timetable.support import body, driver, make, patch, vehicle
from tests.platform.session.support import Browser


def works(world: World, driver_id: object, begins: str, ends: str) -> None:
    world.execute("UPDATE drivers SET works_from = %s, works_to = %s WHERE id = %s", begins, ends, driver_id)


async def test_times_outside_the_hours_of_the_driver_are_told_and_made(web: Web, world: World) -> None:
    somebody, headers = driver(world), web.staff(world.main, "manager")
    wanted = body(world, driver_id=str(somebody), times=["06:00", "08:00", "19:00"])
    path = "/api/timetables/preview"
    assert (await web.client.post(path, json=wanted, headers=headers)).json()["outside_hours"] is None
    works(world, somebody, "08:00", "20:00")  # the way lasts 105 minutes
    told = {"works_from": "08:00", "works_to": "20:00", "times": ["06:00", "19:00"]}
    assert (await web.client.post(path, json=wanted, headers=headers)).json()["outside_hours"] == told
    made = await make(web, world, driver_id=str(somebody), times=["06:00", "08:00", "19:00"])
    assert made["outside_hours"] == told
    assert made["generated"]["count"] == 19
    address = f"/api/timetables/{made['id']}"
    assert (await web.client.get(address, headers=headers)).json()["outside_hours"] == told
    changed = await patch(web, world, made, times=["06:00", "08:00"])
    assert changed["outside_hours"]["times"] == ["06:00"]
    dry = await web.client.post(f"{address}/preview", json={"times": ["08:00"]}, headers=headers)
    assert dry.json()["outside_hours"] is None
    page = (await (await Browser(web).signed_in("manager@main.example")).get(f"/office/timetables/{made['id']}")).text
    assert "The driver works from 08:00 to 20:00." in page
    assert (await patch(web, world, made, driver_id=None))["outside_hours"] is None


@pytest.mark.parametrize("what", ["route", "vehicle", "driver"])
async def test_what_a_timetable_needs_is_not_archived(web: Web, world: World, what: str) -> None:
    somebody, headers = driver(world), web.staff(world.main, "manager")
    # A season that begins in a month: no departure is near that would be in the way by itself.
    season: dict[str, Any] = {"valid_from": "2026-12-24", "valid_to": "2026-12-24"}
    made = await make(web, world, driver_id=str(somebody), **season)
    world.execute("DELETE FROM departures")
    number = made[f"{what}_id"]
    address, page = f"/api/{what}s/{number}", f"/office/{what}s/{number}"
    for refused in (
        await web.client.delete(address, headers=headers),
        await web.client.patch(address, json={"archived": True}, headers=headers),
    ):
        assert (refused.status_code, refused.json()["code"]) == (409, "in_use")
        assert refused.json()["timetables"] == [
            {
                "timetable_id": made["id"],
                "route": made["route_name"],
                "times": ["08:00", "14:00"],
                "valid_to": "2026-12-24",
            }
        ]
    browser = await Browser(web).signed_in("manager@main.example")
    await browser.get(page)
    sent = {"csrf_token": browser.csrf, "version": "1"}
    shown = await browser.client.post(f"{page}/archive", data=sent)
    assert shown.status_code == 409
    assert f'href="/office/timetables/{made["id"]}"' in shown.text
    await web.client.delete(f"/api/timetables/{made['id']}", headers=headers)
    assert (await web.client.delete(address, headers=headers)).status_code == 204


@pytest.mark.parametrize("what", ["route", "vehicle", "driver"])
async def test_a_season_that_is_over_needs_nothing_until_it_is_prolonged(web: Web, world: World, what: str) -> None:
    somebody, headers = driver(world), web.staff(world.main, "manager")
    made = await make(web, world, driver_id=str(somebody))
    world.execute("DELETE FROM departures")
    world.execute("UPDATE timetables SET valid_from = '2026-10-01', valid_to = '2026-10-31'")
    assert (await web.client.delete(f"/api/{what}s/{made[f'{what}_id']}", headers=headers)).status_code == 204
    address = f"/api/timetables/{made['id']}"
    refused = await web.client.patch(address, json={"valid_to": "2026-12-31"}, headers=headers)
    assert refused.status_code == 422, refused.text
    assert [fault["field"] for fault in refused.json()["errors"]] == [f"{what}_id"]
    cheaper: dict[str, Any] = {"rules": [{"kind": "early", "threshold": 90, "percent": -10}]}
    assert (await web.client.patch(address, json=cheaper, headers=headers)).status_code == 200


async def test_another_vehicle_and_driver_make_a_season_long_again(web: Web, world: World) -> None:
    made = await make(web, world, driver_id=str(driver(world)))
    for table in ("vehicles", "drivers"):
        world.execute(f"UPDATE {table} SET archived_at = now() WHERE id = %s", made[f"{table[:-1]}_id"])
    fresh = {"vehicle_id": str(vehicle(world, "FRESH")), "driver_id": str(driver(world, "Olga"))}
    changed = await patch(web, world, made, valid_to="2026-12-31", **fresh)
    assert changed["valid_to"] == "2026-12-31"
