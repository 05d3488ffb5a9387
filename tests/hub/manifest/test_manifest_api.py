"""The manifest over HTTP, boarding that may be said twice, and who did not come."""

from __future__ import annotations

import asyncio
import csv
import io
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from kamhub.kit.clock import ManualClock
from tests.app.support import check_problem
from tests.asgi import Web
from tests.builders import World
from tests.hub.departure.support import DEPARTURES, driven, driver, sold

SOON = timedelta(hours=20)


async def board(web: Web, world: World, booking: dict[str, Any], role: Any = "dispatcher") -> httpx.Response:
    address = f"/api/bookings/{booking['id']}/boarding"
    return await web.client.post(address, headers=web.staff(world.main, role))


async def test_the_manifest_has_a_row_a_seat(web: Web, world: World) -> None:
    departure = world.departure(capacity=16)
    party = sold(world, departure, 3, names=("Анна Ёлкина", "Ждан Щукин"), special_requests="кресло", pay_by="on_board")
    late = sold(world, departure, 1, stretch=(1, 2), paid=100_000, contact_name="Ева Плоская")
    for status in ("on_hold", "cancelled", "expired", "pending"):
        sold(world, departure, 1, status=status)
    address = f"{DEPARTURES}/{departure}/manifest"
    told = (await web.client.get(address, headers=web.staff(world.main, "viewer"))).json()
    rows = told["passengers"]
    assert [row["name"] for row in rows] == ["Анна Ёлкина", "Ждан Щукин", "Анна Ёлкина 3", "Ева Плоская"]
    assert [row["booking_code"] for row in rows] == [party["code"]] * 3 + [late["code"]]
    assert [row["to_collect"] for row in rows] == [{"amount": 300_000, "currency": "RUB"}, None, None, None]
    assert (rows[0]["phone"], rows[0]["special_requests"], rows[0]["boarded"]) == ("+79141234567", "кресло", False)
    assert (rows[3]["from"]["slug"], rows[3]["to"]["slug"]) == ("town", "city")
    assert told["departure"]["id"] == str(departure)

    file = await web.client.get(address, headers=web.staff(world.main) | {"Accept": "text/csv"})
    lines = list(csv.DictReader(io.StringIO(file.text.lstrip("\ufeff"))))
    assert [line["name"] for line in lines] == [row["name"] for row in rows]
    assert (lines[0]["phone"], lines[0]["to_collect"]) == ("+79141234567", "3000.00")
    assert 'filename="manifest-2026-11-27-1200.csv"' in file.headers["content-disposition"]
    theirs = await web.client.get(address, headers=web.staff(world.other))
    check_problem(theirs, 404, "departure_not_found")


async def test_boarding_may_be_said_twice_and_redeems_the_booking_once(web: Web, world: World) -> None:
    departure = world.departure(departs_in=SOON)
    booking = sold(world, departure, 2)
    first, second = [(await board(web, world, booking)) for _ in range(2)]
    assert (first.status_code, second.status_code) == (200, 200)
    assert first.json() == second.json()
    assert (first.json()["status"], first.json()["boarded"]) == ("redeemed", True)
    actor = f"person:{world.main.people['dispatcher']}"
    assert world.rows("SELECT from_status, to_status, actor FROM booking_events") == [("confirmed", "redeemed", actor)]
    assert world.rows("SELECT count(*) FROM audit_events WHERE action = 'booking.boarded'") == [(1,)]
    manifest = (await web.client.get(f"{DEPARTURES}/{departure}/manifest", headers=web.staff(world.main))).json()
    assert (manifest["boarded"], [row["boarded"] for row in manifest["passengers"]]) == (2, [True, True])
    assert world.taken(departure) == [2, 2, 2]


async def test_many_scans_at_once_are_one_boarding(web: Web, world: World) -> None:
    booking = sold(world, world.departure(departs_in=SOON))
    replies = await asyncio.gather(*(board(web, world, booking) for _ in range(5)))
    assert {reply.status_code for reply in replies} == {200}
    assert world.rows("SELECT count(*) FROM booking_events WHERE to_status = 'redeemed'") == [(1,)]


async def test_boarding_begins_the_day_before(web: Web, world: World, clock: ManualClock) -> None:
    booking = sold(world, world.departure(departs_in=timedelta(days=2)))  # noon of the 26th there
    told = check_problem(await board(web, world, booking), 409, "boarding_too_early")
    assert told["opens_on"] == "2026-11-25"
    clock.advance(timedelta(hours=12))  # midnight of the 25th there
    assert (await board(web, world, booking)).status_code == 200


@pytest.mark.parametrize("status", ["on_hold", "pending", "cancelled", "rejected", "expired"])
async def test_only_a_confirmed_booking_boards(web: Web, world: World, status: str) -> None:
    booking = sold(world, world.departure(departs_in=SOON), status=status)
    told = check_problem(await board(web, world, booking), 409, "booking_not_confirmed")
    assert told["booking_status"] == status


async def test_a_driver_boards_on_their_own_departures_alone(web: Web, world: World) -> None:
    mine, others = world.departure(departs_in=SOON), world.departure(departs_in=SOON)
    driven(world, mine, driver(world, role="driver"))
    ours, theirs = sold(world, mine), sold(world, others)
    check_problem(await board(web, world, theirs, "driver"), 404, "booking_not_found")
    assert (await board(web, world, ours, "driver")).status_code == 200
    headers = web.staff(world.main, "driver")
    assert (await web.client.get(f"{DEPARTURES}/{mine}/manifest", headers=headers)).status_code == 200
    hidden = await web.client.get(f"{DEPARTURES}/{others}/manifest", headers=headers)
    check_problem(hidden, 404, "departure_not_found")
    for role in ("manager", "viewer"):
        check_problem(await board(web, world, theirs, role), 403, "permission_missing")
    another = await web.client.post(f"/api/bookings/{theirs['id']}/boarding", headers=web.staff(world.other))
    check_problem(another, 404, "booking_not_found")
    nobody = await web.client.post(f"/api/bookings/{UUID(int=1)}/boarding", headers=web.staff(world.main))
    check_problem(nobody, 404, "booking_not_found")


async def test_who_did_not_come_is_noted_and_taken_back(web: Web, world: World, clock: ManualClock) -> None:
    departure = world.departure(departs_in=timedelta(minutes=5), sales_cutoff=timedelta(0))
    missing, came = sold(world, departure), sold(world, departure)
    address = f"/api/bookings/{missing['id']}/no-show"
    headers = web.staff(world.main, "dispatcher")
    check_problem(await web.client.post(address, headers=headers), 409, "departure_not_left")
    assert (await board(web, world, came)).status_code == 200
    clock.advance(timedelta(minutes=6))
    for _ in range(2):
        noted = await web.client.post(address, headers=headers)
        assert (noted.status_code, noted.json()["no_show"], noted.json()["status"]) == (200, True, "confirmed")
    check_problem(await web.client.post(f"/api/bookings/{came['id']}/no-show", headers=headers), 409, "already_boarded")
    for _ in range(2):
        assert (await web.client.delete(address, headers=headers)).status_code == 204
    assert world.rows("SELECT no_show_at FROM bookings WHERE id = %s", missing["id"]) == [(None,)]
    await web.client.post(address, headers=headers)
    late = await board(web, world, missing)  # came running
    assert (late.json()["boarded"], late.json()["no_show"]) == (True, False)
    actions = [str(row[0]) for row in world.rows("SELECT action FROM audit_events ORDER BY id")]
    assert actions == [
        "booking.boarded",
        "booking.missed",
        "booking.not_missed",
        "booking.missed",
        "booking.boarded",
    ]
