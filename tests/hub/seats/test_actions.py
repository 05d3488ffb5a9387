"""Seats given and taken inside somebody's own transaction."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest

from kamhub.hub.seats import actions
from kamhub.hub.seats.types import HoldAsk, NewHold, SeatsTaken
from kamhub.hub.services import Hub
from kamhub.kit.clock import ManualClock
from tests.builders import World

WHOLE = SeatsTaken(0, 3, 2)


async def hold(hub: Hub, departure: UUID, passengers: int = 2) -> UUID:
    held = await hub.engine.hold(HoldAsk(departure, passengers, "api"))
    assert isinstance(held, NewHold)
    return held.id


def status(world: World, booking: UUID) -> object:
    return world.rows("SELECT status FROM bookings WHERE id = %s", booking)[0][0]


async def test_lapsed_seats_count_as_free_before_anything_is_written(
    hub: Hub, world: World, clock: ManualClock
) -> None:
    departure = world.departure(capacity=4)
    lapsed = await hold(hub, departure, 3)
    clock.advance(timedelta(minutes=15))
    async with hub.database.tenant(world.main.id) as connection:
        locked = await actions.lock(connection, departure, clock.now())
        assert [booking.id for booking in locked.lapsed] == [lapsed]
        assert locked.taken == (0, 0, 0)
        assert locked.free(WHOLE) == 4
    assert world.taken(departure) == [3, 3, 3]
    assert status(world, lapsed) == "on_hold"


async def test_sweep_expires_what_has_lapsed(hub: Hub, world: World, clock: ManualClock) -> None:
    departure = world.departure(capacity=4)
    lapsed = await hold(hub, departure)
    clock.advance(timedelta(minutes=10))
    alive = await hold(hub, departure)
    clock.advance(timedelta(minutes=5))
    async with hub.database.tenant(world.main.id) as connection:
        locked = await actions.lock(connection, departure, clock.now())
        assert await actions.sweep(connection, locked, clock.now()) == 1
    assert world.taken(departure) == [2, 2, 2]
    assert (status(world, lapsed), status(world, alive)) == ("expired", "on_hold")
    async with hub.database.tenant(world.main.id) as connection:
        locked = await actions.lock(connection, departure, clock.now())
        assert await actions.sweep(connection, locked, clock.now()) == 0


async def test_release_gives_back_and_sweeps(hub: Hub, world: World, clock: ManualClock) -> None:
    departure = world.departure(capacity=4)
    await hold(hub, departure, 1)
    clock.advance(timedelta(minutes=14))
    alive = await hold(hub, departure)
    clock.advance(timedelta(minutes=1))
    async with hub.database.tenant(world.main.id) as connection:
        locked = await actions.lock(connection, departure, clock.now())
        await actions.release(connection, locked, alive, WHOLE, clock.now())
    assert world.taken(departure) == [0, 0, 0]


async def test_a_lapsed_booking_has_no_seats_to_give_back(hub: Hub, world: World, clock: ManualClock) -> None:
    departure = world.departure(capacity=4)
    lapsed = await hold(hub, departure)
    clock.advance(timedelta(minutes=15))
    async with hub.database.tenant(world.main.id) as connection:
        locked = await actions.lock(connection, departure, clock.now())
        with pytest.raises(ValueError, match="lapsed"):
            await actions.release(connection, locked, lapsed, WHOLE, clock.now())


async def test_retake_takes_free_seats_or_none(hub: Hub, world: World, clock: ManualClock) -> None:
    departure = world.departure(capacity=3)
    lapsed = await hold(hub, departure)
    clock.advance(timedelta(minutes=15))
    async with hub.database.tenant(world.main.id) as connection:
        locked = await actions.lock(connection, departure, clock.now())
        assert await actions.retake(connection, locked, WHOLE, clock.now())
    assert world.taken(departure) == [2, 2, 2]
    assert status(world, lapsed) == "expired"
    async with hub.database.tenant(world.main.id) as connection:
        locked = await actions.lock(connection, departure, clock.now())
        assert not await actions.retake(connection, locked, WHOLE, clock.now())
    assert world.taken(departure) == [2, 2, 2]


async def test_a_retake_in_vain_still_sweeps(hub: Hub, world: World, clock: ManualClock) -> None:
    departure = world.departure(capacity=3)
    lapsed = await hold(hub, departure, 1)
    clock.advance(timedelta(minutes=10))
    await hold(hub, departure, 2)
    clock.advance(timedelta(minutes=5))
    async with hub.database.tenant(world.main.id) as connection:
        locked = await actions.lock(connection, departure, clock.now())
        assert not await actions.retake(connection, locked, WHOLE, clock.now())
    assert world.taken(departure) == [2, 2, 2]
    assert status(world, lapsed) == "expired"


async def test_another_operators_departure_does_not_exist(hub: Hub, world: World, clock: ManualClock) -> None:
    departure = world.departure(operator=world.other)
    async with hub.database.tenant(world.main.id) as connection:
        with pytest.raises(LookupError):
            await actions.lock(connection, departure, clock.now())


async def test_what_is_not_committed_is_not_taken(hub: Hub, world: World, clock: ManualClock) -> None:
    departure = world.departure(capacity=4)

    async def take_and_fail() -> None:
        async with hub.database.tenant(world.main.id) as connection:
            locked = await actions.lock(connection, departure, clock.now())
            await actions.retake(connection, locked, WHOLE, clock.now())
            raise RuntimeError("the payment beside it could not be saved")

    with pytest.raises(RuntimeError):
        await take_and_fail()
    assert world.taken(departure) == [0, 0, 0]


async def test_lock_waits_for_its_turn(hub: Hub, world: World, clock: ManualClock) -> None:
    departure = world.departure(capacity=2)

    async def take() -> bool:
        async with hub.database.tenant(world.main.id) as connection:
            locked = await actions.lock(connection, departure, clock.now())
            return await actions.retake(connection, locked, WHOLE, clock.now())

    assert sorted(await asyncio.gather(*(take() for _ in range(5)))) == [False] * 4 + [True]
    assert world.taken(departure) == [2, 2, 2]
