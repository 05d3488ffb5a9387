"""A day called off at once: many departures, a job that is killed midway, everybody settled once and told once."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest

from kamhub.hub.disruption import carry, jobs, settling
from kamhub.kit.clock import ManualClock
from kamhub.platform.job.types import TryAgain
from tests.asgi import Web
from tests.builders import World
from tests.hub.disruption.day import Day, carry_out

H = timedelta(hours=1)
STRETCHES = ((0, 3), (0, 2), (1, 3), (2, 3), (0, 1))


async def decide(web: Web, world: World, **body: object) -> dict[str, object]:
    reply = await web.client.post("/api/disruptions", json=body, headers=web.staff(world.main, "dispatcher"))
    assert reply.status_code == 202, reply.text
    told: dict[str, object] = reply.json()
    return told


async def progress(web: Web, world: World, number: object) -> dict[str, object]:
    reply = await web.client.get(f"/api/disruptions/{number}", headers=web.staff(world.main, "viewer"))
    assert reply.status_code == 200
    told: dict[str, object] = reply.json()
    return told


async def test_killed_twice_midway_everybody_is_settled_once_and_told_once(
    web: Web, world: World, day: Day, monkeypatch: pytest.MonkeyPatch
) -> None:
    dice = random.Random(5)
    gone = [world.departure(capacity=16, departs_in=timedelta(hours=4, minutes=10 * n)) for n in range(6)]
    for n in range(4):
        world.departure(capacity=8, departs_in=timedelta(hours=30 + n))
    booked = [
        day.book(departure, dice.randint(1, 3), stretch=dice.choice(STRETCHES), created=timedelta(minutes=-n))
        for departure in gone
        for n in range(5)
    ]
    asked = await decide(web, world, date="2026-11-24", rebook="nearest", weather=True)
    assert (asked["departures"], asked["progress"]["total"]) == (6, 30)  # type: ignore[index]
    monkeypatch.setattr(jobs, "AT_A_TIME", 4)
    step, steps = carry.step, 0

    async def killed(*args: Any, **options: Any) -> object:
        nonlocal steps
        steps += 1
        if steps in {3, 5}:
            raise asyncio.CancelledError
        return await step(*args, **options)

    monkeypatch.setattr(carry, "step", killed)
    for _ in range(2):
        with pytest.raises(asyncio.CancelledError):
            await carry_out(web.hub)
    assert 0 < (await progress(web, world, asked["id"]))["progress"]["waiting"] < 30  # type: ignore[index]
    assert world.rows("SELECT finished_at FROM disruptions") == [(None,)]
    await carry_out(web.hub)
    told = await progress(web, world, asked["id"])
    counts = Counter(day.outcomes().values())
    assert set(counts) == {"moved", "refunded"}
    assert told["progress"]["moved"] == counts["moved"]  # type: ignore[index]
    assert told["finished_at"] is not None
    for booking in booked:
        state, outcome = day.state(booking), day.outcomes()[booking]
        moved = outcome == "moved"
        assert (state.status, state.refunded) == (("confirmed", None) if moved else ("cancelled", state.paid))
        assert (state.departure in gone) is not moved
        assert day.told(booking) == ["moved" if moved else "cancelled"]
    refunds = world.rows("SELECT count(*), count(DISTINCT booking_id) FROM refunds")
    assert refunds == [(counts["refunded"], counts["refunded"])]
    day.assert_sound()
    assert await carry_out(web.hub) == []


async def test_a_run_killed_at_its_end_does_nothing_twice(web: Web, world: World, day: Day) -> None:
    gone = world.departure(departs_in=4 * H)
    booking = day.book(gone, 1)
    await decide(web, world, departure_ids=[str(gone)], rebook="refund")
    await carry_out(web.hub, crash=True)
    await carry_out(web.hub)
    assert world.rows("SELECT count(*) FROM refunds") == [(1,)]
    assert day.told(booking) == ["cancelled"]
    assert world.rows("SELECT finished_at IS NOT NULL FROM disruptions") == [(True,)]


async def test_one_booking_that_cannot_be_settled_keeps_nobody_waiting(
    web: Web, world: World, day: Day, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = world.departure(departs_in=4 * H)
    first, bad, last = (day.book(gone, 1, created=timedelta(minutes=n)) for n in range(3))
    await decide(web, world, departure_ids=[str(gone)], rebook="refund")
    call_off = settling.call_off

    async def broken(work: Any, row: Any, *rest: Any) -> object:
        if row.id == bad:
            raise RuntimeError("a fault of ours")
        return await call_off(work, row, *rest)

    monkeypatch.setattr(settling, "call_off", broken)
    with pytest.raises(RuntimeError, match="a fault of ours"):
        await carry_out(web.hub)
    assert day.outcomes() == {first: "refunded", bad: "waiting", last: "refunded"}
    monkeypatch.undo()
    await carry_out(web.hub)
    assert day.outcomes() == dict.fromkeys((first, bad, last), "refunded")
    day.assert_sound()


async def test_who_is_met_in_which_state(web: Web, world: World, day: Day) -> None:
    gone, other = world.departure(departs_in=4 * H, capacity=20), world.departure(departs_in=6 * H, capacity=20)
    unpaid = day.book(gone, 1, status="on_hold", paid=False)
    pending = day.book(gone, 1, status="pending", paid=False)
    nameless = day.book(gone, 1, status="on_hold", paid=False, contact=False)
    lapsed = day.book(gone, 1, status="on_hold", paid=False, lives=timedelta(0))
    aboard = day.book(gone, 1, status="confirmed")
    world.execute("UPDATE bookings SET status = 'redeemed' WHERE id = %s", aboard)
    world.execute(
        "INSERT INTO booking_events (organisation_id, booking_id, at, from_status, to_status, actor) "
        "VALUES (%s, %s, now(), 'confirmed', 'redeemed', 'x')", world.main.id, aboard,
    )  # fmt: skip
    told = await decide(web, world, departure_ids=[str(gone)], rebook="nearest")
    await carry_out(web.hub)
    assert day.outcomes() == {
        unpaid: "moved", pending: "moved", nameless: "cancelled", aboard: "already_over",
    }  # fmt: skip
    assert [day.state(one).departure for one in (unpaid, pending)] == [other, other]
    assert day.state(pending).expires_at == world.now + H  # it had longer than a fresh hold has
    assert day.state(lapsed).status == "expired"
    assert [day.told(one) for one in (unpaid, nameless, lapsed, aboard)] == [["moved"], [], [], []]
    assert (await progress(web, world, told["id"]))["progress"] == {
        "total": 4, "waiting": 0, "asked": 0, "moved": 2, "refunded": 0, "cancelled": 1, "already_over": 1,
    }  # fmt: skip
    day.assert_sound()


async def test_asked_and_silent_until_the_time_is_over(web: Web, world: World, day: Day, clock: ManualClock) -> None:
    gone, small = world.departure(departs_in=30 * H, capacity=9), world.departure(departs_in=40 * H, capacity=2)
    first, second = day.book(gone, 2, created=-H), day.book(gone, 2)
    unpaid = day.book(gone, 1, status="on_hold", paid=False, lives=timedelta(minutes=5))
    cancelled = day.book(gone, 1)
    told = await decide(web, world, departure_ids=[str(gone)], rebook="ask", reason="Storm")
    assert told["answer_until"] == "2026-11-25T00:00:00+00:00"
    (waits,) = await carry_out(web.hub)
    assert isinstance(waits, TryAgain)
    assert [day.told(one) for one in (first, second, unpaid)] == [["disrupted"]] * 3
    assert day.state(unpaid).expires_at == world.now + 24 * H
    token = web.hub.tokens.issue(world.main.id, cancelled)
    rights = {"Authorization": f"Booking {token}"}
    booking = (await web.client.get(f"/api/transfers/bookings/{cancelled}", headers=rights)).json()
    assert booking["disruption"] == {
        "id": told["id"], "asked": True, "answer_until": told["answer_until"],
        "choice_url": f"http://hub.test/booking/{cancelled}/choice",
    }  # fmt: skip
    reply = await web.client.post("/api/transfers/cancel", json={"booking_id": str(cancelled)}, headers=rights)
    assert reply.json()["refund"]["amount"] == 250_000
    clock.advance(23 * H)
    await carry_out(web.hub)
    assert day.outcomes()[first] == "asked"
    clock.advance(H)
    await carry_out(web.hub)
    assert day.outcomes() == {
        first: "moved", second: "refunded", unpaid: "already_over", cancelled: "already_over",
    }  # fmt: skip
    assert day.state(first).departure == small
    assert [day.told(one) for one in (first, second)] == [["disrupted", "moved"], ["disrupted", "cancelled"]]
    assert (await progress(web, world, told["id"]))["finished_at"] is not None
    day.assert_sound()


async def test_a_day_may_be_narrowed_to_a_route_and_leaves_out_what_has_left(web: Web, world: World, day: Day) -> None:
    world.departure(departs_in=-H)
    today, tomorrow = world.departure(departs_in=2 * H), world.departure(departs_in=25 * H)
    headers = web.staff(world.main, "dispatcher")
    for body, code in (
        ({"date": "2026-11-24", "route_id": str(world.main.account), "rebook": "refund"}, 409),
        ({"date": "2026-11-24", "departure_ids": [str(today)], "rebook": "refund"}, 422),
        ({"rebook": "refund"}, 422),
        ({"departure_ids": [str(today)], "route_id": str(world.main.route), "rebook": "refund"}, 422),
        ({"departure_ids": [str(world.departure(operator=world.other))], "rebook": "refund"}, 404),
    ):
        assert (await web.client.post("/api/disruptions", json=body, headers=headers)).status_code == code
    told = await decide(web, world, date="2026-11-24", route_id=str(world.main.route), rebook="refund")
    assert (told["departures"], told["finished_at"] is not None) == (1, True)
    assert world.rows("SELECT status FROM departures WHERE id = ANY(%s) ORDER BY departs_at", [today, tomorrow]) == [
        ("cancelled",), ("open",),
    ]  # fmt: skip
    assert world.rows("SELECT what, before, after FROM departure_events") == [("cancelled", "open", "cancelled")]
    again = await web.client.post(
        "/api/disruptions", json={"departure_ids": [str(today)], "rebook": "refund"}, headers=headers
    )
    assert (again.status_code, again.json()["code"]) == (409, "nothing_to_cancel")


async def test_the_preview_says_what_then_happens(web: Web, world: World, day: Day) -> None:
    first, second = (world.departure(capacity=10, departs_in=n * H) for n in (3, 4))
    near, far = world.departure(capacity=3, departs_in=30 * H), world.departure(capacity=4, departs_in=31 * H)
    for n, departure in enumerate((first, first, second, second)):
        day.book(departure, 2, created=timedelta(minutes=n))
    day.book(second, 1, stretch=(0, 1), status="on_hold", paid=False, contact=False)
    body = {"departure_ids": [str(first), str(second)], "rebook": "nearest"}
    headers = web.staff(world.main, "dispatcher")
    before = world.rows("SELECT count(*) FROM disruptions")
    reply = await web.client.post("/api/disruptions/preview", json=body, headers=headers)
    assert reply.status_code == 200, reply.text
    told = reply.json()
    assert [told[name] for name in ("bookings", "passengers", "moved", "refunds", "asked")] == [5, 9, 3, 2, 0]
    assert told["refund"] == {"amount": 500_000, "currency": "RUB"}
    assert [[(move["departure_id"], move["bookings"]) for move in one["moves"]] for one in told["departures"]] == [
        [(str(near), 1), (str(far), 1)], [(str(far), 1)],
    ]  # fmt: skip
    assert world.rows("SELECT count(*) FROM disruptions") == before
    await decide(web, world, **body)
    await carry_out(web.hub)
    assert sum(outcome == "moved" for outcome in day.outcomes().values()) == 3
    assert world.rows("SELECT sum(amount) FROM refunds") == [(500_000,)]
    asking = await web.client.post(
        "/api/disruptions/preview", json={"departure_ids": [str(near)], "rebook": "ask"}, headers=headers
    )
    assert (asking.json()["asked"], asking.json()["refunds"]) == (1, 0)


async def test_everybody_it_met_is_listed_and_can_be_had_as_a_file(web: Web, world: World, day: Day) -> None:
    gone, to = world.departure(departs_in=4 * H), world.departure(departs_in=6 * H, capacity=1)
    moved, paid_back = day.book(gone, 1, created=-H), day.book(gone, 1)
    number = (await decide(web, world, departure_ids=[str(gone)], rebook="nearest"))["id"]
    await carry_out(web.hub)
    headers, path = web.staff(world.main, "viewer"), f"/api/disruptions/{number}/bookings"
    items = (await web.client.get(path, headers=headers)).json()["items"]
    assert [(item["booking_id"], item["outcome"], item["moved_to"]) for item in items] == [
        (str(moved), "moved", str(to)), (str(paid_back), "refunded", None),
    ]  # fmt: skip
    assert items[1]["refunded"] == {"amount": 250_000, "currency": "RUB"}
    narrowed = (await web.client.get(f"{path}?outcome=moved", headers=headers)).json()
    assert (narrowed["total"], narrowed["items"][0]["code"]) == (1, items[0]["code"])
    file = await web.client.get(path, headers={**headers, "Accept": "text/csv"})
    lines = file.text.splitlines()
    assert lines[0].lstrip("\ufeff").startswith("booking_id,code,name")
    assert len(lines) == 3
    theirs = web.staff(world.other, "owner")
    for address in (path, f"/api/disruptions/{number}"):
        assert (await web.client.get(address, headers=theirs)).status_code == 404
    assert (await web.client.get("/api/disruptions", headers=theirs)).json()["total"] == 0
    mine = (await web.client.get("/api/disruptions", headers=headers)).json()
    assert [one["id"] for one in mine["items"]] == [number]


async def test_sixty_bookings_take_a_few_seconds(web: Web, world: World, day: Day) -> None:
    """The full day of 600 is timed by ``python -m tests.system.soak --only weather``."""
    gone = [world.departure(capacity=16, departs_in=timedelta(hours=4, minutes=n)) for n in range(4)]
    for n in range(5):
        world.departure(capacity=8, departs_in=timedelta(hours=30 + n))
    for departure in gone:
        for _ in range(15):
            day.book(departure, 1)
    await decide(web, world, departure_ids=[str(one) for one in gone], rebook="nearest")
    begun = time.process_time()
    await carry_out(web.hub)
    assert time.process_time() - begun < 3  # of our own work, whatever else the machine does
    assert Counter(day.outcomes().values()) == {"moved": 40, "refunded": 20}
