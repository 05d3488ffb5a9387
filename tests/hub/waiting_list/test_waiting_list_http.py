"""The waiting list over HTTP: who may join, who sees it, who takes somebody off."""

from __future__ import annotations

import csv
import io
from typing import Any
from uuid import UUID, uuid4

import pytest

from kamhub.hub.booking import actions as bookings
from kamhub.hub.booking.tokens import BookingAccess
from kamhub.hub.waiting_list import actions, rules
from kamhub.platform.person.types import ROLES
from tests.app.support import CONTACT, check_problem, held
from tests.asgi import Web
from tests.builders import World
from tests.hub.booking_office.support import made

LIST = "/api/waiting-list"


async def full(web: Web, world: World, capacity: int = 1) -> tuple[UUID, list[dict[str, Any]]]:
    """A departure without a free seat, and who has them."""
    departure = world.departure(capacity=capacity)
    return departure, [await made(web, world, departure, pay_by="on_board") for _ in range(capacity)]


def wish(departure: UUID, passengers: int = 1, **contact: str) -> dict[str, Any]:
    """A body of the list."""
    return {"departure_id": str(departure), "passengers": passengers, "contact": CONTACT | contact}


async def test_put_on_seen_offered_and_taken_off(web: Web, world: World) -> None:
    departure, (sold,) = await full(web, world)
    staff = web.staff(world.main, "dispatcher")
    reply = await web.client.post(LIST, json=wish(departure), headers=staff)
    assert reply.status_code == 201, reply.text
    party = reply.json()
    assert (party["status"], party["passengers"], party["booking_id"]) == ("waiting", 1, None)
    assert (party["departure"]["departure_id"], party["contact"]["phone"]) == (str(departure), "+79141234567")
    one = await web.client.get(f"{LIST}/{party['id']}", headers=web.staff(world.main, "viewer"))
    assert one.json() == party
    await web.client.post(f"/api/bookings/{sold['id']}/cancel", json={}, headers=staff)
    await actions.offer_all(web.hub)
    found = (await web.client.get(LIST, headers=staff)).json()
    assert (found["total"], found["items"][0]["status"]) == (1, "offered")
    assert len(found["items"][0]["booking_code"]) == 8
    for _ in range(2):
        assert (await web.client.delete(f"{LIST}/{party['id']}", headers=staff)).status_code == 204
    assert world.taken(departure) == [0, 0, 0]  # the seats nobody paid for are free again
    assert (await web.client.get(LIST, headers=staff)).json()["total"] == 0
    assert (await web.client.get(f"{LIST}?all=true", headers=staff)).json()["items"][0]["status"] == "left"
    assert (await web.client.get(f"{LIST}?status=left", headers=staff)).json()["total"] == 1
    assert (await web.client.get(f"{LIST}?departure_id={uuid4()}&all=true", headers=staff)).json()["total"] == 0
    lines = [row[0] for row in world.rows("SELECT action FROM audit_events ORDER BY at, id")]
    assert [line for line in lines if str(line).startswith("waiting")] == [
        "waiting_party.joined",
        "waiting_party.offered",
        "waiting_party.left",
    ]


async def test_a_paid_offer_is_not_given_back(web: Web, world: World) -> None:
    departure, (sold,) = await full(web, world)
    staff = web.staff(world.main, "dispatcher")
    party = (await web.client.post(LIST, json=wish(departure), headers=staff)).json()
    await web.client.post(f"/api/bookings/{sold['id']}/cancel", json={}, headers=staff)
    await actions.offer_all(web.hub)
    world.execute("UPDATE bookings SET status = 'confirmed' WHERE channel = 'staff' AND status = 'on_hold'")
    assert (await web.client.delete(f"{LIST}/{party['id']}", headers=staff)).status_code == 204
    assert world.taken(departure) == [1, 1, 1]


async def test_the_same_phone_keeps_its_place(web: Web, world: World) -> None:
    departure, _ = await full(web, world, 2)
    staff = web.staff(world.main, "dispatcher")
    first = (await web.client.post(LIST, json=wish(departure), headers=staff)).json()
    await web.client.post(LIST, json=wish(departure, phone="+7 962 555-11-22", name="Ольга"), headers=staff)
    again = (await web.client.post(LIST, json=wish(departure, 2, name="Анна Иная"), headers=staff)).json()
    assert (again["id"], again["passengers"], again["contact"]["name"]) == (first["id"], 2, "Анна Иная")
    found = (await web.client.get(f"{LIST}?departure_id={departure}", headers=staff)).json()["items"]
    assert found[0]["id"] == first["id"]
    assert len(found) == 2


