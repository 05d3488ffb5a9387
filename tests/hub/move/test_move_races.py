"""Moves against holds, cancellations and each other; and the control, in which nobody locks."""

from __future__ import annotations

import asyncio
import random
from datetime import timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest

from kamhub.hub.booking import actions as bookings
from kamhub.hub.booking.tokens import BookingAccess
from kamhub.hub.integrity.store.promises import INVARIANTS
from kamhub.hub.move import actions as moves
from kamhub.hub.move.types import MoveWish
from kamhub.hub.seats import actions as seats
from kamhub.hub.seats import store as seat_store
from kamhub.hub.services import Hub
from kamhub.kit.errors import Refusal
from kamhub.platform.audit.types import Trail
from kamhub.platform.person.types import Staff
from tests.builders import World
from tests.hub.disruption.day import Day

H = timedelta(hours=1)


def staff(world: World) -> Staff:
    return Staff(world.main.id, frozenset(), Trail("person", world.main.people["owner"], "Owner"))


@pytest.fixture
def day(world: World) -> Day:
    """Makes days."""
    return Day(world)


async def done(work: object) -> bool:
    """Whether it was not refused."""
    try:
        await work  # type: ignore[misc]
    except Refusal:
        return False
    return True


async def test_the_last_seats_go_to_movers_and_buyers_without_overselling(hub: Hub, world: World, day: Day) -> None:
    before, after = world.departure(departs_in=5 * H, capacity=9), world.departure(departs_in=6 * H, capacity=3)
    booked = [day.book(before, 1) for _ in range(5)]
    ends = await asyncio.gather(
        *(done(moves.move(hub, staff(world), booking, MoveWish(after))) for booking in booked),
        *(done(bookings.hold(hub, departure_id=after, passengers=1, channel="api")) for _ in range(5)),
    )
    assert sum(ends) == 3
    assert world.taken(after) == [3, 3, 3]
    assert world.taken(before) == [5 - sum(ends[:5])] * 3
    day.assert_sound()


async def crossing(hub: Hub, world: World, day: Day, monkeypatch: pytest.MonkeyPatch) -> tuple[UUID, int]:
    """Four moves to one departure that all have looked before the first one writes, if they can."""
    before, after = world.departure(departs_in=5 * H, capacity=9), world.departure(departs_in=6 * H, capacity=9)
    booked = [day.book(before, 1) for _ in range(4)]
    together, transfer = asyncio.Barrier(4), seats.transfer

    async def after_all_have_looked(*args: Any) -> object:
        try:
            async with asyncio.timeout(0.2):
                await together.wait()
        except (TimeoutError, asyncio.BrokenBarrierError):
            pass
        return await transfer(*args)

    monkeypatch.setattr(seats, "transfer", after_all_have_looked)
    ends = await asyncio.gather(
        *(moves.move(hub, staff(world), booking, MoveWish(after)) for booking in booked), return_exceptions=True
    )
    assert all(not isinstance(end, BaseException) or isinstance(end, psycopg.Error) for end in ends)
    moved = world.rows("SELECT count(*) FROM bookings WHERE departure_id = %s", after)[0][0]
    assert isinstance(moved, int)
    return after, moved


async def test_movers_take_their_turns(hub: Hub, world: World, day: Day, monkeypatch: pytest.MonkeyPatch) -> None:
    after, moved = await crossing(hub, world, day, monkeypatch)
    assert (moved, world.taken(after)) == (4, [4, 4, 4])
    day.assert_sound()


async def test_control_without_the_lock_seats_are_lost(
    hub: Hub, world: World, day: Day, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(seat_store, "_LOCK", seat_store._LOCK.replace("FOR NO KEY UPDATE OF d", ""))
    after, moved = await crossing(hub, world, day, monkeypatch)
    assert world.taken(after) != [moved] * 3


async def test_a_booking_that_moves_between_the_look_and_the_lock_gives_back_its_new_seats(
    hub: Hub, world: World, day: Day, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, after = world.departure(departs_in=50 * H), world.departure(departs_in=60 * H)
    booking = day.book(before, 2)
    lock_many, calls = seats.lock_many, 0

    async def late(*args: Any) -> object:
        nonlocal calls
        calls += 1
        if calls == 1:
            await moves.move(hub, staff(world), booking, MoveWish(after))
        return await lock_many(*args)

    monkeypatch.setattr(seats, "lock_many", late)
    await bookings.cancel(hub, BookingAccess(world.main.id, booking), None)
    assert calls == 3  # the move's own, the one in vain, the right one
    assert (world.taken(before), world.taken(after)) == ([0, 0, 0], [0, 0, 0])
    assert (day.state(booking).status, day.state(booking).departure) == ("cancelled", after)
    day.assert_sound()


@pytest.mark.parametrize("seed", range(3))
async def test_any_sequence_of_moves_holds_and_cancellations_keeps_every_promise(
    hub: Hub, world: World, day: Day, seed: int
) -> None:
    dice = random.Random(seed)
    there = [world.departure(departs_in=(40 + n) * H, capacity=dice.randint(2, 5)) for n in range(3)]
    booked = [day.book(there[0], 1), day.book(there[0], 1)]
    places = list(world.places.values())

    async def one_thing() -> None:
        what, booking, to = dice.random(), dice.choice(booked), dice.choice(there)
        if what < 0.5:
            start, end = sorted(dice.sample(range(4), 2))
            wish = MoveWish(to, dice.choice(("keep", "refund", "collect")), None, places[start], places[end])
            await moves.move(hub, staff(world), booking, wish)
        elif what < 0.85:
            held = await bookings.hold(hub, departure_id=to, passengers=dice.randint(1, 3), channel="api")
            booked.append(held.booking.id)
        else:
            await bookings.cancel(hub, BookingAccess(world.main.id, booking), None)

    for _ in range(10):
        await asyncio.gather(*(done(one_thing()) for _ in range(3)))
    assert [check.name for check in INVARIANTS if world.rows(check.query) != [(0,)]] == []
