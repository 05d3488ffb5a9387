"""The traveller's one tap, from the link of the message to the new ticket."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import httpx

from kamhub.hub.booking.actions import cookie_name
from tests.asgi import Web
from tests.builders import World
from tests.hub.disruption.day import Day, carry_out

H = timedelta(hours=1)


class Traveller:
    """A browser with the link of one booking."""

    def __init__(self, web: Web, booking: UUID) -> None:
        self.web, self.path = web, f"/booking/{booking}/choice"
        self.token = web.hub.tokens.issue(self._owner(booking), booking)
        self.name, self.csrf = cookie_name(booking), web.app.state.csrf.issue()

    owner = UUID(int=0)

    def _owner(self, booking: UUID) -> UUID:
        return Traveller.owner

    def _headers(self) -> dict[str, str]:
        return {"Cookie": f"{self.name}={self.token}; csrf_token={self.csrf}", "Accept-Language": "en"}

    async def look(self, path: str | None = None) -> httpx.Response:
        return await self.web.client.get(path or self.path, headers=self._headers())

    async def tap(self, choice: object) -> httpx.Response:
        data = {"csrf_token": self.csrf, "choice": str(choice)}
        return await self.web.client.post(self.path, data=data, headers=self._headers())


async def disrupted(web: Web, world: World, day: Day, **more: object) -> tuple[UUID, Traveller]:
    """A booking of two whose departure was called off, and who is asked."""
    Traveller.owner = world.main.id
    gone = world.departure(departs_in=30 * H)
    booking = day.book(gone, 2)
    body = {"departure_ids": [str(gone)], "rebook": "ask", "reason": "Storm", **more}
    reply = await web.client.post("/api/disruptions", json=body, headers=web.staff(world.main))
    assert reply.status_code == 202
    await carry_out(web.hub)
    return booking, Traveller(web, booking)


async def test_from_the_link_to_the_new_departure(web: Web, world: World, day: Day) -> None:
    world.departure(departs_in=29 * H)
    tight = world.departure(departs_in=31 * H, capacity=1)
    there = [world.departure(departs_in=(32 + n) * H) for n in range(4)]
    booking, traveller = await disrupted(web, world, day, weather=True)
    opened = await web.client.get(f"{traveller.path}?token={traveller.token}")
    assert (opened.status_code, opened.headers["location"]) == (303, traveller.path)
    assert traveller.token in opened.headers["set-cookie"]
    led = await traveller.look(f"/booking/{booking}")
    assert (led.status_code, led.headers["location"]) == (303, traveller.path)
    page = await traveller.look()
    assert page.status_code == 200, page.text
    assert [str(one) in page.text for one in (tight, *there)] == [False, True, True, True, False]
    assert "Storm" in page.text
    assert "The weather does not allow it" in page.text
    done = await traveller.tap(there[1])
    assert (done.status_code, done.headers["location"]) == (303, f"/booking/{booking}")
    assert day.state(booking).departure == there[1]
    assert day.told(booking) == ["disrupted", "moved"]
    ticket = await traveller.look(f"/booking/{booking}")
    assert "it was to leave at 25 Nov, 18:00" in ticket.text
    again = await traveller.tap("refund")
    assert again.status_code == 303
    assert day.state(booking).status == "confirmed"
    assert world.rows("SELECT finished_at IS NOT NULL FROM disruptions") == [(True,)]
    assert (await traveller.look()).headers["location"] == f"/booking/{booking}"
    day.assert_sound()


async def test_all_the_money_back_whatever_the_terms(web: Web, world: World, day: Day) -> None:
    booking, traveller = await disrupted(web, world, day)
    page = await traveller.look()
    assert "no departure has room for all of you" in page.text
    assert "get all 5,000" in page.text
    assert (await traveller.tap("refund")).status_code == 303
    state = day.state(booking)
    assert (state.status, state.refunded) == ("cancelled", 500_000)
    assert "The departure does not run." in (await traveller.look(f"/booking/{booking}")).text
    day.assert_sound()


async def test_what_is_gone_meanwhile_is_said_with_what_there_is_now(web: Web, world: World, day: Day) -> None:
    first, second = world.departure(departs_in=31 * H, capacity=3), world.departure(departs_in=33 * H)
    booking, traveller = await disrupted(web, world, day)
    day.book(first, 2)
    full = await traveller.tap(first)
    assert full.status_code == 409
    assert "nothing was changed" in full.text
    assert str(first) not in full.text
    assert str(second) in full.text
    for nothing in (world.departure(departs_in=20 * H), world.departure(operator=world.other, departs_in=40 * H)):
        assert (await traveller.tap(nothing)).status_code == 409
    assert (await traveller.tap("later")).status_code == 422
    assert day.outcomes() == {booking: "asked"}
    assert day.told(booking) == ["disrupted"]


async def test_nobody_else_may_answer(web: Web, world: World, day: Day) -> None:
    booking, traveller = await disrupted(web, world, day)
    assert (await web.client.get(traveller.path)).status_code == 401
    stranger = Traveller(web, day.book(world.departure(), 1))
    stranger.path, stranger.name = traveller.path, traveller.name
    assert (await stranger.tap("refund")).status_code == 404
    assert day.state(booking).status == "confirmed"


async def test_while_the_operators_own_choice_is_carried_out_there_is_nothing_to_choose(
    web: Web, world: World, day: Day
) -> None:
    Traveller.owner = world.main.id
    gone = world.departure(departs_in=30 * H)
    booking = day.book(gone, 1)
    reply = await web.client.post(
        f"/api/departures/{gone}/cancel", json={"rebook": "nearest"}, headers=web.staff(world.main)
    )
    assert reply.status_code == 202
    traveller = Traveller(web, booking)
    page = await traveller.look()
    assert "We are finding you the next departure" in page.text
    assert (await traveller.tap("refund")).status_code == 303
    assert day.state(booking).status == "confirmed"
    await carry_out(web.hub)
    assert (await traveller.look()).status_code == 303


async def test_an_unpaid_hold_that_waited_for_the_answer_has_its_ordinary_time_to_be_paid(
    web: Web, world: World, day: Day
) -> None:
    Traveller.owner = world.main.id
    gone, there = world.departure(departs_in=30 * H), world.departure(departs_in=31 * H)
    hold = day.book(gone, 1, status="on_hold", paid=False, lives=timedelta(minutes=5))
    body = {"rebook": "ask"}
    await web.client.post(f"/api/departures/{gone}/cancel", json=body, headers=web.staff(world.main))
    await carry_out(web.hub)
    traveller = Traveller(web, hold)
    assert "Cancel the booking" in (await traveller.look()).text
    assert (await traveller.tap(there)).status_code == 303
    state = day.state(hold)
    assert (state.departure, state.status) == (there, "on_hold")
    assert state.expires_at == world.now + timedelta(minutes=15)
    assert world.rows("SELECT status FROM payment_orders WHERE booking_id = %s", hold) == [("open",)]
    day.assert_sound()
