"""What the tests of timetables share."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import httpx

from kamhub.kit.ids import new_id
from tests.asgi import Web
from tests.builders import PRICES, STOPS, Operator, World

ALL_DAYS = [1, 2, 3, 4, 5, 6, 7]


def prices(world: World) -> list[dict[str, Any]]:
    """A price for every pair of stops."""
    names = [name for name, _ in STOPS]
    return [
        {
            "from_place_id": str(world.places[names[start]]),
            "to_place_id": str(world.places[names[end]]),
            "price": amount,
        }
        for (start, end), amount in PRICES.items()
    ]


def body(world: World, operator: Operator | None = None, **changes: Any) -> dict[str, Any]:
    """A timetable of a week: daily at 08:00 and 14:00, local to Kamchatka, where it is noon of 24 November."""
    owner = operator or world.main
    return {
        "route_id": str(owner.route),
        "vehicle_id": str(owner.vehicle),
        "weekdays": ALL_DAYS,
        "times": ["08:00", "14:00"],
        "valid_from": "2026-11-24",
        "valid_to": "2026-11-30",
        "prices": prices(world),
    } | changes


async def make(web: Web, world: World, operator: Operator | None = None, **changes: Any) -> dict[str, Any]:
    """A timetable, made over HTTP."""
    reply = await web.client.post(
        "/api/timetables", json=body(world, operator, **changes), headers=web.staff(operator or world.main, "manager")
    )
    assert reply.status_code == 201, reply.text
    made: dict[str, Any] = reply.json()
    return made


async def patch(web: Web, world: World, timetable: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """The reply to a change that is taken."""
    reply = await web.client.patch(
        f"/api/timetables/{timetable['id']}", json=changes, headers=web.staff(world.main, "manager")
    )
    assert reply.status_code == 200, reply.text
    changed: dict[str, Any] = reply.json()
    return changed


async def hold(web: Web, departure: UUID, passengers: int = 1) -> httpx.Response:
    """A traveller asks for seats."""
    return await web.client.post("/api/transfers/hold", json={"departure_id": str(departure), "passengers": passengers})


def local_times(world: World, timetable: dict[str, Any], status: str = "open") -> list[str]:
    """When its departures leave, as on the clock of Kamchatka."""
    rows = world.rows(
        "SELECT to_char(departs_at AT TIME ZONE 'Asia/Kamchatka', 'DD HH24:MI') FROM departures "
        "WHERE timetable_id = %s AND status = %s ORDER BY departs_at",
        timetable["id"],
        status,
    )
    return [str(row[0]) for row in rows]


def departure_at(world: World, timetable: dict[str, Any], local: str) -> UUID:
    """The departure of a timetable at that day and time, such as ``25 08:00``."""
    rows = world.rows(
        "SELECT id FROM departures WHERE timetable_id = %s AND status = 'open' "
        "AND to_char(departs_at AT TIME ZONE 'Asia/Kamchatka', 'DD HH24:MI') = %s",
        timetable["id"],
        local,
    )
    assert len(rows) == 1
    found = rows[0][0]
    assert isinstance(found, UUID)
    return found


def vehicle(world: World, plate: str, capacity: int = 16) -> UUID:
    """Another vehicle of the main operator."""
    number = new_id()
    world.execute(
        "INSERT INTO vehicles (organisation_id, id, type, model, capacity, plate) VALUES (%s, %s, 'bus', 'Bus', %s, %s)",
        world.main.id, number, capacity, plate,
    )  # fmt: skip
    return number


def driver(world: World, name: str = "Ivan") -> UUID:
    """A driver of the main operator."""
    number = new_id()
    world.execute(
        "INSERT INTO drivers (organisation_id, id, name, phone) VALUES (%s, %s, %s, '+79140000001')",
        world.main.id, number, name,
    )  # fmt: skip
    return number
