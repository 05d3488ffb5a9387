"""Words of the HTTP tests: a good body, and what a refusal must look like."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import httpx

from tests.builders import World

HOLD = "/api/transfers/hold"
BOOK = "/api/transfers/book"
CANCEL = "/api/transfers/cancel"
CONFIRM = "/api/transfers/confirm"
SEARCH = "/api/transfers/search"
PLACES = "/api/places"
CONTACT = {"name": "Анна Ёлкина", "phone": "8 (914) 123-45-67", "email": "Anna@Example.org"}
STORED = ("bookings", "booking_events", "booking_passengers", "messages", "payments", "refunds", "cases")


def bearer_of(booking: dict[str, Any]) -> dict[str, str]:
    """The header that gives the right to a booking."""
    return {"Authorization": f"Booking {booking['token']}"}


async def held(client: httpx.AsyncClient, departure: UUID, passengers: int = 1, **more: object) -> dict[str, Any]:
    """A fresh hold, as replied."""
    reply = await client.post(HOLD, json={"departure_id": str(departure), "passengers": passengers, **more})
    assert reply.status_code == 201, reply.text
    booking: dict[str, Any] = reply.json()
    return booking


async def booked(client: httpx.AsyncClient, departure: UUID, passengers: int = 1, **more: object) -> dict[str, Any]:
    """A hold with passengers in one call, as replied."""
    body = {"departure_id": str(departure), "passengers": passengers, "contact": CONTACT, **more}
    reply = await client.post(BOOK, json=body)
    assert reply.status_code == 201, reply.text
    booking: dict[str, Any] = reply.json()
    return booking


def stored(world: World) -> dict[str, object]:
    """Everything a traveller's call could leave behind: bookings as they are, the rest by count."""
    counts: dict[str, object] = {name: world.rows(f"SELECT count(*) FROM {name}")[0][0] for name in STORED}
    return counts | {
        "now": world.rows("SELECT id, status, contact_name, refunded FROM bookings ORDER BY id"),
        "taken": world.rows("SELECT id, taken FROM departures ORDER BY id"),
    }


def check_problem(reply: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """A refusal by RFC 9457 with the code that is documented."""
    assert (reply.status_code, reply.headers["content-type"].split(";")[0]) == (status, "application/problem+json"), (
        reply.text
    )
    told: dict[str, Any] = reply.json()
    assert {"type", "title", "status", "detail", "code"} <= told.keys()
    assert (told["status"], told["code"], told["type"]) == (status, code, f"urn:kamhub:problem:{code}")
    assert told["title"]
    assert told["detail"]
    assert reply.headers["x-request-id"]
    if status == 422:
        assert told["errors"]
        assert all(error.keys() == {"field", "message", "code"} and error["message"] for error in told["errors"])
    return told
