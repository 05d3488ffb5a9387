"""Figures over HTTP: what was sold and how full it runs, by the organisation's own days."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from typing import Any

from tests.asgi import Web
from tests.builders import Operator, World

CONTACT = {"name": "Анна Ёлкина", "phone": "+79141234567", "email": "anna@example.org"}


async def booked(web: Web, departure: object, passengers: int, confirmed_by: Operator | None = None) -> str:
    body = {"departure_id": str(departure), "passengers": passengers, "contact": CONTACT}
    reply = await web.client.post("/api/transfers/book", json=body)
    assert reply.status_code == 201, reply.text
    if confirmed_by is not None:
        decision = {"booking_id": reply.json()["id"], "action": "confirm"}
        decided = await web.client.post("/api/transfers/confirm", json=decision, headers=web.staff(confirmed_by))
        assert decided.status_code == 200, decided.text
    return str(reply.json()["id"])


async def figures(web: Web, world: World, query: str = "", role: str = "viewer") -> dict[str, Any]:
    reply = await web.client.get(f"/api/dashboard{query}", headers=web.staff(world.main, role))  # type: ignore[arg-type]
    assert reply.status_code == 200, reply.text
    found: dict[str, Any] = reply.json()
    return found


async def test_an_organisation_without_anything_has_zeros(web: Web, world: World) -> None:
    found = await figures(web, world)
    assert found["totals"]["departures"] == 0
    assert found["totals"]["occupancy"] is None
    assert found["sources"] == []
    assert len(found["days"]) == 14


async def test_what_was_sold_and_how_full_it_runs(web: Web, world: World) -> None:
    departure = world.departure(capacity=10, departs_in=timedelta(hours=30))
    world.departure(capacity=10, departs_in=timedelta(hours=31), status="cancelled")
    await booked(web, departure, 4, confirmed_by=world.main)
    await booked(web, departure, 1)
    held = await web.client.post("/api/transfers/hold", json={"departure_id": str(departure), "passengers": 1})
    assert held.status_code == 201
    await web.client.post(
        "/api/transfers/hold", json={"departure_id": str(world.departure(operator=world.other)), "passengers": 1}
    )

    found = await figures(web, world)
    days = {day["date"]: day for day in found["days"]}
    assert found["today"] == "2026-11-24"
    runs = days["2026-11-25"]
    assert (runs["departures"], runs["departures_cancelled"], runs["seats"], runs["seats_taken"]) == (1, 1, 30, 18)
    assert runs["occupancy"] == 0.6
    today = days["2026-11-24"]
    assert (today["holds"], today["named"], today["confirmed"], today["cancelled"]) == (3, 2, 1, 0)
    assert today["conversion"] == 0.3333
    assert today["sold"] == {"amount": 1_000_000, "currency": "RUB"}
    assert [(one["channel"], one["holds"]) for one in found["sources"]] == [("api", 3)]


async def test_a_day_begins_at_midnight_in_kamchatka(web: Web, world: World) -> None:
    # Noon there: twelve hours to midnight.
    world.departure(departs_in=timedelta(hours=11, minutes=59))
    world.departure(departs_in=timedelta(hours=12))
    found = await figures(web, world, "?from=2026-11-24&to=2026-11-25")
    assert [day["departures"] for day in found["days"]] == [1, 1]


async def test_the_same_as_a_file(web: Web, world: World) -> None:
    headers = web.staff(world.main) | {"Accept": "text/csv"}
    reply = await web.client.get("/api/dashboard?from=2026-11-24&to=2026-11-25", headers=headers)
    assert reply.headers["content-type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(reply.content.decode("utf-8-sig"))))
    assert [row["date"] for row in rows] == ["2026-11-24", "2026-11-25"]
    page = await web.client.get("/office/dashboard/export?from=2026-11-24&to=2026-11-25", headers=web.staff(world.main))
    assert page.content == reply.content


async def test_who_may_not_and_what_makes_no_sense(web: Web, world: World) -> None:
    assert (await web.client.get("/api/dashboard")).status_code == 401
    assert (await web.client.get("/api/dashboard", headers=web.staff(world.main, "driver"))).status_code == 403
    headers = web.staff(world.main)
    for query in ("?from=2026-13-01", "?from=2026-12-01&to=2026-11-01", "?from=1990-01-01"):
        assert (await web.client.get(f"/api/dashboard{query}", headers=headers)).status_code == 422
        page = await web.client.get(f"/office/dashboard{query}", headers={**headers, "Accept-Language": "en"})
        assert page.status_code == 422
        assert "Figures" in page.text


async def test_the_page_says_in_a_table_what_it_draws(web: Web, world: World) -> None:
    departure = world.departure(capacity=4, departs_in=timedelta(hours=30))
    await booked(web, departure, 2)
    headers = {**web.staff(world.main), "Accept-Language": "en"}
    page = (await web.client.get("/office/dashboard", headers=headers)).text
    assert page.count("<svg") >= 3
    assert "50 %" in page
    assert "Day by day" in page
