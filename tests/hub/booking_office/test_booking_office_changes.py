"""One booking in the office: changed by two people, cancelled with a refund, remarked on, told from beginning to end."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from kamhub.hub.booking import store as booking_store
from kamhub.hub.booking_office.actions import changes
from kamhub.hub.booking_office.store import desk
from kamhub.hub.booking_office.types import Changes
from kamhub.hub.services import Hub
from kamhub.kit.clock import ManualClock
from kamhub.platform.access.permissions import permissions_of
from kamhub.platform.audit.types import Trail
from kamhub.platform.person.types import Staff
from kamhub.platform.web.versions import VersionStale
from tests.app.support import CONTACT, check_problem, held
from tests.asgi import Web
from tests.builders import World
from tests.hub.booking.support import pay
from tests.hub.booking_office.support import BOOKINGS, made
from tests.hub.payment.support import Provider

CHILD = {"name": "Щукин Ждан", "kind": "child"}
OTHER = {"name": "Пётр Ильин", "phone": "+79140000000", "email": "petr@example.org", "locale": "en"}


def dispatcher(world: World) -> Staff:
    """Somebody at the phone."""
    trail = Trail("person", world.main.people["dispatcher"], "Dispatcher")
    return Staff(world.main.id, permissions_of("dispatcher"), trail, "dispatcher")


async def test_what_is_left_out_stays(web: Web, world: World) -> None:
    booking = await made(web, world, world.departure(), 2, special_requests="лыжи", passenger_list=[CHILD])
    headers, address = web.staff(world.main, "dispatcher"), f"{BOOKINGS}/{booking['id']}"
    reply = await web.client.patch(address, json={"contact": OTHER}, headers=headers)
    assert reply.status_code == 200, reply.text
    changed = reply.json()
    assert changed["contact"] == {**OTHER}
    assert (changed["special_requests"], len(changed["passenger_list"])) == ("лыжи", 1)
    changed = (await web.client.patch(address, json={"special_requests": None}, headers=headers)).json()
    assert (changed["special_requests"], changed["contact"]["name"]) == (None, "Пётр Ильин")
    people = [{"name": "Анна Ёлкина"}, CHILD]
    changed = (await web.client.patch(address, json={"passenger_list": people}, headers=headers)).json()
    assert [(one["name"], one["kind"]) for one in changed["passenger_list"]] == [
        ("Анна Ёлкина", "adult"),
        ("Щукин Ждан", "child"),
    ]
    lines = world.rows("SELECT after FROM audit_events WHERE action = 'booking.changed' ORDER BY at, id")
    assert lines[0][0] == {"fields": ["contact"]}


async def test_of_two_dispatchers_the_second_is_told(web: Web, world: World) -> None:
    booking = await made(web, world, world.departure())
    headers, address = web.staff(world.main, "dispatcher"), f"{BOOKINGS}/{booking['id']}"
    first, second = [await web.client.get(address, headers=headers) for _ in range(2)]
    assert first.headers["etag"] == second.headers["etag"] == f'"{booking["version"]}"'
    match = {"If-Match": first.headers["etag"]}
    done = await web.client.patch(address, json={"special_requests": "окно"}, headers=headers | match)
    assert done.status_code == 200
    assert done.headers["etag"] != first.headers["etag"]
    late = await web.client.patch(address, json={"special_requests": "проход"}, headers=headers | match)
    check_problem(late, 412, "version_stale")
    # 412 goes before what is wrong with the body, and after that there is no such booking.
    check_problem(await web.client.patch(address, json={"nonsense": 1}, headers=headers | match), 412, "version_stale")
    check_problem(await web.client.patch(address, json={"nonsense": 1}, headers=headers), 422, "input_invalid")
    check_problem(await web.client.patch(address, json={}, headers=headers), 422, "input_invalid")
    nowhere = f"{BOOKINGS}/{uuid4()}"
    check_problem(
        await web.client.patch(nowhere, json={"nonsense": 1}, headers=headers | match), 404, "booking_not_found"
    )
    assert (await web.client.get(address, headers=headers)).json()["special_requests"] == "окно"


async def test_of_two_at_the_same_moment_one_wins(hub: Hub, web: Web, world: World) -> None:
    booking = await made(web, world, world.departure())
    staff, number, version = dispatcher(world), UUID(booking["id"]), booking["version"]
    wishes = [Changes(special_requests=f"wish {n}", requests_named=True) for n in range(4)]
    ends = await asyncio.gather(
        *(changes.change(hub, staff, number, wish, version) for wish in wishes), return_exceptions=True
    )
    assert sorted(type(end).__name__ for end in ends) == ["NoneType", *["VersionStale"] * 3]
    assert all(end is None or isinstance(end, VersionStale) for end in ends)


async def test_without_the_lock_both_would_win(hub: Hub, web: Web, world: World) -> None:
    """The control: looking at the version before the row is locked lets the second overwrite the first unseen."""
    booking = await made(web, world, world.departure())
    looked = asyncio.Barrier(2)

    async def careless(wish: str) -> int:
        async with hub.database.tenant(world.main.id) as connection:
            row = await booking_store.load(connection, world.main.id, UUID(booking["id"]))
            assert row is not None
            version = await desk.version_of(connection, row)
            await looked.wait()
            await desk.change(connection, row, Changes(special_requests=wish, requests_named=True))
        return version

    seen = await asyncio.gather(careless("one"), careless("two"))
    assert set(seen) == {booking["version"]}


async def test_what_cannot_be_changed(web: Web, world: World, clock: ManualClock) -> None:
    headers = web.staff(world.main, "dispatcher")
    booking = await made(web, world, world.departure())
    address, wish = f"{BOOKINGS}/{booking['id']}", {"special_requests": "окно"}
    people = [CHILD, CHILD]
    refused = check_problem(
        await web.client.patch(address, json={"passenger_list": people}, headers=headers), 422, "input_invalid"
    )
    assert refused["errors"][0]["field"] == "passenger_list"
    stranger = web.staff(world.other, "dispatcher")
    check_problem(await web.client.patch(address, json=wish, headers=stranger), 404, "booking_not_found")
    viewer = web.staff(world.main, "viewer")
    check_problem(await web.client.patch(address, json=wish, headers=viewer), 403, "permission_missing")
    clock.advance(timedelta(hours=1))
    headers = web.staff(world.main, "dispatcher")
    check_problem(await web.client.patch(address, json=wish, headers=headers), 410, "hold_expired")
    cancelled = await made(web, world, world.departure(), pay_by="on_board")
    await web.client.post(f"{BOOKINGS}/{cancelled['id']}/cancel", json={}, headers=headers)
    reply = await web.client.patch(f"{BOOKINGS}/{cancelled['id']}", json=wish, headers=headers)
    check_problem(reply, 409, "booking_not_open")


@pytest.fixture
def child_fare(world: World) -> None:
    """Children pay half."""
    world.execute("UPDATE tariff_prices SET child_amount = amount / 2")


@pytest.mark.usefixtures("child_fare")
async def test_a_child_makes_it_cheaper_until_it_is_paid(web: Web, world: World, service: Provider) -> None:
    headers = web.staff(world.main, "dispatcher")
    booking = await made(web, world, world.departure(), 2)
    address = f"{BOOKINGS}/{booking['id']}"
    changed = (await web.client.patch(address, json={"passenger_list": [CHILD]}, headers=headers)).json()
    assert changed["total"]["amount"] == 375_000
    orders = [body["Amount"] for path, body, _ in service.calls if path == "/orders/create"]
    assert [float(amount) for amount in orders] == [5000.0, 3750.0]  # the old link is worth nothing any more
    await pay(web.hub, world.main, booking["code"], 375_000, 1001)
    reply = await web.client.patch(address, json={"passenger_list": []}, headers=headers)
    check_problem(reply, 409, "price_would_change")
    renamed = await web.client.patch(
        address, json={"passenger_list": [CHILD | {"name": "Щукина Аня"}]}, headers=headers
    )
    assert (renamed.status_code, renamed.json()["passenger_list"][0]["name"]) == (200, "Щукина Аня")


@pytest.mark.usefixtures("child_fare")
async def test_a_confirmed_booking_to_be_paid_on_board_may_change_its_price(web: Web, world: World) -> None:
    booking = await made(web, world, world.departure(), 2, pay_by="on_board")
    address, headers = f"{BOOKINGS}/{booking['id']}", web.staff(world.main, "dispatcher")
    changed = (await web.client.patch(address, json={"passenger_list": [CHILD]}, headers=headers)).json()
    assert (changed["status"], changed["due"]["amount"]) == ("confirmed", 375_000)
    world.execute("UPDATE bookings SET collected = 100 WHERE id = %s", booking["id"])
    reply = await web.client.patch(address, json={"passenger_list": []}, headers=headers)
    check_problem(reply, 409, "price_would_change")


async def paid(web: Web, world: World, transaction: int = 1001, **departure: Any) -> dict[str, Any]:
    """A booking paid online, 2,500 roubles."""
    booking = await made(web, world, world.departure(**departure))
    await pay(web.hub, world.main, booking["code"], 250_000, transaction)
    return booking


@pytest.mark.parametrize(
    ("sent", "role", "back"),
    [
        ({}, "dispatcher", 125_000),  # two hours before: half of it
        ({"refund": "policy"}, "owner", 125_000),
        ({"refund": "full"}, "owner", 250_000),
        ({"refund": "none"}, "owner", 0),
        ({"refund": "amount", "amount": 70_000}, "owner", 70_000),
    ],
)
async def test_cancelled_with_the_refund_that_was_chosen(
    web: Web, world: World, sent: dict[str, Any], role: Any, back: int
) -> None:
    booking = await paid(web, world, departs_in=timedelta(hours=3))
    address, headers = f"{BOOKINGS}/{booking['id']}", web.staff(world.main, role)
    quote = (await web.client.get(f"{address}/cancellation", headers=headers)).json()
    assert quote["refund"]["amount"] == 125_000
    reply = await web.client.post(f"{address}/cancel", json=sent | {"reason": "Заболел"}, headers=headers)
    assert reply.status_code == 200, reply.text
    cancelled = reply.json()
    assert (cancelled["status"], cancelled["refund"]["amount"]) == ("cancelled", back)
    assert (cancelled["refunded"] or {"amount": 0})["amount"] == back
    assert (cancelled["history"][-1]["by"], cancelled["history"][-1]["reason"]) == (
        f"person:{world.main.people[role]}",
        "Заболел",
    )
    assert world.taken(UUID(booking["departure"]["departure_id"])) == [0, 0, 0]
    (line,) = world.rows("SELECT after ->> 'refund' FROM audit_events WHERE action = 'booking.cancelled'")
    assert line == (str(back),)
    again = await web.client.post(f"{address}/cancel", json={}, headers=headers)
    check_problem(again, 409, "booking_not_open")


async def test_deleted_is_cancelled_by_the_policy(web: Web, world: World) -> None:
    booking = await paid(web, world)
    address, headers = f"{BOOKINGS}/{booking['id']}", web.staff(world.main, "dispatcher")
    late = await web.client.delete(address, headers=headers | {"If-Match": '"1"'})
    check_problem(late, 412, "version_stale")
    seen = await web.client.get(address, headers=headers)
    for _ in range(2):
        reply = await web.client.delete(address, headers=headers | {"If-Match": seen.headers["etag"]})
        assert reply.status_code == 204, reply.text
    left = (await web.client.get(address, headers=headers)).json()
    assert (left["status"], left["refunded"]) == ("cancelled", left["paid"])


async def test_who_may_not_return_money_cancels_by_the_policy(web: Web, world: World) -> None:
    booking = await paid(web, world)
    address, headers = f"{BOOKINGS}/{booking['id']}/cancel", web.staff(world.main, "dispatcher")
    for choice in ("full", "none", "amount"):
        reply = await web.client.post(address, json={"refund": choice, "amount": 1}, headers=headers)
        check_problem(reply, 403, "permission_missing")
    owner = web.staff(world.main)
    for wrong in ({"refund": "amount"}, {"refund": "amount", "amount": 250_001}):
        told = check_problem(await web.client.post(address, json=wrong, headers=owner), 422, "input_invalid")
        assert told["errors"][0]["field"] == "amount"
    assert (await web.client.post(address, json={}, headers=headers)).json()["refund"]["amount"] == 250_000
    unpaid = await made(web, world, world.departure(), pay_by="invoice")
    reply = await web.client.post(f"{BOOKINGS}/{unpaid['id']}/cancel", json={"refund": "full"}, headers=headers)
    assert (reply.status_code, reply.json()["refund"]["amount"]) == (200, 0)


async def test_notes_and_the_timeline(web: Web, world: World) -> None:
    booking = await paid(web, world)
    address, headers = f"{BOOKINGS}/{booking['id']}", web.staff(world.main, "dispatcher")
    for text in ("Перезвонить в пять", "<b>Ждёт</b> у входа"):
        reply = await web.client.post(f"{address}/notes", json={"text": text}, headers=headers)
        assert reply.status_code == 201, reply.text
        assert reply.json()["author"] == "Dispatcher"
    check_problem(await web.client.post(f"{address}/notes", json={"text": "  "}, headers=headers), 422, "input_invalid")
    check_problem(
        await web.client.post(f"{address}/notes", json={"text": "x"}, headers=web.staff(world.main, "manager")),
        403,
        "permission_missing",
    )
    check_problem(
        await web.client.post(f"{BOOKINGS}/{uuid4()}/notes", json={}, headers=headers), 404, "booking_not_found"
    )
    notes = (await web.client.get(f"{address}/notes", headers=web.staff(world.main, "viewer"))).json()
    assert ([note["text"] for note in notes["items"]], notes["total"]) == (
        ["Перезвонить в пять", "<b>Ждёт</b> у входа"],
        2,
    )
    assert (await web.client.get(address, headers=headers)).json()["notes"] == 2
    await web.client.post(f"{address}/cancel", json={}, headers=headers)
    told = (await web.client.get(f"{address}/timeline", headers=headers)).json()["items"]
    kinds = [item["kind"] for item in told]
    assert sorted(set(kinds)) == ["message", "note", "payment", "refund", "status"]
    last = [item for item in told if item["kind"] == "status"][-1]
    assert (last["by"], last["facts"]["to"]) == ("Dispatcher", "cancelled")


async def test_a_hold_without_a_name_may_get_one(web: Web, world: World) -> None:
    booking = await held(web.client, world.departure())
    address, headers = f"{BOOKINGS}/{booking['id']}", web.staff(world.main, "dispatcher")
    noted = await web.client.patch(address, json={"special_requests": "окно"}, headers=headers)
    assert (noted.status_code, noted.json()["contact"]) == (200, None)
    named = await web.client.patch(address, json={"contact": CONTACT}, headers=headers)
    assert named.json()["contact"]["phone"] == "+79141234567"
