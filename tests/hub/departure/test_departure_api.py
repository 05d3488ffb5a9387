"""Departures over HTTP: who sees which, sales closed and reopened, one added, one overwritten by nobody."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from uuid import UUID

from kamhub.kit.clock import ManualClock
from tests.app.support import check_problem
from tests.asgi import Web
from tests.builders import World
from tests.hub.departure.support import DEPARTURES, driven, driver, patch, sold, vehicle

NOBODY = UUID(int=404)


async def test_a_departure_is_shown_with_seats_taken_leg_by_leg(web: Web, world: World) -> None:
    departure = world.departure(capacity=5)
    sold(world, departure, 2, stretch=(0, 2))
    sold(world, departure, 1, stretch=(1, 3), status="on_hold")
    sold(world, departure, 1, status="on_hold", expires_at=world.now - timedelta(minutes=1))
    reply = await web.client.get(f"{DEPARTURES}/{departure}", headers=web.staff(world.main, "viewer"))
    shown = reply.json()
    assert [leg["taken"] for leg in shown["legs"]] == [2, 3, 1], "a lapsed hold is not counted"
    assert [leg["from"]["slug"] for leg in shown["legs"]] == ["airport", "town", "city"]
    assert shown["legs"][-1]["to"]["name"] == {"ru": "Место springs", "en": "Springs"}
    assert (shown["capacity"], shown["status"], shown["driver_id"]) == (5, "open", None)
    assert shown["departs_at"].endswith("+12:00")
    assert reply.headers["etag"] == f'"{shown["version"]}"'
    theirs = web.staff(world.other)
    check_problem(await web.client.get(f"{DEPARTURES}/{departure}", headers=theirs), 404, "departure_not_found")


async def test_the_list_is_filtered_paged_and_written_as_a_file(web: Web, world: World) -> None:
    tomorrow = [world.departure(departs_in=timedelta(days=1, hours=hour)) for hour in (3, 1, 2)]
    later = world.departure(departs_in=timedelta(days=2), status="closed")
    world.departure(departs_in=timedelta(days=-2), sales_cutoff=timedelta(0))
    world.departure(operator=world.other)
    headers = web.staff(world.main)

    async def asked(**parameters: str | int) -> list[str]:
        reply = await web.client.get(DEPARTURES, params=parameters, headers=headers)
        assert reply.status_code == 200, reply.text
        assert reply.json()["total"] >= len(reply.json()["items"])
        return [item["id"] for item in reply.json()["items"]]

    in_order = [str(tomorrow[1]), str(tomorrow[2]), str(tomorrow[0])]
    assert await asked() == [*in_order, str(later)], "without days the list begins with today"
    assert await asked(date="2026-11-25") == in_order
    assert await asked(**{"from": "2026-11-26"}) == [str(later)]
    assert len(await asked(**{"from": "2026-11-20", "to": "2026-11-23"})) == 1
    assert await asked(status="closed") == [str(later)]
    assert await asked(page=2, page_size=2) == [in_order[2], str(later)]
    assert await asked(route_id=str(NOBODY)) == []
    other = vehicle(world)
    assert (await patch(web, world, later, vehicle_id=other)).status_code == 200
    assert await asked(vehicle_id=str(other)) == [str(later)]
    file = await web.client.get(DEPARTURES, headers=headers | {"Accept": "text/csv"})
    lines = list(csv.DictReader(io.StringIO(file.text.lstrip("\ufeff"))))
    assert [line["id"] for line in lines] == [*in_order, str(later)]
    check_problem(await web.client.get(DEPARTURES, params={"date": "tomorrow"}, headers=headers), 422, "input_invalid")


async def test_a_driver_sees_the_departures_they_drive_alone(web: Web, world: World) -> None:
    mine, others = world.departure(), world.departure()
    headers = web.staff(world.main, "driver")
    assert (await web.client.get(DEPARTURES, headers=headers)).json()["items"] == [], "not linked to a driver yet"
    number = driver(world, role="driver")
    driven(world, mine, number)
    listed = (await web.client.get(DEPARTURES, headers=headers)).json()
    assert ([item["id"] for item in listed["items"]], listed["total"]) == ([str(mine)], 1)
    assert (await web.client.get(f"{DEPARTURES}/{mine}", headers=headers)).status_code == 200
    check_problem(await web.client.get(f"{DEPARTURES}/{others}", headers=headers), 404, "departure_not_found")
    by_driver = await web.client.get(DEPARTURES, params={"driver_id": str(number)}, headers=web.staff(world.main))
    assert [item["id"] for item in by_driver.json()["items"]] == [str(mine)]


async def test_sales_are_closed_and_reopened_with_a_reason(web: Web, world: World, clock: ManualClock) -> None:
    departure = world.departure()
    address, headers = f"{DEPARTURES}/{departure}", web.staff(world.main, "dispatcher")
    for _ in range(2):  # may be said twice
        closed = await web.client.post(f"{address}/close", json={"reason": "Пепел"}, headers=headers)
        assert (closed.status_code, closed.json()["status"], closed.json()["version"]) == (200, "closed", 2)
    hold = {"departure_id": str(departure), "passengers": 1}
    check_problem(await web.client.post("/api/transfers/hold", json=hold), 410, "sales_closed")
    opened = await web.client.post(f"{address}/reopen", headers=headers)  # no body at all
    assert opened.json()["status"] == "open"
    assert (await web.client.post("/api/transfers/hold", json=hold)).status_code == 201
    events = world.rows("SELECT what, before, after, reason FROM departure_events ORDER BY id")
    assert events == [("closed", "open", "closed", "Пепел"), ("reopened", "closed", "open", None)]
    for role in ("manager", "driver", "viewer"):
        reply = await web.client.post(f"{address}/close", headers=web.staff(world.main, role))
        check_problem(reply, 403, "permission_missing")
    check_problem(await web.client.post(f"{address}/close", headers=web.staff(world.other)), 404, "departure_not_found")

    await web.client.post(f"{address}/close", headers=headers)
    clock.advance(timedelta(days=4))
    headers = web.staff(world.main, "dispatcher")
    check_problem(await web.client.post(f"{address}/reopen", headers=headers), 409, "departure_gone")
    world.execute("UPDATE departures SET status = 'cancelled' WHERE id = %s", departure)
    check_problem(await web.client.post(f"{address}/close", headers=headers), 409, "departure_cancelled")
    check_problem(await patch(web, world, departure, vehicle_id=vehicle(world)), 409, "departure_cancelled")


async def test_a_version_that_is_stale_overwrites_nothing(web: Web, world: World) -> None:
    departure, headers = world.departure(), web.staff(world.main)
    address = f"{DEPARTURES}/{departure}"
    read = (await web.client.get(address, headers=headers)).headers["etag"]
    body = {"driver_id": str(driver(world))}
    first = await web.client.patch(address, json=body, headers=headers | {"If-Match": read})
    assert (first.status_code, first.json()["driver"]["name"]) == (200, "Иван Ключевской")
    stale = headers | {"If-Match": read}
    check_problem(await web.client.patch(address, json={"driver_id": None}, headers=stale), 412, "version_stale")
    check_problem(await web.client.patch(address, json={"nonsense": 1}, headers=stale), 412, "version_stale")
    check_problem(await web.client.post(f"{address}/close", headers=stale), 412, "version_stale")
    check_problem(await web.client.patch(address, json={}, headers=headers), 422, "input_invalid")
    check_problem(
        await web.client.patch(f"{DEPARTURES}/{NOBODY}", json={}, headers=headers), 404, "departure_not_found"
    )


async def test_an_extra_departure_is_on_sale_at_once(web: Web, world: World) -> None:
    headers, at = web.staff(world.main, "dispatcher"), (world.now + timedelta(days=2, hours=3)).isoformat()
    body = {"route_id": str(world.main.route), "vehicle_id": str(world.main.vehicle), "departs_at": at}
    made = await web.client.post(DEPARTURES, json=body, headers=headers)
    assert made.status_code == 201, made.text
    number = made.json()["id"]
    assert (made.json()["capacity"], made.json()["tariff_id"]) == (16, str(world.main.tariff))
    held = await web.client.post("/api/transfers/hold", json={"departure_id": number, "passengers": 2})
    assert held.json()["price_per_seat"]["amount"] == 250_000

    again = await web.client.post(DEPARTURES, json=body, headers=headers)
    check_problem(again, 409, "conflict")
    assert (again.json()["departure_id"], again.json()["what"]) == (number, "vehicle")

    prices = [
        {"from_place_id": str(world.places[start]), "to_place_id": str(world.places[end]), "price": price}
        for start, end, price in (("airport", "town", 10_000), ("town", "city", 20_000))
    ]
    other = body | {"vehicle_id": str(vehicle(world, 7)), "prices": prices}
    missing = await web.client.post(DEPARTURES, json=other, headers=headers)
    assert [error["field"] for error in missing.json()["errors"]] == ["prices"]
    prices.append(
        {
            "from_place_id": str(world.places["city"]),
            "to_place_id": str(world.places["springs"]),
            "price": {"amount": 30_000, "currency": "RUB"},
        }
    )
    cheap = await web.client.post(DEPARTURES, json=other, headers=headers)
    assert (cheap.status_code, cheap.json()["capacity"]) == (201, 7)
    assert cheap.json()["tariff_id"] != str(world.main.tariff)
    held = await web.client.post("/api/transfers/hold", json={"departure_id": cheap.json()["id"], "passengers": 1})
    assert held.json()["total"]["amount"] == 60_000, "the sum of the legs"
    assert (await web.client.post(DEPARTURES, json=other, headers=web.staff(world.main, "manager"))).status_code == 403


async def test_an_extra_departure_is_refused_with_what_is_wrong(web: Web, world: World) -> None:
    headers = web.staff(world.main)
    good = {
        "route_id": str(world.main.route),
        "vehicle_id": str(world.main.vehicle),
        "departs_at": (world.now + timedelta(days=1)).isoformat(),
    }

    async def refused(**other: object) -> tuple[int, str]:
        reply = await web.client.post(DEPARTURES, json=good | other, headers=headers)
        return reply.status_code, reply.json()["code"]

    assert await refused(route_id=str(world.other.route)) == (404, "route_not_found")
    assert await refused(vehicle_id=str(world.other.vehicle)) == (404, "vehicle_not_found")
    assert await refused(driver_id=str(driver(world, operator=world.other))) == (404, "driver_not_found")
    assert await refused(tariff_id=str(world.other.tariff)) == (404, "tariff_not_found")
    assert await refused(departs_at=world.now.isoformat()) == (422, "input_invalid")
    assert await refused(departs_at=(world.now + timedelta(days=900)).isoformat()) == (422, "input_invalid")
    assert await refused(departs_at="2026-12-01T08:00:00") == (422, "input_invalid")
    backwards = {
        "from_place_id": str(world.places["city"]),
        "to_place_id": str(world.places["town"]),
        "price": 1000,
    }
    assert await refused(prices=[backwards]) == (422, "input_invalid")
    world.execute("DELETE FROM tariff_prices")
    world.execute("DELETE FROM tariffs WHERE organisation_id = %s", world.main.id)
    assert await refused() == (422, "input_invalid")