async def test_refusals(web: Web, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    departure, _ = await full(web, world, 2)
    staff = web.staff(world.main, "dispatcher")

    async def refused(body: dict[str, Any], status: int, code: str) -> dict[str, Any]:
        return check_problem(await web.client.post(LIST, json=body, headers=staff), status, code)

    await refused(wish(departure, 3), 409, "party_too_large")
    free = await refused(wish(world.departure()), 409, "seats_available")
    assert free["seats_available"] == 4
    for status in ("closed", "cancelled"):
        await refused(wish(world.departure(status=status)), 409, "not_on_sale")
    await refused(wish(uuid4()), 404, "departure_not_found")
    await refused(wish(world.departure(operator=world.other)), 404, "departure_not_found")
    places = {"from_place_id": str(world.places["city"]), "to_place_id": str(world.places["town"])}
    await refused(wish(departure) | places, 404, "stretch_not_served")
    await refused(wish(departure) | {"from_place_id": str(uuid4())}, 404, "stretch_not_served")
    await refused(wish(departure, phone="12"), 422, "input_invalid")
    monkeypatch.setattr(rules, "MOST_WAITING", 1)
    await web.client.post(LIST, json=wish(departure), headers=staff)
    await refused(wish(departure, phone="+7 962 555-11-22"), 409, "waiting_list_full")


@pytest.mark.parametrize("role", ROLES)
async def test_who_may(web: Web, world: World, role: Any) -> None:
    departure, _ = await full(web, world)
    headers = web.staff(world.main, role)
    writes = role in {"owner", "admin", "dispatcher"}
    assert (await web.client.post(LIST, json=wish(departure), headers=headers)).status_code == (201 if writes else 403)
    assert (await web.client.get(LIST, headers=headers)).status_code == (403 if role == "driver" else 200)


async def test_another_operator_sees_nothing(web: Web, world: World) -> None:
    departure, _ = await full(web, world)
    party = (await web.client.post(LIST, json=wish(departure), headers=web.staff(world.main))).json()
    stranger = web.staff(world.other)
    assert (await web.client.get(f"{LIST}?all=true", headers=stranger)).json()["total"] == 0
    address = f"{LIST}/{party['id']}"
    check_problem(await web.client.get(address, headers=stranger), 404, "waiting_party_not_found")
    check_problem(await web.client.delete(address, headers=stranger), 404, "waiting_party_not_found")


async def test_the_file(web: Web, world: World) -> None:
    departure, _ = await full(web, world)
    staff = web.staff(world.main)
    await web.client.post(LIST, json=wish(departure), headers=staff)
    reply = await web.client.get(LIST, headers=staff | {"Accept": "text/csv"})
    (row,) = csv.DictReader(io.StringIO(reply.text.removeprefix("\ufeff")))
    assert (row["status"], row["phone"], row["departs_at"], row["offered_at"]) == (
        "waiting", "+79141234567", "2026-11-27 12:00", "",
    )  # fmt: skip


async def form_of(web: Web, address: str) -> dict[str, str]:
    """The hidden fields of the form on a page."""
    page = (await web.client.get(address, headers={"Accept-Language": "en"})).text
    found = {}
    for piece in page.split('<input type="hidden" ')[1:]:
        name, _, rest = piece.partition('name="')[2].partition('"')
        found[name] = rest.partition('value="')[2].partition('"')[0]
    return found


async def test_a_traveller_joins_on_the_page_of_a_full_departure(web: Web, world: World) -> None:
    departure, (sold,) = await full(web, world)
    page = (await web.client.get(f"/departures/{departure}", headers={"Accept-Language": "en"})).text
    assert f"/departures/{departure}/waiting?" in page
    address = f"/departures/{departure}/waiting"
    hidden = await form_of(web, address)
    person = {"name": "Ольга", "phone": "+7 962 555-11-22", "email": "olga@example.org", "passengers": "1"}
    wrong = await web.client.post(address, data=hidden | person | {"phone": "12"}, headers={"Accept-Language": "en"})
    assert wrong.status_code == 422
    assert "does not look like a phone number" in wrong.text
    assert 'value="olga@example.org"' in wrong.text
    joined = await web.client.post(address, data=hidden | person, headers={"Accept-Language": "en"})
    assert joined.status_code == 303, joined.text
    after = await web.client.get(joined.headers["location"], headers={"Accept-Language": "en"})
    assert "You are on the waiting list" in after.text
    rows = world.rows("SELECT name, locale, text_version IS NOT NULL FROM waiting_parties")
    assert rows == [("Ольга", "en", True)]
    await bookings.cancel(web.hub, BookingAccess(world.main.id, UUID(sold["id"])), None)
    there = await web.client.post(address, data=hidden | person | {"phone": "+79140000009"})
    assert there.headers["location"].startswith(f"/departures/{departure}?")  # there is a seat: take it


async def test_the_page_says_why_one_cannot_wait(web: Web, world: World) -> None:
    departure, _ = await full(web, world)
    address = f"/departures/{departure}/waiting"
    hidden = await form_of(web, f"{address}?from=town&to=nowhere&passengers=2")
    person = {"name": "Ольга", "phone": "+7 962 555-11-22", "email": "olga@example.org", "passengers": "2"}
    reply = await web.client.post(address, data=hidden | person, headers={"Accept-Language": "en"})
    assert reply.status_code == 409
    assert "The party is larger than the vehicle." in reply.text
    unknown = await web.client.get(f"/departures/{uuid4()}/waiting")
    assert unknown.status_code == 404
    hold = await held(web.client, world.departure())
    assert hold["status"] == "on_hold"
