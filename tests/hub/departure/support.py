"""Vehicles, drivers and sold departures for the tests of the day."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx

from kamhub.kit.ids import new_id
from kamhub.platform.session.cookie import csrf_binding
from kamhub.platform.session.tokens import digest, new_opaque_token
from tests.asgi import Web
from tests.builders import Operator, World

DEPARTURES = "/api/departures"


def vehicle(world: World, capacity: int = 16, *, operator: Operator | None = None, plate: str | None = None) -> UUID:
    """Another vehicle of that operator (the main one)."""
    number = new_id()
    world.execute(
        "INSERT INTO vehicles (organisation_id, id, type, model, capacity, plate) VALUES (%s, %s, 'bus', 'Paz', %s, %s)",
        (operator or world.main).id,
        number,
        capacity,
        plate or f"K{number.hex[-6:]}",
    )
    return number


def driver(
    world: World, name: str = "Иван Ключевской", *, operator: Operator | None = None, role: str | None = None
) -> UUID:
    """A driver of that operator; with ``role`` the member of that role signs in as them."""
    owner, number = operator or world.main, new_id()
    world.execute(
        "INSERT INTO drivers (organisation_id, id, name, phone, person_id) VALUES (%s, %s, %s, '+79140000001', %s)",
        owner.id,
        number,
        name,
        owner.people[role] if role else None,
    )
    return number


def driven(world: World, departure_id: UUID, driver_id: UUID | None) -> None:
    """That driver is on that departure."""
    world.execute("UPDATE departures SET driver_id = %s WHERE id = %s", driver_id, departure_id)


def sold(
    world: World,
    departure_id: UUID,
    passengers: int = 1,
    *,
    stretch: tuple[int, int] = (0, 3),
    status: str = "confirmed",
    names: tuple[str, ...] = (),
    ago: timedelta = timedelta(hours=1),
    **columns: Any,
) -> dict[str, Any]:
    """A booking on the departure with its seats taken; returns its id and code."""
    number, code = new_id(), f"{new_id().hex[-8:]}".upper()
    first, last = stretch
    values = {
        "organisation_id": world.main.id,
        "id": number,
        "code": code,
        "departure_id": departure_id,
        "from_position": first,
        "to_position": last,
        "passengers": passengers,
        "status": status,
        "price_per_seat": 100_000,
        "total": 100_000 * passengers,
        "currency": "RUB",
        "channel": "staff",
        "contact_name": "Анна Ёлкина",
        "contact_phone": "+79141234567",
        "contact_email": "anna@example.org",
        "contact_locale": "ru",
        "expires_at": world.now + timedelta(hours=1) if status in {"on_hold", "pending"} else None,
        "created_at": world.now - ago,
        **columns,
    }
    world.execute(
        f"INSERT INTO bookings ({', '.join(values)}) VALUES ({', '.join(['%s'] * len(values))})", *values.values()
    )
    if status not in {"cancelled", "expired", "rejected"}:
        world.execute(
            "UPDATE departures SET taken = ARRAY(SELECT seats + CASE WHEN leg > %s AND leg <= %s THEN %s ELSE 0 END "
            "FROM unnest(taken) WITH ORDINALITY AS t(seats, leg) ORDER BY leg) WHERE id = %s",
            first,
            last,
            passengers,
            departure_id,
        )
    for position, name in enumerate(names):
        world.execute(
            "INSERT INTO booking_passengers VALUES (%s, %s, %s, %s, NULL, 'adult')",
            world.main.id,
            number,
            position,
            name,
        )
    return {"id": number, "code": code}


async def patch(web: Web, world: World, departure_id: UUID, role: Any = "dispatcher", **body: object) -> httpx.Response:
    """Ask for another vehicle or driver."""
    content = {name: None if value is None else str(value) for name, value in body.items()}
    return await web.client.patch(f"{DEPARTURES}/{departure_id}", json=content, headers=web.staff(world.main, role))


class Office:
    """Somebody of the main operator with a browser that reads English."""

    def __init__(self, web: Web, world: World, role: Any) -> None:
        self.web = web
        self.session = new_opaque_token()
        world.execute(
            "INSERT INTO sessions (id, person_id, organisation_id, kind, token_hash, created_at, last_seen_at, expires_at) "
            "VALUES (%s, %s, %s, 'browser', %s, %s, %s, %s)",
            new_id(), world.main.people[role], world.main.id, digest(self.session), world.now, world.now,
            world.now + timedelta(days=365),
        )  # fmt: skip
        self.csrf = web.app.state.csrf.issue(csrf_binding(self.session))

    async def get(self, path: str) -> httpx.Response:
        headers = {"Cookie": f"session={self.session}", "Accept-Language": "en"}
        return await self.web.client.get(path, headers=headers)

    async def post(self, path: str, **fields: object) -> httpx.Response:
        headers = {"Cookie": f"session={self.session}; csrf_token={self.csrf}", "Accept-Language": "en"}
        data = {"csrf_token": self.csrf} | {name: str(value) for name, value in fields.items()}
        return await self.web.client.post(path, data=data, headers=headers)
