"""The board of a day, the month, the page of a departure, as its people open them."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from kamhub.kit.clock import ManualClock
from kamhub.kit.ids import new_id
from tests.asgi import Web
from tests.builders import World
from tests.hub.departure.support import Office, driven, driver, sold, vehicle

BOARD = "/office/departures"


@pytest.fixture
def office(web: Web, world: World) -> Office:
    return Office(web, world, "dispatcher")


async def test_the_board_shows_the_seats_of_the_day_and_its_warnings(office: Office, world: World) -> None:
    departure = world.departure(departs_in=timedelta(hours=8), capacity=4)
    sold(world, departure, 3, stretch=(0, 2))
    world.departure(departs_in=timedelta(days=1))
    world.execute(
        "INSERT INTO fleet_documents (organisation_id, id, vehicle_id, kind, expires_on) "
        "VALUES (%s, %s, %s, 'insurance', '2026-11-20')",
        world.main.id, new_id(), world.main.vehicle,
    )  # fmt: skip
    page = await office.get(BOARD)
    assert page.status_code == 200, page.text
    assert page.text.count("data-live-url") == 1
    assert "3 of 4 seats taken" in page.text
    assert "On sale" in page.text
    assert "no driver yet" in page.text
    assert "a document has run out on 20 November 2026" in page.text
    assert "Tuesday, 24 November" in page.text
    empty = await office.get(f"{BOARD}?date=2026-12-24")
    assert "Nothing runs on this day" in empty.text
    wrong = await office.get(f"{BOARD}?date=soon")
    assert (wrong.status_code, "Choose a date." in wrong.text) == (422, True)
    filtered = await office.get(f"{BOARD}?route_id={new_id()}")
    assert "Nothing runs on this day" in filtered.text


async def test_the_board_of_today_leads_to_the_next_departure_while_there_is_one(
    office: Office, world: World, clock: ManualClock
) -> None:
    for hours in (1, 8):
        world.departure(departs_in=timedelta(hours=hours))
    assert "To the next one" not in (await office.get(BOARD)).text, "it is the first of the list"
    clock.advance(timedelta(hours=2))
    assert "To the next one" in (await office.get(BOARD)).text
    clock.advance(timedelta(hours=7))
    late = await office.get(BOARD)
    assert (late.status_code, "To the next one" in late.text) == (200, False)
    assert late.text.count("data-live-url") == 2, "all have gone, and are listed still"


async def test_a_part_of_the_board_is_shown_as_it_is_now(office: Office, world: World) -> None:
    departure = world.departure(capacity=4)
    address = f"{BOARD}/{departure}/row"
    assert "0 of 4 seats taken" in (await office.get(address)).text
    sold(world, departure, 4)
    row = (await office.get(address)).text
    assert "4 of 4 seats taken" in row
    assert row.lstrip().startswith("<li")
    legs = (await office.get(f"{address}?part=legs")).text
    assert legs.lstrip().startswith("<div")
    assert (await office.get(f"{BOARD}/{new_id()}/row")).status_code == 404


async def test_the_month_tells_how_full_each_day_is(office: Office, world: World) -> None:
    sold(world, world.departure(departs_in=timedelta(days=1), capacity=4), 2)
    world.departure(departs_in=timedelta(days=2), status="cancelled")
    page = await office.get(f"{BOARD}/month")
    assert page.status_code == 200, page.text
    assert "50 % of the seats taken" in page.text
    assert "November 2026" in page.text
    assert "cancelled" in page.text
    assert "December 2026" in (await office.get(f"{BOARD}/month?month=2026-12")).text
    assert (await office.get(f"{BOARD}/month?month=2026-13")).status_code == 422


async def test_vehicle_and_driver_are_changed_on_the_page(office: Office, world: World) -> None:
    departure = world.departure()
    page = await office.get(f"{BOARD}/{departure}")
    assert page.status_code == 200, page.text
    bus, ivan = vehicle(world, 9), driver(world)
    reply = await office.post(f"{BOARD}/{departure}/assignment", vehicle_id=bus, driver_id=ivan, version=1)
    assert (reply.status_code, reply.headers["location"]) == (303, f"{BOARD}/{departure}?done=assigned")
    after = await office.get(reply.headers["location"])
    assert "Vehicle and driver are as you chose." in after.text
    assert "Another driver: Иван Ключевской" in after.text
    assert "9 seats in all" in after.text

    stale = await office.post(f"{BOARD}/{departure}/assignment", vehicle_id=world.main.vehicle, version=1)
    assert (stale.status_code, "Somebody has changed this departure" in stale.text) == (412, True)
    wrong = await office.post(f"{BOARD}/{departure}/assignment", vehicle_id="bus", version=2)
    assert (wrong.status_code, "This is not an id." in wrong.text) == (422, True)
    other = world.departure(departs_in=timedelta(days=3, minutes=10), capacity=8)
    busy = await office.post(f"{BOARD}/{other}/assignment", vehicle_id=bus, version=1)
    assert busy.status_code == 409
    assert f'href="{BOARD}/{departure}"' in busy.text
    assert re.search(r"The vehicle is on another departure at that time: the one of 27 Nov", busy.text)
    party = sold(world, other, 5)
    small = await office.post(f"{BOARD}/{other}/assignment", vehicle_id=vehicle(world, 4), version=1)
    assert (small.status_code, party["code"] in small.text) == (409, True)
    taken_off = await office.post(f"{BOARD}/{departure}/assignment", vehicle_id=bus, driver_id="", version=2)
    assert taken_off.status_code == 303
    assert "no driver yet" in (await office.get(f"{BOARD}/{departure}")).text


async def test_a_driver_outside_their_hours_is_said(office: Office, world: World) -> None:
    departure, ivan = world.departure(), driver(world)
    driven(world, departure, ivan)
    world.execute("UPDATE drivers SET works_from = '06:00', works_to = '08:00' WHERE id = %s", ivan)
    page = (await office.get(f"{BOARD}/{departure}")).text
    assert "outside their working hours" in page


async def test_sales_are_closed_and_opened_on_the_page(office: Office, world: World) -> None:
    departure = world.departure()
    closed = await office.post(f"{BOARD}/{departure}/close", reason="Дорога закрыта", version=1)
    assert closed.status_code == 303
    page = (await office.get(closed.headers["location"])).text
    assert "Nothing more is sold" in page
    assert "Дорога закрыта" in page
    assert "Sales closed" in page
    stale = await office.post(f"{BOARD}/{departure}/reopen", version=1)
    assert stale.status_code == 412
    wrong = await office.post(f"{BOARD}/{departure}/reopen", reason="x" * 501, version=2)
    assert wrong.status_code == 422
    assert (await office.post(f"{BOARD}/{departure}/reopen", version=2)).status_code == 303
    assert "On sale" in (await office.get(f"{BOARD}/{departure}")).text


async def test_a_departure_is_added_by_hand(office: Office, world: World) -> None:
    form = await office.get(f"{BOARD}/new?date=2026-11-26")
    assert 'value="2026-11-26"' in form.text
    fields = {"route_id": world.main.route, "vehicle_id": world.main.vehicle, "date": "2026-11-26", "time": "07:30"}
    made = await office.post(f"{BOARD}/new", **fields)
    assert made.status_code == 303, made.text
    page = (await office.get(made.headers["location"])).text
    assert "The departure is on sale." in page
    assert "Thursday, 26 November, 07:30" in page
    again = await office.post(f"{BOARD}/new", **fields | {"time": "08:00"})
    assert (again.status_code, 'value="08:00"' in again.text) == (409, True)
    assert "on another departure at that time" in again.text
    past = await office.post(f"{BOARD}/new", **fields | {"date": "2026-11-20"})
    assert (past.status_code, "This time has passed" in past.text) == (422, True)
    empty = await office.post(f"{BOARD}/new")
    assert empty.status_code == 422
    world.execute("UPDATE routes SET archived_at = now()")
    assert "needs a route and a vehicle first" in (await office.get(f"{BOARD}/new")).text


async def test_a_driver_sees_their_own_day_and_changes_nothing(web: Web, world: World) -> None:
    mine, others = world.departure(departs_in=timedelta(hours=8)), world.departure(departs_in=timedelta(hours=9))
    driven(world, mine, driver(world, role="driver"))
    at_the_wheel = Office(web, world, "driver")
    board = (await at_the_wheel.get(BOARD)).text
    assert str(mine) in board
    assert str(others) not in board
    page = (await at_the_wheel.get(f"{BOARD}/{mine}")).text
    assert "Close sales" not in page
    assert "Book for a caller" not in page
    assert (await at_the_wheel.get(f"{BOARD}/{others}")).status_code == 404
    assert (await at_the_wheel.post(f"{BOARD}/{mine}/close", version=1)).status_code == 403
