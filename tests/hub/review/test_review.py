"""Reviews: who may write one, what they come to, what everybody reads, and the operator's answer."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest

from kamhub.hub.booking.actions import HeldBooking, cookie_name
from kamhub.hub.booking.tokens import BookingAccess
from kamhub.hub.review import actions, store
from kamhub.hub.review.types import ReviewClosed, ReviewNotYours, ReviewTooEarly
from kamhub.hub.services import Hub
from kamhub.kit.clock import ManualClock
from kamhub.platform.database.pool import Connection
from tests.asgi import Web
from tests.builders import World
from tests.hub.notice.support import confirmed

RODE = timedelta(days=3, minutes=105)


async def rode(hub: Hub, world: World, clock: ManualClock) -> HeldBooking:
    """A booking whose trip has just ended."""
    held = await confirmed(hub, world)
    clock.advance(RODE)
    return held


def rating_of(world: World) -> tuple[object, ...]:
    return world.rows("SELECT rating, review_count FROM organisations WHERE id = %s", world.other.id)[0]


async def test_the_rating_is_counted_anew_with_each_review(hub: Hub, world: World, clock: ManualClock) -> None:
    world.execute("UPDATE organisations SET rating = 4.6 WHERE id = %s", world.other.id)
    first, second, third = [await confirmed(hub, world) for _ in range(3)]
    assert rating_of(world) == (Decimal("4.60"), 0), "until somebody has spoken it is what it began with"
    clock.advance(RODE)
    await actions.write(hub, first.access, 5, "Very <b>good</b>")
    assert rating_of(world) == (Decimal("5.00"), 1)
    await actions.write(hub, second.access, 4, None)
    await actions.write(hub, third.access, 4, None)
    assert rating_of(world) == (Decimal("4.33"), 3)
    await actions.write(hub, first.access, 1, "I thought better of it")
    assert rating_of(world) == (Decimal("3.00"), 3)


async def test_two_at_once_are_both_counted(hub: Hub, world: World, clock: ManualClock) -> None:
    held = [await confirmed(hub, world) for _ in range(5)]
    clock.advance(RODE)
    await asyncio.gather(*(actions.write(hub, one.access, 1 + number, None) for number, one in enumerate(held)))
    assert rating_of(world) == (Decimal("3.00"), 5)


async def test_the_control_without_the_lock_one_is_forgotten(
    hub: Hub, world: World, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What locking the organisation first is good for: both count before either is there to be counted."""
    held = [await confirmed(hub, world) for _ in range(2)]
    clock.advance(RODE)
    together = asyncio.Barrier(2)

    async def counted_without_lock(connection: Connection, organisation_id: object) -> None:
        cursor = await connection.execute(
            "SELECT round(avg(rating), 2), count(*) FROM reviews WHERE organisation_id = %s", (organisation_id,)
        )
        found: Any = await cursor.fetchone()
        await together.wait()
        await connection.execute(
            "UPDATE organisations SET rating = %s, review_count = %s WHERE id = %s", (*found, organisation_id)
        )

    monkeypatch.setattr(store, "count_anew", counted_without_lock)
    await asyncio.gather(*(actions.write(hub, one.access, 5, None) for one in held))
    assert rating_of(world)[1] == 1


async def test_who_may_write_and_until_when(hub: Hub, world: World, clock: ManualClock) -> None:
    early, other, late = [await confirmed(hub, world) for _ in range(3)]
    clock.advance(RODE - timedelta(seconds=1))
    with pytest.raises(ReviewTooEarly):
        await actions.write(hub, early.access, 5, None)
    clock.advance(timedelta(seconds=1))
    await actions.write(hub, early.access, 5, None)
    world.execute("UPDATE bookings SET status = 'cancelled' WHERE id = %s", other.booking.id)
    with pytest.raises(ReviewNotYours):
        await actions.write(hub, other.access, 5, None)
    clock.advance(timedelta(days=7) - timedelta(seconds=1))
    await actions.write(hub, early.access, 4, None)
    clock.advance(timedelta(seconds=1))
    with pytest.raises(ReviewClosed):
        await actions.write(hub, early.access, 3, None)
    await actions.write(hub, late.access, 5, None)
    world.execute("DELETE FROM reviews WHERE booking_id = %s", late.booking.id)
    clock.advance(timedelta(days=60))
    with pytest.raises(ReviewNotYours):
        await actions.write(hub, late.access, 5, None)
    assert world.rows("SELECT rating, author FROM reviews") == [(4, "Анна Ё.")]


