"""The seat engine on a real database."""

from __future__ import annotations

import asyncio

import pytest

from kamhub.hub.seats.types import HoldAsk, NewHold, RepeatedHold, SoldOut
from kamhub.hub.services import Hub
from tests.builders import World


async def test_a_hold_takes_its_seats_on_every_leg_of_its_stretch(hub: Hub, world: World) -> None:
    departure = world.departure(capacity=4)
    ask = HoldAsk(departure, 3, "api", world.places["town"], world.places["springs"])
    held = await hub.engine.hold(ask)
    assert isinstance(held, NewHold)
    assert world.taken(departure) == [0, 3, 3]


async def test_hundred_racing_for_five_seats_sell_exactly_five(hub: Hub, world: World) -> None:
    departure = world.departure(capacity=5)
    answers = await asyncio.gather(
        *(hub.engine.hold(HoldAsk(departure, 1, "api")) for _ in range(100)), return_exceptions=True
    )
    assert sum(isinstance(answer, NewHold) for answer in answers) == 5
    assert sum(isinstance(answer, SoldOut) for answer in answers) == 95
    assert world.taken(departure) == [5, 5, 5]


async def test_one_key_twice_in_one_batch_books_once(hub: Hub, world: World) -> None:
    departure = world.departure(capacity=4)
    ask = HoldAsk(departure, 2, "api", key_hash=b"k" * 32, request_hash=b"r" * 32)
    first, second = await asyncio.gather(hub.engine.hold(ask), hub.engine.hold(ask))
    assert {type(first), type(second)} == {NewHold, RepeatedHold}
    assert first.id == second.id
    assert world.taken(departure) == [2, 2, 2]
