"""Booking for whoever calls: paid online by a link, on board, by invoice."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from kamhub.platform.person.types import ROLES
from tests.app.support import CONTACT, check_problem, held
from tests.asgi import Web
from tests.builders import World
from tests.hub.booking_office.support import BOOKINGS, made
from tests.hub.payment.support import Provider


def told(world: World, booking: dict[str, Any]) -> list[str]:
    """Kinds of messages written to the booker."""
    query = "SELECT kind FROM messages WHERE booking_id = %s ORDER BY created_at, id"
    return [str(row[0]) for row in world.rows(query, booking["id"])]


async def test_a_link_to_pay_by_goes_out(web: Web, world: World) -> None:
    departure = world.departure()
    booking = await made(web, world, departure, 2, special_requests="  лыжи  ")
    assert (booking["status"], booking["pay_by"], booking["channel"]) == ("on_hold", "online", "staff")
    assert booking["payment"]["url"] == "https://orders.test/d/1"
    assert (booking["contact"]["phone"], booking["special_requests"]) == ("+79141234567", "лыжи")
    assert booking["due"] == booking["total"] == {"amount": 500_000, "currency": "RUB"}
    assert "token" not in booking
    assert told(world, booking) == ["payment_link"]
    assert world.taken(departure) == [2, 2, 2]


@pytest.mark.parametrize("pay_by", ["on_board", "invoice"])
async def test_paid_another_way_it_is_confirmed_at_once(web: Web, world: World, service: Provider, pay_by: str) -> None:
    booking = await made(web, world, world.departure(), pay_by=pay_by)
    assert (booking["status"], booking["payment"], booking["paid"]) == ("confirmed", None, None)
    assert booking["due"] == booking["total"]
    last = booking["history"][-1]
    assert (last["to"], last["by"], last["reason"]) == (
        "confirmed",
        f"person:{world.main.people['dispatcher']}",
        f"pays_{pay_by}",
    )
    assert told(world, booking) == ["confirmed"]
    assert service.calls == []
    (line,) = world.rows(
        "SELECT action, actor_id, after ->> 'pay_by' FROM audit_events WHERE object_id = %s", booking["id"]
    )
    assert line == ("booking.made", world.main.people["dispatcher"], pay_by)


async def test_a_stretch_and_its_passengers(web: Web, world: World) -> None:
    departure = world.departure()
    booking = await made(
        web, world, departure, 2,
        from_place_id=str(world.places["town"]), to_place_id=str(world.places["city"]),
        passenger_list=[{"name": "Щукин Ждан", "kind": "child", "document": "7701"}],
    )  # fmt: skip
    assert world.taken(departure) == [0, 2, 0]
    assert booking["passenger_list"] == [{"name": "Щукин Ждан", "document": "7701", "kind": "child"}]


async def test_a_repeat_with_the_same_key_books_once(web: Web, world: World) -> None:
    departure = world.departure()
    body = {"departure_id": str(departure), "passengers": 1, "contact": CONTACT, "pay_by": "on_board"}
    headers = web.staff(world.main, "dispatcher") | {"Idempotency-Key": "call-1"}
    first, second = [await web.client.post(BOOKINGS, json=body, headers=headers) for _ in range(2)]
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json()["id"] == second.json()["id"]
    assert told(world, first.json()) == ["confirmed"]
    assert world.taken(departure) == [1, 1, 1]


async def test_a_key_of_another_operator_is_another_key(web: Web, world: World) -> None:
    ours, theirs = world.departure(), world.departure(operator=world.other)
    for operator, departure in ((world.main, ours), (world.other, theirs)):
        body = {"departure_id": str(departure), "passengers": 1, "contact": CONTACT, "pay_by": "invoice"}
        headers = web.staff(operator, "dispatcher") | {"Idempotency-Key": "call-1"}
        reply = await web.client.post(BOOKINGS, json=body, headers=headers)
        assert reply.status_code == 201, reply.text
        assert reply.json()["departure"]["departure_id"] == str(departure)


async def test_refusals(web: Web, world: World) -> None:
    departure = world.departure(capacity=2)
    headers = web.staff(world.main, "dispatcher")

    async def sent(**more: object) -> httpx.Response:
        body = {"departure_id": str(departure), "passengers": 1, "contact": CONTACT, **more}
        return await web.client.post(BOOKINGS, json=body, headers=headers)

    theirs = world.departure(operator=world.other)
    check_problem(await sent(departure_id=str(theirs)), 404, "departure_not_found")
    check_problem(await sent(departure_id=str(uuid4())), 404, "departure_not_found")
    refused = check_problem(await sent(passengers=3), 409, "sold_out")
    assert refused["seats_available"] == 2
    check_problem(await sent(departure_id=str(world.departure(status="closed"))), 410, "sales_closed")
    check_problem(await sent(pay_by="barter"), 422, "input_invalid")
    check_problem(await sent(passenger_list=[{"name": "Аня"}, {"name": "Ваня"}]), 422, "input_invalid")
    check_problem(await sent(promo_code="NOSUCH"), 422, "input_invalid")
    assert world.taken(departure) == [0, 0, 0]  # the hold of the refused code is given back


async def test_without_a_payment_account_nobody_pays_online(web: Web, world: World) -> None:
    departure = world.departure(operator=world.other)
    body = {"departure_id": str(departure), "passengers": 1, "contact": CONTACT}
    reply = await web.client.post(BOOKINGS, json=body, headers=web.staff(world.other, "dispatcher"))
    check_problem(reply, 409, "online_payment_off")
    assert world.taken(departure) == [0, 0, 0]


@pytest.mark.parametrize("role", ROLES)
async def test_who_may(web: Web, world: World, role: Any) -> None:
    body = {"departure_id": str(world.departure()), "passengers": 1, "contact": CONTACT}
    reply = await web.client.post(BOOKINGS, json=body, headers=web.staff(world.main, role))
    assert reply.status_code == (201 if role in {"owner", "admin", "dispatcher"} else 403)
    seen = await web.client.get(BOOKINGS, headers=web.staff(world.main, role))
    assert seen.status_code == (403 if role == "driver" else 200)


async def test_the_link_is_sent_again_once_a_minute(web: Web, world: World, clock: Any) -> None:
    booking = await made(web, world, world.departure())
    headers, address = web.staff(world.main, "dispatcher"), f"{BOOKINGS}/{booking['id']}/payment-link"
    for _ in range(2):
        reply = await web.client.post(address, headers=headers)
        assert reply.status_code == 200, reply.text
        assert reply.json()["payment"]["url"] == booking["payment"]["url"]
    assert told(world, booking) == ["payment_link"] * 2
    stranger = web.staff(world.other, "dispatcher")
    check_problem(await web.client.post(address, headers=stranger), 404, "booking_not_found")
    confirmed = await made(web, world, world.departure(), pay_by="on_board")
    again = await web.client.post(f"{BOOKINGS}/{confirmed['id']}/payment-link", headers=headers)
    check_problem(again, 409, "booking_not_open")


async def test_the_service_does_not_answer_and_the_link_comes_later(web: Web, world: World, service: Provider) -> None:
    service.failures += [httpx.ConnectError("away"), httpx.ConnectError("away")]
    booking = await made(web, world, world.departure())
    assert booking["payment"] is None
    reply = await web.client.post(
        f"{BOOKINGS}/{booking['id']}/payment-link", headers=web.staff(world.main, "dispatcher")
    )
    assert reply.json()["payment"]["url"].startswith("https://orders.test/")


async def test_a_hold_without_a_name_has_no_link_to_send(web: Web, world: World) -> None:
    booking = await held(web.client, world.departure())
    reply = await web.client.post(
        f"{BOOKINGS}/{UUID(booking['id'])}/payment-link", headers=web.staff(world.main, "dispatcher")
    )
    check_problem(reply, 409, "booking_not_open")
