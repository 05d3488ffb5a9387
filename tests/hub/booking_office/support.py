"""What the tests of the booking office share."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from tests.app.support import CONTACT
from tests.asgi import Web
from tests.builders import World

BOOKINGS = "/api/bookings"


async def made(web: Web, world: World, departure: UUID, passengers: int = 1, **more: object) -> dict[str, Any]:
    """A booking for a caller, as replied to a dispatcher."""
    body = {"departure_id": str(departure), "passengers": passengers, "contact": CONTACT, **more}
    reply = await web.client.post(BOOKINGS, json=body, headers=web.staff(world.main, "dispatcher"))
    assert reply.status_code == 201, reply.text
    booking: dict[str, Any] = reply.json()
    return booking


async def listed(web: Web, world: World, query: str = "", role: Any = "viewer") -> dict[str, Any]:
    """The list, as replied."""
    reply = await web.client.get(f"{BOOKINGS}?{query}", headers=web.staff(world.main, role))
    assert reply.status_code == 200, reply.text
    found: dict[str, Any] = reply.json()
    return found


async def codes(web: Web, world: World, query: str) -> list[str]:
    """Codes of the bookings in the list, in order."""
    return [item["code"] for item in (await listed(web, world, query))["items"]]