async def test_the_operator_reads_and_answers(web: Web, world: World, clock: ManualClock) -> None:
    held = await rode(web.hub, world, clock)
    await actions.write(web.hub, held.access, 4, "=cold bus")
    staff = web.staff(world.other, "manager")
    listed = (await web.client.get("/api/reviews", headers=staff)).json()
    [one] = listed["items"]
    assert (one["rating"], one["author"], one["booking_code"], one["version"]) == (4, "Анна Ё.", held.booking.code, 1)
    path = f"/api/reviews/{one['id']}"
    shown = await web.client.get(path, headers=staff)
    assert shown.headers["etag"] == '"1"'
    answered = await web.client.post(f"{path}/reply", json={"reply": "Sorry!"}, headers={**staff, "If-Match": '"1"'})
    assert (answered.status_code, answered.json()["reply"], answered.headers["etag"]) == (200, "Sorry!", '"2"')
    assert answered.json()["replied_by"] == "Manager"
    stale = await web.client.post(f"{path}/reply", json={"nonsense": 1}, headers={**staff, "If-Match": '"1"'})
    assert (stale.status_code, stale.json()["code"]) == (412, "version_stale")
    long = await web.client.post(f"{path}/reply", json={"reply": "x" * 2001}, headers=staff)
    assert long.status_code == 422
    for query, number in (
        ("rating=4", 1), ("rating=5", 0), ("answered=yes", 1), ("answered=no", 0), ("rating=&answered=", 1),
    ):  # fmt: skip
        assert (await web.client.get(f"/api/reviews?{query}", headers=staff)).json()["total"] == number, query
    table = await web.client.get("/api/reviews", headers={**staff, "Accept": "text/csv"})
    assert "'=cold bus" in table.text, "a spreadsheet carries nothing out"
    gone = await web.client.post(f"{path}/reply", json={"reply": None}, headers=staff)
    assert (gone.json()["reply"], gone.json()["replied_at"], gone.json()["replied_by"]) == (None, None, None)
    assert (
        await web.client.post(f"{path}/reply", json={"reply": "x"}, headers=web.staff(world.other, "viewer"))
    ).status_code == 403
    for operator, review_id in ((world.main, one["id"]), (world.other, uuid4())):
        foreign = await web.client.get(f"/api/reviews/{review_id}", headers=web.staff(operator))
        assert (foreign.status_code, foreign.json()["code"]) == (404, "review_not_found")
        foreign = await web.client.post(
            f"/api/reviews/{review_id}/reply", json={"reply": "x"}, headers=web.staff(operator)
        )
        assert foreign.status_code == 404


def browser(web: Web, held: HeldBooking) -> dict[str, str]:
    """The traveller's browser, with the token for its forms."""
    csrf = web.app.state.csrf.issue()
    return {
        "Cookie": f"{cookie_name(held.booking.id)}={held.token}; csrf_token={csrf}",
        "X-CSRF-Token": csrf,
        "Accept-Language": "en",
    }


