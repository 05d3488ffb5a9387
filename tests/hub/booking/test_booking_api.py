"""A booking's way over HTTP with money in it: paid, ticket, cancelled with a refund; decided; without a payment link."""

from __future__ import annotations

from uuid import UUID

import httpx
import pytest

from kamhub.platform.person.types import ROLES
from tests.app.support import BOOK, CANCEL, CONFIRM, CONTACT, bearer_of, booked, check_problem, held
from tests.asgi import Web
from tests.builders import World
from tests.hub.booking.support import pay
from tests.hub.payment.support import Provider

FIVE_THOUSAND = {"amount": 500_000, "currency": "RUB"}


async def test_paid_ticketed_and_cancelled_with_a_refund(web: Web, world: World) -> None:
    booking = await booked(web.client, world.departure(), 2)
    address, right = f"/api/transfers/bookings/{booking['id']}", bearer_of(booking)
    await pay(web.hub, world.main, booking["code"], 500_000, 1001)
    paid = (await web.client.get(address, headers=right)).json()
    assert (paid["status"], paid["paid"], paid["refunded"], paid["payment"]) == ("confirmed", FIVE_THOUSAND, None, None)
    assert [event["to"] for event in paid["history"]].count("confirmed") == 1
    ticket = await web.client.get(f"{address}/ticket.pdf", headers=right)
    assert ticket.content.startswith(b"%PDF-")
    assert "BEGIN:VEVENT" in (await web.client.get(f"{address}/ticket.ics", headers=right)).text

    quote = (await web.client.get(f"{address}/cancellation", headers=right)).json()
    assert (quote["refund"], quote["fee"]) == (FIVE_THOUSAND, {"amount": 0, "currency": "RUB"})
    assert quote["rule"] == {"hours_before": 24.0, "refund_percent": 100}
    reply = await web.client.post(CANCEL, json={"booking_id": booking["id"], "reason": "Вулкан"}, headers=right)
    cancelled = reply.json()
    assert (cancelled["status"], cancelled["refund"], cancelled["refunded"]) == ("cancelled", *[FIVE_THOUSAND] * 2)
    assert cancelled["refunds"] == [{"amount": FIVE_THOUSAND, "status": "requested"}]
    assert cancelled["history"][-1] | {"at": None} == {
        "at": None,
        "from": "confirmed",
        "to": "cancelled",
        "by": "traveller",
        "reason": "Вулкан",
    }
    check_problem(await web.client.get(f"{address}/cancellation", headers=right), 409, "booking_not_open")


async def test_the_operator_confirms_or_rejects(web: Web, world: World) -> None:
    nameless = await held(web.client, world.departure())
    decision = {"booking_id": nameless["id"], "action": "confirm"}
    check_problem(await web.client.post(CONFIRM, json=decision, headers=web.staff(world.main)), 409, "booking_not_open")
    booking, other = await booked(web.client, world.departure()), await booked(web.client, world.departure())
    decision = {"booking_id": booking["id"], "action": "confirm"}
    for role in ROLES:
        if role not in ("owner", "admin", "dispatcher"):
            reply = await web.client.post(CONFIRM, json=decision, headers=web.staff(world.main, role))
            check_problem(reply, 403, "permission_missing")
    spoof = web.staff(world.other) | {"X-Org-Id": str(world.main.id)}
    check_problem(await web.client.post(CONFIRM, json=decision, headers=spoof), 404, "booking_not_found")
    confirmed = (await web.client.post(CONFIRM, json=decision, headers=web.staff(world.main, "dispatcher"))).json()
    assert confirmed["status"] == "confirmed"
    assert confirmed["history"][-1]["by"] == f"person:{world.main.people['dispatcher']}"
    check_problem(await web.client.post(CONFIRM, json=decision, headers=web.staff(world.main)), 409, "booking_not_open")
    decision = {"booking_id": other["id"], "action": "reject"}
    rejected = (await web.client.post(CONFIRM, json=decision, headers=web.staff(world.main))).json()
    assert rejected["status"] == "rejected"
    assert world.taken(UUID(rejected["departure"]["departure_id"])) == [0, 0, 0]


async def test_without_the_payment_service_there_is_no_link_yet(web: Web, world: World, service: Provider) -> None:
    service.failures += [httpx.ConnectError("away"), httpx.ConnectError("away")]
    booking = await booked(web.client, world.departure())
    assert booking["payment"] is None
    again = {"booking_id": booking["id"], "contact": CONTACT}
    reply = await web.client.post(BOOK, json=again, headers=bearer_of(booking))
    assert reply.json()["payment"]["url"] == "https://orders.test/d/1"


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        (" " * 50 + "x" * 100, "x" * 100),
        ("Иван\x00Щукин", "Иван Щукин"),
        ("Иван\r\nBcc: all@example.org", "Иван Bcc: all@example.org"),
        ("\u202eИван", "Иван"),
        ("И\u0306горь", "Йгорь"),
        ("%s {0} $(id)", "%s {0} $(id)"),
    ],
)
async def test_names_are_one_line_as_it_was_meant(web: Web, world: World, typed: str, kept: str) -> None:
    people = [{"name": typed, "document": typed.strip()[:50]}]
    booking = await booked(web.client, world.departure(), contact=CONTACT | {"name": typed}, passenger_list=people)
    assert booking["contact"]["name"] == kept
    assert booking["passenger_list"][0]["name"] == kept
