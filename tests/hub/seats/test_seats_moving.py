"""Seats that cannot be moved or taken away, refused before anything is written."""

from __future__ import annotations

from datetime import timedelta

import pytest

from kamhub.hub.seats import actions
from kamhub.hub.seats.actions import Transfer
from kamhub.hub.seats.types import HoldAsk, NewHold, SeatsTaken
from kamhub.hub.services import Hub
from kamhub.kit.clock import ManualClock
from tests.builders import World


async def test_a_lapsed_booking_has_no_seats_to_move(hub: Hub, world: World, clock: ManualClock) -> None:
    source, target = world.departure(), world.departure()
    held = await hub.engine.hold(HoldAsk(source, 2, "api"))
    assert isinstance(held, NewHold)
    clock.advance(timedelta(minutes=20))
    seats = SeatsTaken(0, 3, 2)
    async with hub.database.tenant(world.main.id) as connection:
        locked = await actions.lock_many(connection, [source, target], clock.now())
        with pytest.raises(ValueError, match="lapsed"):
            await actions.transfer(
                connection, Transfer(held.id, locked[source], locked[target], seats, seats), clock.now()
            )
    assert world.taken(target) == [0, 0, 0]


async def test_a_departure_never_gets_smaller_than_what_is_sold(hub: Hub, world: World, clock: ManualClock) -> None:
    departure = world.departure()
    await hub.engine.hold(HoldAsk(departure, 3, "api"))
    async with hub.database.tenant(world.main.id) as connection:
        locked = await actions.lock(connection, departure, clock.now())
        with pytest.raises(ValueError, match="more seats are sold"):
            await actions.resize(connection, locked, 2, clock.now())
    assert world.rows("SELECT capacity FROM departures WHERE id = %s", departure) == [(4,)]
