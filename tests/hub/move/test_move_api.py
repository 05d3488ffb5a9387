"""A booking moved to another departure: seats, money, messages, refusals."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID, uuid4

import httpx
import pytest

from tests.asgi import Web
from tests.builders import World
from tests.hub.disruption.day import Day

H = timedelta(hours=1)


async def move(web: Web, world: World, booking: UUID, departure: UUID, **more: object) -> httpx.Response:
    return await web.client.post(
        f"/api/bookings/{booking}/move",
        json={"departure_id": str(departure), **more},
        headers=web.staff(world.main, "dispatcher"),
    )


@pytest.fixture
def day(world: World) -> Day:
    """Makes days."""
    return Day(world)


async def test_seats_go_along_and_everything_else_stays(web: Web, world: World, day: Day) -> None:
    before, after = world.departure(departs_in=10 * H), world.departure(departs_in=12 * H)
    booking = day.book(before, 2, stretch=(0, 2))
    reply = await move(web, world, booking, after, reason="The earlier bus is full")
    assert reply.status_code == 200, reply.text
    told = reply.json()
    assert (told["departure"]["departure_id"], told["status"]) == (str(after), "confirmed")
    assert told["total"] == told["paid"] == {"amount": 300_000, "currency": "RUB"}
    assert [event["to"] for event in told["history"]] == ["on_hold", "confirmed"]
    (one,) = told["moves"]
    assert (one["from_departure_id"], one["to_departure_id"]) == (str(before), str(after))
    assert (one["departs_at_before"], one["departs_at_after"]) == (
        "2026-11-24T22:00:00+12:00",
        "2026-11-25T00:00:00+12:00",
    )
    assert one["reason"] == "The earlier bus is full"
    assert (world.taken(before), world.taken(after)) == ([0, 0, 0], [2, 2, 0])
    assert day.told(booking) == ["moved"]
    assert world.rows("SELECT version FROM bookings WHERE id = %s", booking) == [(2,)]
    day.assert_sound()


async def test_positions_may_differ_on_another_route(web: Web, world: World, day: Day) -> None:
    before, after = world.departure(departs_in=10 * H), world.departure(departs_in=12 * H)
    route, tariff, owner = uuid4(), uuid4(), world.main.id
    world.execute("INSERT INTO routes (organisation_id, id, name) VALUES (%s, %s, 'short')", owner, route)
    for position, (place, offset) in enumerate((("town", 0), ("springs", 70))):
        world.execute(
            "INSERT INTO route_stops VALUES (%s, %s, %s, %s, %s, %s)",
            owner, route, position, UUID(int=0), world.places[place], offset,
        )  # fmt: skip
    world.execute("INSERT INTO tariffs (organisation_id, id, route_id) VALUES (%s, %s, %s)", owner, tariff, route)
    world.execute("INSERT INTO tariff_prices VALUES (%s, %s, %s, 0, 1, 200000)", owner, tariff, route)
    world.execute(
        "UPDATE departures SET route_id = %s, tariff_id = %s, taken = '{0}' WHERE id = %s", route, tariff, after
    )
    booking = day.book(before, 1, stretch=(1, 3))
    other = day.book(before, 1, stretch=(0, 3))
    assert (await move(web, world, booking, after)).status_code == 200
    assert (day.state(booking).start, day.state(booking).end) == (0, 1)
    refused = await move(web, world, other, after)
    assert (refused.status_code, refused.json()["code"]) == (404, "stretch_not_served")
    there = await move(web, world, other, after, from_place_id=str(world.places["town"]))
    assert there.status_code == 200
    assert (world.taken(before), world.taken(after)) == ([0, 0, 0], [2])


@pytest.mark.parametrize(
    ("difference", "amount", "total", "refunded"),
    [
        ("keep", 200_000, 250_000, None),
        ("refund", 200_000, 200_000, 50_000),
        ("refund", 300_000, 250_000, None),
        ("collect", 300_000, 300_000, None),
        ("collect", 200_000, 250_000, None),
    ],
)
async def test_the_difference_is_kept_returned_or_collected(
    web: Web, world: World, day: Day, difference: str, amount: int, total: int, refunded: int | None
) -> None:
    before, after = world.departure(departs_in=10 * H), world.departure(departs_in=12 * H)
    booking = day.book(before, 1)
    tariff = uuid4()
    world.execute(
        "INSERT INTO tariffs (organisation_id, id, route_id) VALUES (%s, %s, %s)",
        world.main.id,
        tariff,
        world.main.route,
    )
    world.execute(
        "INSERT INTO tariff_prices VALUES (%s, %s, %s, 0, 3, %s)", world.main.id, tariff, world.main.route, amount
    )
    world.execute("UPDATE departures SET tariff_id = %s WHERE id = %s", tariff, after)
    options = await web.client.get(f"/api/bookings/{booking}/move-options", headers=web.staff(world.main, "dispatcher"))
    assert [
        (item["departure_id"], item["seats_available"], item["difference"]["amount"])
        for item in options.json()["items"]
    ] == [(str(after), 4, amount - 250_000)]
    assert (await move(web, world, booking, after, difference=difference)).status_code == 200
    state = day.state(booking)
    assert (state.total, state.refunded, state.paid) == (total, refunded, 250_000)
    day.assert_sound()


async def test_cancelling_afterwards_gives_back_what_is_left(web: Web, world: World, day: Day) -> None:
    before, after = world.departure(departs_in=50 * H), world.departure(departs_in=60 * H)
    booking = day.book(before, 1)
    tariff = uuid4()
    world.execute(
        "INSERT INTO tariffs (organisation_id, id, route_id) VALUES (%s, %s, %s)",
        world.main.id,
        tariff,
        world.main.route,
    )
    world.execute(
        "INSERT INTO tariff_prices VALUES (%s, %s, %s, 0, 3, 200000)", world.main.id, tariff, world.main.route
    )
    world.execute("UPDATE departures SET tariff_id = %s WHERE id = %s", tariff, after)
    await move(web, world, booking, after, difference="refund")
    token = web.hub.tokens.issue(world.main.id, booking)
    reply = await web.client.post(
        "/api/transfers/cancel", json={"booking_id": str(booking)}, headers={"Authorization": f"Booking {token}"}
    )
    assert reply.json()["refund"]["amount"] == 200_000
    assert day.state(booking).refunded == 250_000
    day.assert_sound()


async def test_what_cannot_be(web: Web, world: World, day: Day) -> None:
    before, full = world.departure(departs_in=10 * H), world.departure(departs_in=11 * H, capacity=3)
    booking = day.book(before, 2)
    day.book(full, 2)
    cancelled = world.departure(departs_in=12 * H, status="cancelled")
    left = world.departure(departs_in=-H)
    theirs = world.departure(operator=world.other)
    gone = day.book(before, 1, status="cancelled", paid=False)
    world.execute("UPDATE departures SET taken = '{2,2,2}' WHERE id = %s", before)
    for wanted, moved, status, code in (
        (full, booking, 409, "sold_out"),
        (before, booking, 409, "same_departure"),
        (cancelled, booking, 409, "departure_cancelled"),
        (left, booking, 409, "departure_left"),
        (theirs, booking, 404, "departure_not_found"),
        (full, gone, 409, "booking_not_open"),
        (full, uuid4(), 404, "booking_not_found"),
    ):
        reply = await move(web, world, moved, wanted)
        assert (reply.status_code, reply.json()["code"]) == (status, code)
    assert (await move(web, world, booking, full)).json()["seats_available"] == 1
    assert (world.taken(before), world.taken(full)) == ([2, 2, 2], [2, 2, 2])
    assert day.told(booking) == []
    path = f"/api/bookings/{booking}/move"
    assert (await web.client.post(path, json={})).status_code == 401
    assert (await web.client.post(path, json={}, headers=web.staff(world.main, "manager"))).status_code == 403
    assert (await web.client.post(path, json={}, headers=web.staff(world.other, "owner"))).status_code == 404
    assert (await web.client.post(path, json={}, headers=web.staff(world.main, "owner"))).status_code == 422


async def test_a_hold_gets_its_time_anew_but_never_past_the_close_of_sales(web: Web, world: World, day: Day) -> None:
    before = world.departure(departs_in=10 * H)
    after = world.departure(departs_in=timedelta(minutes=40), sales_cutoff=timedelta(minutes=30))
    late = world.departure(departs_in=timedelta(minutes=20), sales_cutoff=timedelta(minutes=30))
    hold = day.book(before, 1, status="on_hold", paid=False, lives=timedelta(minutes=3))
    refused = await move(web, world, hold, late)
    assert (refused.status_code, refused.json()["code"]) == (410, "sales_closed")
    reply = await move(web, world, hold, after)
    assert reply.json()["expires_at"] == "2026-11-24T00:10:00+00:00"
    ridden = day.book(before, 1)
    assert (await move(web, world, ridden, late)).status_code == 200
    day.assert_sound()


async def test_options_of_a_day(web: Web, world: World, day: Day) -> None:
    before, same_day = world.departure(departs_in=10 * H), world.departure(departs_in=6 * H)
    tomorrow = world.departure(departs_in=30 * H, capacity=1)
    world.departure(departs_in=31 * H, status="closed")
    booking = day.book(before, 2)
    headers = web.staff(world.main, "viewer")

    async def offered(query: str) -> list[tuple[str, bool]]:
        reply = await web.client.get(f"/api/bookings/{booking}/move-options{query}", headers=headers)
        assert reply.status_code == 200, reply.text
        return [(item["departure_id"], item["fits"]) for item in reply.json()["items"]]

    assert await offered("") == [(str(same_day), True), (str(tomorrow), False)]
    assert await offered("?date=2026-11-25") == [(str(tomorrow), False)]
    wrong = await web.client.get(f"/api/bookings/{booking}/move-options?date=soon", headers=headers)
    assert wrong.status_code == 422
