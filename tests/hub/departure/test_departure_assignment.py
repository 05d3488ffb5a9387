"""A vehicle and a driver are in one place at a time, and what is sold fits."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from kamhub.hub.departure.actions import assign
from kamhub.hub.departure.types import Assignment, Conflict, StaffDeparture
from kamhub.hub.services import Hub
from kamhub.platform.access.permissions import permissions_of
from kamhub.platform.audit.types import Trail
from kamhub.platform.person.types import Staff
from tests.app.support import check_problem
from tests.asgi import Web
from tests.builders import World
from tests.hub.departure.support import DEPARTURES, driver, patch, sold, vehicle


def dispatcher(world: World, name: str = "Dispatcher") -> Staff:
    return Staff(world.main.id, permissions_of("dispatcher"), Trail("person", world.main.people["dispatcher"], name))


def onto(vehicle_id: UUID) -> Callable[[StaffDeparture], Assignment]:
    return lambda departure: Assignment(vehicle_id, departure.driver_id)


async def test_the_vehicle_brings_its_seats_and_the_travellers_are_told(web: Web, world: World) -> None:
    departure = world.departure(capacity=4)
    booking = sold(world, departure, 2)
    sold(world, departure, 1, status="on_hold", expires_at=world.now - timedelta(minutes=1))
    bus = vehicle(world, 25, plate="A001AA41")
    reply = await patch(web, world, departure, vehicle_id=bus)
    assert (reply.status_code, reply.json()["capacity"], reply.json()["vehicle"]["plate"]) == (200, 25, "A001AA41")
    assert world.taken(departure) == [2, 2, 2], "what had lapsed is swept in passing"
    assert world.rows("SELECT what, after FROM departure_events") == [("vehicle", str(bus))]
    assert world.rows("SELECT booking_id, kind FROM messages") == [(booking["id"], "changed")]
    same = await patch(web, world, departure, vehicle_id=bus)
    assert same.json()["version"] == reply.json()["version"], "nothing has changed"
    assert world.rows("SELECT count(*) FROM departure_events") == [(1,)]
    [(before, after)] = world.rows("SELECT before, after FROM audit_events WHERE action = 'departure.assigned'")
    assert (before, after) == ({"vehicle_id": str(world.main.vehicle)}, {"vehicle_id": str(bus)})


async def test_a_vehicle_too_small_is_refused_with_who_would_be_left_out(web: Web, world: World) -> None:
    departure = world.departure(capacity=10)
    old = sold(world, departure, 3, ago=timedelta(days=3))
    sold(world, departure, 4, stretch=(2, 3), ago=timedelta(minutes=1))
    new = sold(world, departure, 2, stretch=(0, 2), ago=timedelta(hours=1), status="pending")
    reply = await patch(web, world, departure, vehicle_id=vehicle(world, 4))
    told = check_problem(reply, 409, "too_small")
    assert told["capacity"] == 4
    left = {one["code"]: one["passengers"] for one in told["bookings"]}
    assert old["code"] not in left
    assert left[new["code"]] == 2
    assert {one["id"] for one in told["bookings"]} >= {str(new["id"])}
    shown = (await web.client.get(f"{DEPARTURES}/{departure}", headers=web.staff(world.main))).json()
    assert (shown["capacity"], shown["version"]) == (10, 1), "nothing was changed"
    fits = await patch(web, world, departure, vehicle_id=vehicle(world, 7))
    assert (fits.status_code, fits.json()["capacity"]) == (200, 7)


@pytest.mark.parametrize("what", ["vehicle", "driver"])
async def test_who_is_busy_is_refused_with_the_other_departure(web: Web, world: World, what: str) -> None:
    first, second = world.departure(), world.departure(departs_in=timedelta(days=3, minutes=104))
    later = world.departure(departs_in=timedelta(days=3, minutes=105))
    one = {f"{what}_id": vehicle(world) if what == "vehicle" else driver(world)}
    for departure in (second, later):  # of vehicles of their own
        assert (await patch(web, world, departure, vehicle_id=vehicle(world))).status_code == 200
    assert (await patch(web, world, first, **one)).status_code == 200
    told = check_problem(await patch(web, world, second, **one), 409, "conflict")
    assert (told["what"], told["reason"], told["departure_id"]) == (what, "busy", str(first))
    assert told["departs_at"].startswith("2026-11-27T00:00")
    assert (await patch(web, world, later, **one)).status_code == 200, "free the minute it arrives"
    world.execute("UPDATE departures SET status = 'cancelled' WHERE id = %s", later)
    world.execute("UPDATE departures SET status = 'cancelled' WHERE id = %s", first)
    assert (await patch(web, world, second, **one)).status_code == 200, "a cancelled departure keeps nobody busy"


async def test_a_driver_rests_as_long_as_the_operator_says(web: Web, world: World) -> None:
    world.execute("UPDATE organisations SET rest_minutes = 60 WHERE id = %s", world.main.id)
    first, soon = world.departure(), world.departure(departs_in=timedelta(days=3, minutes=164))
    later = world.departure(departs_in=timedelta(days=3, minutes=165))
    number = driver(world)
    for departure in (first, soon, later):
        assert (await patch(web, world, departure, vehicle_id=vehicle(world))).status_code == 200
    assert (await patch(web, world, first, driver_id=number)).status_code == 200
    told = check_problem(await patch(web, world, soon, driver_id=number), 409, "conflict")
    assert (told["what"], told["reason"], told["departure_id"]) == ("driver", "rest", str(first))
    assert (await patch(web, world, later, driver_id=number)).status_code == 200
    off = await patch(web, world, first, driver_id=None)
    assert (off.json()["driver_id"], off.json()["driver"]) == (None, None)
    assert world.rows("SELECT before, after FROM departure_events WHERE what = 'driver' ORDER BY id DESC LIMIT 1") == [
        (str(number), None)
    ]


async def test_what_is_another_operators_cannot_be_assigned(web: Web, world: World) -> None:
    departure = world.departure()
    check_problem(await patch(web, world, departure, vehicle_id=world.other.vehicle), 404, "vehicle_not_found")
    theirs = driver(world, operator=world.other)
    check_problem(await patch(web, world, departure, driver_id=theirs), 404, "driver_not_found")
    archived = vehicle(world)
    world.execute("UPDATE vehicles SET archived_at = now() WHERE id = %s", archived)
    check_problem(await patch(web, world, departure, vehicle_id=archived), 404, "vehicle_not_found")
    for role in ("manager", "driver", "viewer"):
        reply = await patch(web, world, departure, role, vehicle_id=vehicle(world))
        check_problem(reply, 403, "permission_missing")


async def _both(hub: Hub, world: World, departures: list[UUID], bus: UUID) -> list[Any]:
    """Two dispatchers put the same bus on two departures at the same moment."""
    return await asyncio.gather(
        *(
            assign(hub, dispatcher(world, f"Dispatcher {number}"), departure, onto(bus))
            for number, departure in enumerate(departures)
        ),
        return_exceptions=True,
    )


async def test_of_two_who_assign_the_same_bus_at_once_one_wins_and_the_other_is_told(hub: Hub, world: World) -> None:
    for _ in range(5):
        departures = [world.departure(), world.departure(departs_in=timedelta(days=3, minutes=30))]
        bus = vehicle(world)
        answers = await _both(hub, world, departures, bus)
        won = [answer for answer in answers if isinstance(answer, StaffDeparture)]
        told = [answer for answer in answers if isinstance(answer, Conflict)]
        assert (len(won), len(told)) == (1, 1), answers
        assert (told[0].what, told[0].departure_id) == ("vehicle", won[0].id)
        assert world.rows("SELECT count(*) FROM departures WHERE vehicle_id = %s", bus) == [(1,)]


async def test_without_the_constraint_both_would_win(hub: Hub, world: World) -> None:
    world.execute("ALTER TABLE departures DROP CONSTRAINT departures_vehicle_free")
    departures = [world.departure(), world.departure(departs_in=timedelta(days=3, minutes=30))]
    bus = vehicle(world)
    answers = await _both(hub, world, departures, bus)
    assert [type(answer) for answer in answers] == [StaffDeparture] * 2
    assert world.rows("SELECT count(*) FROM departures WHERE vehicle_id = %s", bus) == [(2,)]


async def test_two_who_give_one_driver_too_little_rest_at_once_do_not_both_succeed(hub: Hub, world: World) -> None:
    world.execute("UPDATE organisations SET rest_minutes = 120 WHERE id = %s", world.main.id)
    departures = [world.departure(), world.departure(departs_in=timedelta(days=3, minutes=150))]
    for departure in departures:
        await assign(hub, dispatcher(world), departure, onto(vehicle(world)))
    number = driver(world)

    def driven_by(departure: StaffDeparture) -> Assignment:
        return Assignment(departure.vehicle_id, number)

    answers = await asyncio.gather(
        *(assign(hub, dispatcher(world), departure, driven_by) for departure in departures), return_exceptions=True
    )
    assert sorted(type(answer).__name__ for answer in answers) == ["Conflict", "StaffDeparture"], answers


async def test_seats_sold_while_a_smaller_vehicle_comes_are_never_too_many(hub: Hub, world: World) -> None:
    from kamhub.hub.booking import actions as bookings

    departure, small = world.departure(capacity=8), vehicle(world, 4)
    holds = [bookings.hold(hub, departure_id=departure, passengers=2, channel="api") for _ in range(4)]
    answers = await asyncio.gather(
        assign(hub, dispatcher(world), departure, onto(small)), *holds, return_exceptions=True
    )
    [(capacity, fullest)] = world.rows("SELECT capacity, (SELECT max(x) FROM unnest(taken) x) FROM departures")
    assert isinstance(fullest, int)
    assert isinstance(capacity, int)
    assert fullest <= capacity
    assert capacity == (4 if isinstance(answers[0], StaffDeparture) else 8)
