"""One departure called off: who is on it is moved, paid back or asked, and told once."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

from tests.asgi import Web
from tests.builders import World
from tests.hub.disruption.day import Day, carry_out

H = timedelta(hours=1)


async def cancel(
    web: Web, world: World, departure: object, rebook: str = "nearest", **more: object
) -> dict[str, object]:
    reply = await web.client.post(
        f"/api/departures/{departure}/cancel",
        json={"rebook": rebook, **more},
        headers=web.staff(world.main, "dispatcher"),
    )
    assert reply.status_code == 202, reply.text
    told: dict[str, object] = reply.json()
    return told


async def test_nearest_fills_the_next_departure_first_and_pays_back_where_none_is_left(
    web: Web, world: World, day: Day
) -> None:
    gone = world.departure(capacity=10, departs_in=10 * H)
    next_one = world.departure(capacity=3, departs_in=12 * H)
    later_one = world.departure(capacity=2, departs_in=14 * H)
    day.book(next_one, 1)
    first = day.book(gone, 2, created=timedelta(minutes=-9))
    big = day.book(gone, 3, created=timedelta(minutes=-8))
    third = day.book(gone, 2, created=timedelta(minutes=-7))
    told = await cancel(web, world, gone)
    assert told["status"] == "cancelled"
    await carry_out(web.hub)
    assert (day.state(first).departure, day.state(first).status) == (next_one, "confirmed")
    assert day.state(third).departure == later_one
    state = day.state(big)
    assert (state.status, state.refunded, state.paid, state.departure) == ("cancelled", state.paid, 750_000, gone)
    assert [day.told(booking) for booking in (first, big, third)] == [["moved"], ["cancelled"], ["moved"]]
    assert world.taken(gone) == [0, 0, 0]
    assert day.state(first).refunded is None
    assert day.outcomes() == {first: "moved", big: "refunded", third: "moved"}
    day.assert_sound()


async def test_a_cancelled_departure_leaves_the_search_at_once_and_sells_nothing(web: Web, world: World) -> None:
    gone = world.departure(departs_in=10 * H)
    await cancel(web, world, gone, "refund")
    found = await web.client.get(
        "/api/transfers/search", params={"from": "airport", "to": "springs", "date": "2026-11-24"}
    )
    assert [item["departure_id"] for item in found.json()["items"]] == []
    held = await web.client.post("/api/transfers/hold", json={"departure_id": str(gone), "passengers": 1})
    assert (held.status_code, held.json()["code"]) == (410, "sales_closed")


async def test_said_twice_it_is_the_same_decision(web: Web, world: World, day: Day) -> None:
    gone = world.departure(departs_in=10 * H)
    booking = day.book(gone, 1)
    told = await cancel(web, world, gone, "refund", reason="Storm", weather=True)
    await carry_out(web.hub)
    again = await web.client.post(
        f"/api/departures/{gone}/cancel", json={"rebook": "nearest"}, headers=web.staff(world.main, "dispatcher")
    )
    assert (again.status_code, again.json()) == (200, told)
    assert day.told(booking) == ["cancelled"]
    facts = world.rows("SELECT facts FROM messages WHERE booking_id = %s", booking)[0][0]
    assert isinstance(facts, dict)
    assert (facts["weather"], facts["reason"]) == ("1", "Storm")


async def test_refusals_come_in_their_order(web: Web, world: World) -> None:
    path, body = f"/api/departures/{world.departure(departs_in=H)}/cancel", {"rebook": "sometimes"}
    assert (await web.client.post(path, json=body)).status_code == 401
    assert (await web.client.post(path, json=body, headers=web.staff(world.main, "driver"))).status_code == 403
    assert (await web.client.post(path, json=body, headers=web.staff(world.other, "owner"))).status_code == 404
    assert (await web.client.post(path, json=body, headers=web.staff(world.main, "owner"))).status_code == 422
    nowhere = f"/api/departures/{uuid4()}/cancel"
    assert (await web.client.post(nowhere, json=body, headers=web.staff(world.main, "owner"))).status_code == 404
    left = f"/api/departures/{world.departure(departs_in=-H)}/cancel"
    reply = await web.client.post(left, json={"rebook": "refund"}, headers=web.staff(world.main, "owner"))
    assert (reply.status_code, reply.json()["code"]) == (409, "departure_left")