async def test_the_traveller_writes_on_a_page_that_everybody_reads(web: Web, world: World, clock: ManualClock) -> None:
    held = await rode(web.hub, world, clock)
    path = f"/booking/{held.booking.id}/review"
    by_mail = await web.client.get(f"{path}?token={held.token}")
    assert (by_mail.status_code, by_mail.headers["location"]) == (303, path)
    assert "no-referrer" in by_mail.headers["referrer-policy"]
    web.client.cookies.clear()
    assert (await web.client.get(path)).status_code == 401
    mine = browser(web, held)
    form = await web.client.get(path, headers=mine)
    assert form.status_code == 200
    assert "How was the trip?" in form.text
    wrong = await web.client.post(path, data={"rating": "", "comment": "kept words"}, headers=mine)
    assert wrong.status_code == 422
    assert "kept words" in wrong.text
    too_many = await web.client.post(path, data={"rating": "6"}, headers=mine)
    assert too_many.status_code == 422
    sent = await web.client.post(path, data={"rating": "5", "comment": "Good <driver>"}, headers=mine)
    assert (sent.status_code, sent.headers["location"]) == (303, f"{path}?done=saved")
    thanks = await web.client.get(f"{path}?done=saved", headers=mine)
    assert "Thank you" in thanks.text
    assert "Change the review" in thanks.text
    public = await web.client.get("/operators/other/reviews", headers={"Accept-Language": "en"})
    assert public.status_code == 200
    assert "Good &lt;driver&gt;" in public.text
    assert "Анна Ё." in public.text
    assert "Ёлкина" not in public.text
    assert "1 review" in public.text
    departure = world.departure(operator=world.other, departs_in=timedelta(days=9))
    shown = await web.client.get(f"/departures/{departure}", headers={"Accept-Language": "en"})
    assert 'href="/operators/other/reviews"' in shown.text
    assert (await web.client.get("/operators/nobody/reviews")).status_code == 404
    clock.advance(timedelta(days=8))
    closed = await web.client.get(path, headers=mine)
    assert "cannot be changed any more" in closed.text
    late = await web.client.post(path, data={"rating": "1"}, headers=mine)
    assert late.status_code == 409


async def test_a_page_says_why_there_is_nothing_to_rate(web: Web, world: World) -> None:
    held = await confirmed(web.hub, world)
    shown = await web.client.get(f"/booking/{held.booking.id}/review", headers=browser(web, held))
    assert "once it is over" in shown.text
    assert "<textarea" not in shown.text


async def test_the_office_answers_on_its_page(web: Web, world: World, clock: ManualClock) -> None:
    held = await rode(web.hub, world, clock)
    staff = {**web.staff(world.other, "manager"), "Accept-Language": "en"}
    empty = await web.client.get("/office/reviews", headers=staff)
    assert "No reviews yet" in empty.text
    review = await actions.write(web.hub, held.access, 2, "Late")
    page = await web.client.get("/office/reviews?rating=2", headers=staff)
    assert "Late" in page.text
    assert (await web.client.get("/office/reviews?rating=9", headers=staff)).status_code == 422
    path = f"/office/reviews/{review.id}/reply"
    csrf = web.app.state.csrf.issue()
    form = {**staff, "Cookie": f"csrf_token={csrf}", "X-CSRF-Token": csrf}
    sent = await web.client.post(path, data={"reply": "The <pass> was closed", "version": "1"}, headers=form)
    assert (sent.status_code, sent.headers["location"]) == (303, "/office/reviews?done=replied")
    told = await web.client.get("/office/reviews?done=replied", headers=staff)
    assert "read by everybody now" in told.text
    assert "The &lt;pass&gt; was closed" in told.text
    stale = await web.client.post(path, data={"reply": "typed by another", "version": "1"}, headers=form)
    assert stale.status_code == 412
    assert "typed by another" in stale.text
    long = await web.client.post(path, data={"reply": "y" * 2001, "version": "2"}, headers=form)
    assert long.status_code == 422
    gone = await web.client.post(path, data={"reply": "", "version": "2"}, headers=form)
    assert gone.headers["location"] == "/office/reviews?done=withdrawn"
    assert (await web.client.post(f"/office/reviews/{uuid4()}/reply", data={}, headers=form)).status_code == 404


async def test_a_traveller_who_is_erased_leaves_the_stars(hub: Hub, world: World, clock: ManualClock) -> None:
    from kamhub.hub.privacy import store as privacy

    held = await rode(hub, world, clock)
    await actions.write(hub, held.access, 5, "My name is Anna")
    async with hub.database.tenant(world.other.id) as connection:
        await privacy.erase_bookings(connection, world.other.id, [held.booking.id], clock.now())
    assert world.rows("SELECT rating, comment, author FROM reviews") == [(5, None, "")]
    assert rating_of(world) == (Decimal("5.00"), 1)
    with pytest.raises(ReviewNotYours):
        await actions.write(hub, BookingAccess(world.other.id, held.booking.id), 1, "again")
