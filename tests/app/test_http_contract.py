"""The travellers' calls field by field, as the contract has them."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from kamhub.kit.clock import ManualClock
from kamhub.kit.ids import CODE_ALPHABET
from tests.app.support import (
    BOOK,
    CANCEL,
    CONFIRM,
    CONTACT,
    HOLD,
    PLACES,
    SEARCH,
    bearer_of,
    booked,
    check_problem,
    held,
    stored,
)
from tests.asgi import Web
from tests.builders import World
from tests.conftest import NOW

BOOKING_FIELDS = {
    "id", "code", "status", "expires_at", "created_at", "departure", "passengers", "price_per_seat", "total", "price", "paid", "refunded",
    "refunds", "contact", "passenger_list", "special_requests", "payment", "history", "moves", "disruption", "page_url",
}  # fmt: skip
STRETCH_FIELDS = {"departure_id", "operator", "from", "to", "departs_at", "arrives_at", "vehicle"}
ASKED = {"from": "airport", "to": "springs", "date": "2026-11-27", "passengers": "2"}


def roubles(amount: int) -> dict[str, object]:
    return {"amount": amount, "currency": "RUB"}


def check_stretch(told: dict[str, Any], world: World, start: str, end: str) -> None:
    assert told["operator"] == {
        "id": str(world.main.id),
        "name": {"ru": "main", "en": "main"},
        "rating": told["operator"]["rating"],
        "review_count": 0,
    }
    for side, slug in (("from", start), ("to", end)):
        assert told[side] == {
            "place_id": str(world.places[slug]),
            "slug": slug,
            "name": {"ru": f"Место {slug}", "en": slug.title()},
            "stop": None,
            "lat": 53,
            "lng": 158,
        }
    assert told["vehicle"] == {"type": "minibus", "model": "Sprinter", "features": []}
    for instant in (told["departs_at"], told["arrives_at"]):
        assert datetime.fromisoformat(instant).utcoffset() == timedelta(hours=12)


async def test_a_hold(client: httpx.AsyncClient, world: World) -> None:
    departure = world.departure()
    booking = await held(client, departure, 2, from_place_id=str(world.places["town"]))
    assert booking.keys() == BOOKING_FIELDS | {"token"}
    assert UUID(booking["id"]).version == 7
    assert re.fullmatch(f"[{CODE_ALPHABET}]{{8}}", booking["code"])
    assert (booking["status"], booking["passengers"]) == ("on_hold", 2)
    assert (booking["price_per_seat"], booking["total"]) == (roubles(220_000), roubles(440_000))
    assert [booking[name] for name in ("paid", "refunded", "contact", "payment", "special_requests")] == [None] * 5
    assert datetime.fromisoformat(booking["expires_at"]) > NOW
    assert booking["departure"].keys() == STRETCH_FIELDS
    assert booking["departure"]["departure_id"] == str(departure)
    check_stretch(booking["departure"], world, "town", "springs")
    assert booking["history"] == [
        {"at": booking["created_at"], "from": None, "to": "on_hold", "by": "traveller", "reason": None}
    ]
    assert booking["page_url"] == f"http://hub.test/booking/{booking['id']}"
    shown = await client.get(f"/api/transfers/bookings/{booking['id']}", headers=bearer_of(booking))
    assert shown.json() == {name: value for name, value in booking.items() if name != "token"}
    assert world.taken(departure) == [0, 2, 2]


async def test_who_travels_and_how_to_pay(client: httpx.AsyncClient, world: World) -> None:
    hold = await held(client, world.departure(), 2)
    party = [{"name": " Анна  Ёлкина ", "document": "7701 123456"}, {"name": "Ждан", "kind": "child"}]
    body = {
        "booking_id": hold["id"],
        "contact": CONTACT | {"locale": "en"},
        "passenger_list": party,
        "special_requests": " лыжи\r\n2 пары ",
    }
    reply = await client.post(BOOK, json=body, headers=bearer_of(hold))
    assert reply.status_code == 201
    booking = reply.json()
    assert booking.keys() == BOOKING_FIELDS  # the token was told when the booking was created
    assert (booking["id"], booking["code"], booking["status"]) == (hold["id"], hold["code"], "on_hold")
    assert booking["contact"] == {
        "name": "Анна Ёлкина",
        "phone": "+79141234567",
        "email": "anna@example.org",
        "locale": "en",
    }
    assert booking["passenger_list"] == [
        {"name": "Анна Ёлкина", "document": "7701 123456", "kind": "adult"},
        {"name": "Ждан", "document": None, "kind": "child"},
    ]
    assert booking["special_requests"] == "лыжи\n2 пары"
    assert booking["payment"] == {"url": "https://orders.test/d/1", "expires_at": booking["expires_at"]}
    at_once = await booked(client, world.departure())
    assert at_once.keys() == BOOKING_FIELDS | {"token"}
    assert at_once["payment"]["url"] == "https://orders.test/d/2"


async def test_changing_ones_mind(web: Web, client: httpx.AsyncClient, world: World) -> None:
    departure = world.departure()
    booking = await booked(client, departure)
    address = f"/api/transfers/bookings/{booking['id']}"
    for name in ("ticket.pdf", "ticket.ics"):
        check_problem(await client.get(f"{address}/{name}", headers=bearer_of(booking)), 409, "booking_not_confirmed")
    decided = await client.post(
        CONFIRM,
        json={"booking_id": booking["id"], "action": "confirm", "message": "ждём"},
        headers=web.staff(world.main),
    )
    assert decided.status_code == 200
    assert decided.json().keys() == BOOKING_FIELDS
    assert [event["to"] for event in decided.json()["history"]] == ["on_hold", "confirmed"]
    assert decided.json()["history"][1]["reason"] == "ждём"
    for name, kind in (("ticket.pdf", "application/pdf"), ("ticket.ics", "text/calendar")):
        ticket = await client.get(f"{address}/{name}", headers=bearer_of(booking))
        assert (ticket.status_code, ticket.headers["content-type"].split(";")[0]) == (200, kind)
        assert f'filename="{booking["code"]}' in ticket.headers["content-disposition"]
    quote = (await client.get(f"{address}/cancellation", headers=bearer_of(booking))).json()
    assert quote.keys() == {"refund", "fee", "rule", "rules", "departs_at"}
    assert (quote["refund"], quote["fee"], quote["rule"]) == (roubles(0), roubles(0), None)
    assert quote["rules"] == [
        {"hours_before": hours, "refund_percent": share} for hours, share in ((24, 100), (12, 75), (2, 50))
    ]
    cancelled = await client.post(
        CANCEL, json={"booking_id": booking["id"], "reason": "пурга"}, headers=bearer_of(booking)
    )
    assert cancelled.status_code == 200
    assert cancelled.json().keys() == BOOKING_FIELDS | {"booking", "refund"}
    assert cancelled.json()["booking"].keys() == BOOKING_FIELDS
    assert (cancelled.json()["status"], cancelled.json()["refund"]) == ("cancelled", roubles(0))
    assert world.taken(departure) == [0, 0, 0]
    again = await client.post(CANCEL, json={"booking_id": booking["id"]}, headers=bearer_of(booking))
    check_problem(again, 409, "booking_not_open")


async def test_a_search(client: httpx.AsyncClient, world: World) -> None:
    departure = world.departure(capacity=4)
    full = world.departure(capacity=1, departs_in=timedelta(days=3, hours=1))
    await held(client, full)
    await held(client, departure, 3, to_place_id=str(world.places["town"]))
    found = (await client.get(SEARCH, params=ASKED)).json()
    assert found.keys() == {"items", "page", "page_size", "total", "near_dates"}
    assert (found["page"], found["total"], found["near_dates"]) == (1, 2, [])
    first, second = found["items"]
    assert first.keys() == STRETCH_FIELDS | {"price_per_seat", "total", "seats_available"}
    check_stretch(first, world, "airport", "springs")
    assert (first["departure_id"], second["departure_id"]) == (str(departure), str(full))
    assert (first["price_per_seat"], first["total"]) == (roubles(250_000), roubles(500_000))
    assert (first["seats_available"], second["seats_available"]) == (1, 0)
    onwards = (await client.get(SEARCH, params=ASKED | {"from": str(world.places["town"]), "to": "city"})).json()[
        "items"
    ]
    assert [(item["departure_id"], item["seats_available"]) for item in onwards] == [
        (str(departure), 4),
        (str(full), 0),
    ]
    nothing: list[dict[str, str]] = [
        {"max_price": "249999"},
        {"vehicle_type": "bus"},
        {"features": "wifi"},
        {"from": "springs", "to": "airport"},
    ]
    for filters in nothing:
        assert (await client.get(SEARCH, params=ASKED | filters)).json()["items"] == []
    kept: list[dict[str, str]] = [{"max_price": "250000"}, {"vehicle_type": "minibus"}, {"features": ""}, {"sort": "x"}]
    for filters in kept:
        assert len((await client.get(SEARCH, params=ASKED | filters)).json()["items"]) == 2
    empty = (await client.get(SEARCH, params=ASKED | {"date": "2026-11-25"})).json()
    assert (empty["items"], empty["near_dates"]) == ([], ["2026-11-27"])
    check_problem(await client.get(SEARCH, params=ASKED | {"to": "moon"}), 404, "place_not_found")


async def test_places_are_found_forgivingly(client: httpx.AsyncClient, world: World) -> None:
    everything = (await client.get(PLACES)).json()
    assert everything.keys() == {"items", "page", "page_size", "total"}
    assert {item["slug"] for item in everything["items"]} == set(world.places)
    for typed in ("springs", "SPRINGS", "sprngs", "ызкштпы", "место springs"):
        found = (await client.get(PLACES, params={"q": typed})).json()["items"]
        assert found[0] == {
            "id": str(world.places["springs"]),
            "slug": "springs",
            "name": {"ru": "Место springs", "en": "Springs"},
            "meeting_point": None,
            "lat": 53.0,
            "lng": 158.0,
            "time_zone": "Asia/Kamchatka",
        }


async def test_what_a_hold_is_refused_with(client: httpx.AsyncClient, world: World, clock: ManualClock) -> None:
    departure = world.departure(capacity=2)
    booking = await held(client, departure)
    told = check_problem(
        await client.post(HOLD, json={"departure_id": str(departure), "passengers": 2}), 409, "sold_out"
    )
    assert told["seats_available"] == 1
    for gone in (
        world.departure(departs_in=timedelta(minutes=20)),
        world.departure(status="closed"),
        world.departure(status="cancelled"),
    ):
        check_problem(await client.post(HOLD, json={"departure_id": str(gone), "passengers": 1}), 410, "sales_closed")
    clock.advance(timedelta(hours=2))
    body = {"booking_id": booking["id"], "contact": CONTACT}
    check_problem(await client.post(BOOK, json=body, headers=bearer_of(booking)), 410, "hold_expired")
    check_problem(
        await client.post(CANCEL, json={"booking_id": booking["id"]}, headers=bearer_of(booking)), 410, "hold_expired"
    )


@pytest.mark.parametrize("path", [HOLD, BOOK])
async def test_a_repeat_with_the_same_key(client: httpx.AsyncClient, world: World, path: str) -> None:
    departure = world.departure()
    body: dict[str, object] = {"departure_id": str(departure), "passengers": 1}
    if path == BOOK:
        body["contact"] = CONTACT
    headers = [(b"Idempotency-Key", f"Ключ-{uuid4()}".encode())]
    first, *repeats = [await client.post(path, json=body, headers=headers) for _ in range(3)]
    assert first.status_code == 201
    for repeat in repeats:
        assert repeat.status_code in {200, 201}
        assert [repeat.json()[name] for name in ("id", "code", "token")] == [
            first.json()[name] for name in ("id", "code", "token")
        ]
    assert world.taken(departure) == [1, 1, 1]
    check_problem(await client.post(path, json=body | {"passengers": 2}, headers=headers), 409, "idempotency_conflict")
    another = await client.post(path, json=body, headers={"Idempotency-Key": str(uuid4())})
    assert another.json()["id"] != first.json()["id"]


async def test_who_may_see_a_booking(client: httpx.AsyncClient, world: World) -> None:
    mine, other = await held(client, world.departure()), await held(client, world.departure())
    before = stored(world)
    token = mine["token"]
    wrong = [
        "",
        "Booking",
        "Booking ",
        f"Bearer {token}",
        token,
        f"Booking {token}x",
        f"Booking {token[:-4]}AAAA",
        "Booking é",
        f"Basic {token}",
    ]
    calls: list[tuple[str, str, object]] = [
        *(
            ("GET", f"/api/transfers/bookings/{mine['id']}{end}", None)
            for end in ("", "/cancellation", "/ticket.pdf", "/ticket.ics")
        ),
        ("POST", CANCEL, {"booking_id": mine["id"]}),
        ("POST", BOOK, {"booking_id": mine["id"], "contact": CONTACT}),
    ]
    for method, path, body in calls:
        check_problem(await client.request(method, path, json=body), 401, "booking_token_invalid")
        check_problem(
            await client.request(method, path, json=body, params={"token": token}), 401, "booking_token_invalid"
        )
        for header in wrong:
            reply = await client.request(method, path, json=body, headers={"Authorization": header.encode("latin-1")})
            check_problem(reply, 401, "booking_token_invalid")
        check_problem(await client.request(method, path, json=body, headers=bearer_of(other)), 404, "booking_not_found")
    nobodys = uuid4()
    check_problem(
        await client.get(f"/api/transfers/bookings/{nobodys}", headers=bearer_of(mine)), 404, "booking_not_found"
    )
    check_problem(await client.get("/api/transfers/bookings/7", headers=bearer_of(mine)), 404, "not_found")
    assert stored(world) == before


async def test_refusals_are_judged_in_order(web: Web, client: httpx.AsyncClient, world: World) -> None:
    mine, other = await booked(client, world.departure()), await held(client, world.departure())
    before = stored(world)
    spoilt = {"booking_id": mine["id"], "action": "maybe", "reason": 5, "contact": {}}
    for path in (CANCEL, BOOK):
        check_problem(await client.post(path, json=spoilt), 401, "booking_token_invalid")
        check_problem(await client.post(path, json=spoilt, headers=bearer_of(other)), 404, "booking_not_found")
        check_problem(await client.post(path, json=spoilt, headers=bearer_of(mine)), 422, "input_invalid")
    check_problem(await client.post(CONFIRM, json=spoilt), 401, "unauthenticated")
    check_problem(await client.post(CONFIRM, json=spoilt, headers=bearer_of(mine)), 401, "unauthenticated")
    check_problem(
        await client.post(CONFIRM, json=spoilt, headers=web.staff(world.other, "viewer")), 403, "permission_missing"
    )
    check_problem(await client.post(CONFIRM, json=spoilt, headers=web.staff(world.other)), 404, "booking_not_found")
    check_problem(await client.post(CONFIRM, json=spoilt, headers=web.staff(world.main)), 422, "input_invalid")
    assert stored(world) == before
