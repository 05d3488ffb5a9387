"""The seat engine on a real database: what it sells, to whom, and what a key is worth."""

from __future__ import annotations

import asyncio
import itertools
from datetime import timedelta
from uuid import UUID

import pytest

from kamhub.hub.departure.types import DepartureNotFound
from kamhub.hub.seats.types import (
    HoldAsk,
    IdempotencyConflict,
    NewHold,
    RepeatedHold,
    SalesClosed,
    SoldOut,
    StretchNotServed,
)
from kamhub.hub.services import Hub
from kamhub.kit.clock import ManualClock
from tests.builders import World
from tests.hub.seats.support import MakeEngine

KEY = b"k" * 32
FIFTEEN = timedelta(minutes=15)
TICK = timedelta(microseconds=1)


def keyed(departure: UUID, passengers: int = 2, request: bytes = b"r" * 32) -> HoldAsk:
    return HoldAsk(departure, passengers, "api", key_hash=KEY, request_hash=request)


async def new_hold(hub: Hub, ask: HoldAsk) -> NewHold:
    held = await hub.engine.hold(ask)
    assert isinstance(held, NewHold)
    return held


async def test_a_hold_takes_its_seats_on_every_leg_of_its_stretch(hub: Hub, world: World) -> None:
    departure = world.departure(capacity=4)
    held = await new_hold(hub, HoldAsk(departure, 3, "api", world.places["town"], world.places["springs"]))
    assert world.taken(departure) == [0, 3, 3]
    assert (held.grant.price_per_seat, held.grant.currency) == (220_000, "RUB")


async def test_a_hold_is_a_booking_with_its_first_event(hub: Hub, world: World) -> None:
    departure = world.departure()
    held = await new_hold(hub, HoldAsk(departure, 2, "desk"))
    [row] = world.rows(
        "SELECT code, status, passengers, price_per_seat, total, currency, expires_at, channel, created_at "
        "FROM bookings WHERE id = %s",
        held.id,
    )
    assert row == (
        held.code, "on_hold", 2, 250_000, 500_000, "RUB", world.now + FIFTEEN, "desk", world.now,
    )  # fmt: skip
    assert world.rows(
        "SELECT at, from_status, to_status, actor FROM booking_events WHERE booking_id = %s", held.id
    ) == [(world.now, None, "on_hold", "traveller")]


async def test_hundred_racing_for_five_seats_sell_exactly_five(hub: Hub, world: World) -> None:
    departure = world.departure(capacity=5)
    answers = await asyncio.gather(
        *(hub.engine.hold(HoldAsk(departure, 1, "api")) for _ in range(100)), return_exceptions=True
    )
    assert sum(isinstance(answer, NewHold) for answer in answers) == 5
    assert sum(isinstance(answer, SoldOut) for answer in answers) == 95
    assert world.taken(departure) == [5, 5, 5]
    assert (hub.engine.counters.granted, hub.engine.counters.refused) == (5, 95)


async def test_a_seat_is_sold_again_leg_by_leg(hub: Hub, world: World) -> None:
    departure = world.departure(capacity=1)
    stops = ["airport", "town", "city", "springs"]
    for start, end in itertools.pairwise(stops):
        await new_hold(hub, HoldAsk(departure, 1, "api", world.places[start], world.places[end]))
    assert world.taken(departure) == [1, 1, 1]
    with pytest.raises(SoldOut) as refused:
        await hub.engine.hold(HoldAsk(departure, 1, "api", world.places["town"], world.places["city"]))
    assert refused.value.extra == {"seats_available": 0}


async def test_a_party_too_large_is_told_how_many_seats_there_are_and_takes_none(hub: Hub, world: World) -> None:
    departure = world.departure(capacity=4)
    with pytest.raises(SoldOut) as refused:
        await hub.engine.hold(HoldAsk(departure, 5, "api"))
    assert refused.value.extra == {"seats_available": 4}
    assert world.taken(departure) == [0, 0, 0]


async def test_a_live_hold_is_never_sold_to_someone_else(hub: Hub, world: World, clock: ManualClock) -> None:
    departure = world.departure(capacity=2)
    await new_hold(hub, HoldAsk(departure, 2, "api"))
    clock.advance(FIFTEEN - TICK)
    with pytest.raises(SoldOut):
        await hub.engine.hold(HoldAsk(departure, 1, "api"))
    assert world.taken(departure) == [2, 2, 2]


async def test_expired_seats_sell_at_once_without_a_sweeper(hub: Hub, world: World, clock: ManualClock) -> None:
    departure = world.departure(capacity=2)
    lapsed = await new_hold(hub, HoldAsk(departure, 2, "api"))
    clock.advance(FIFTEEN)
    held = await new_hold(hub, HoldAsk(departure, 2, "api"))
    assert world.taken(departure) == [2, 2, 2]
    assert world.rows("SELECT id, status FROM bookings ORDER BY id") == [
        (lapsed.id, "expired"),
        (held.id, "on_hold"),
    ]
    assert world.rows(
        "SELECT from_status, to_status, actor, reason FROM booking_events WHERE booking_id = %s ORDER BY id", lapsed.id
    ) == [(None, "on_hold", "traveller", None), ("on_hold", "expired", "system", "hold_expired")]


async def test_expired_seats_are_given_back_even_when_nobody_is_served(
    hub: Hub, world: World, clock: ManualClock
) -> None:
    departure = world.departure(capacity=4)
    await new_hold(hub, HoldAsk(departure, 3, "api", world.places["town"], world.places["city"]))
    clock.advance(FIFTEEN)
    with pytest.raises(SoldOut):
        await hub.engine.hold(HoldAsk(departure, 5, "api"))
    assert world.taken(departure) == [0, 0, 0]


async def test_hold_minutes_are_the_operators(hub: Hub, world: World) -> None:
    world.execute("UPDATE organisations SET hold_minutes = 45 WHERE id = %s", world.main.id)
    held = await new_hold(hub, HoldAsk(world.departure(), 1, "api"))
    assert held.grant.expires_at == world.now + timedelta(minutes=45)


async def test_a_hold_ends_with_the_sales(hub: Hub, world: World, clock: ManualClock) -> None:
    departure = world.departure(departs_in=timedelta(minutes=40), sales_cutoff=timedelta(minutes=30))
    held = await new_hold(hub, HoldAsk(departure, 1, "api"))
    assert held.grant.expires_at == world.now + timedelta(minutes=10)
    clock.advance(timedelta(minutes=10))
    with pytest.raises(SalesClosed):
        await hub.engine.hold(HoldAsk(departure, 1, "api"))


@pytest.mark.parametrize("status", ["closed", "cancelled"])
async def test_a_departure_that_is_not_open_sells_nothing(hub: Hub, world: World, status: str) -> None:
    with pytest.raises(SalesClosed):
        await hub.engine.hold(HoldAsk(world.departure(status=status), 1, "api"))


async def test_an_unknown_departure_is_not_found_and_holds_nobody_up(hub: Hub, world: World) -> None:
    good = world.departure()
    lost, held = await asyncio.gather(
        hub.engine.hold(HoldAsk(UUID(int=5), 1, "api")),
        hub.engine.hold(HoldAsk(good, 1, "api")),
        return_exceptions=True,
    )
    assert isinstance(lost, DepartureNotFound)
    assert isinstance(held, NewHold)


async def test_a_stretch_that_is_not_served_is_refused(hub: Hub, world: World) -> None:
    departure = world.departure()
    backwards = HoldAsk(departure, 1, "api", world.places["city"], world.places["town"])
    elsewhere = HoldAsk(departure, 1, "api", UUID(int=6), None)
    for ask in (backwards, elsewhere):
        with pytest.raises(StretchNotServed):
            await hub.engine.hold(ask)


async def test_a_departure_without_any_price_is_not_sold(hub: Hub, world: World) -> None:
    world.execute("DELETE FROM tariff_prices WHERE organisation_id = %s", world.other.id)
    with pytest.raises(StretchNotServed):
        await hub.engine.hold(HoldAsk(world.departure(operator=world.other), 1, "api"))


async def test_two_operators_are_served_in_one_round(hub: Hub, world: World) -> None:
    ours, theirs = world.departure(), world.departure(operator=world.other)
    held = await asyncio.gather(*(hub.engine.hold(HoldAsk(one, 1, "api")) for one in (ours, theirs)))
    assert [answer.organisation_id for answer in held] == [world.main.id, world.other.id]
    assert hub.engine.counters.rounds == 1


async def test_a_key_gives_the_same_booking_again(hub: Hub, world: World) -> None:
    departure = world.departure()
    first = await new_hold(hub, keyed(departure))
    second = await hub.engine.hold(keyed(departure))
    assert second == RepeatedHold(world.main.id, first.id)
    assert world.taken(departure) == [2, 2, 2]


@pytest.mark.parametrize("times", [2, 7])
async def test_one_key_in_one_batch_books_once(hub: Hub, world: World, times: int) -> None:
    departure = world.departure(capacity=20)
    answers = await asyncio.gather(*(hub.engine.hold(keyed(departure)) for _ in range(times)))
    assert sorted(type(answer).__name__ for answer in answers) == ["NewHold"] + ["RepeatedHold"] * (times - 1)
    assert len({answer.id for answer in answers}) == 1
    assert world.taken(departure) == [2, 2, 2]
    assert hub.engine.counters.rounds == 2, "the repeats wait one round for the first, and are answered together"


async def test_a_key_outlives_the_process(hub: Hub, world: World, make_engine: MakeEngine) -> None:
    departure = world.departure(capacity=2)
    first = await new_hold(hub, keyed(departure))
    await hub.engine.stop()
    again = await make_engine()
    assert await again.hold(keyed(departure)) == RepeatedHold(world.main.id, first.id)


async def test_a_key_is_answered_after_its_hold_is_over_and_the_seats_are_sold(
    hub: Hub, world: World, clock: ManualClock
) -> None:
    departure = world.departure(capacity=2)
    first = await new_hold(hub, keyed(departure))
    clock.advance(FIFTEEN)
    await new_hold(hub, HoldAsk(departure, 2, "api"))
    assert await hub.engine.hold(keyed(departure)) == RepeatedHold(world.main.id, first.id)


async def test_a_key_of_another_request_is_a_conflict(hub: Hub, world: World) -> None:
    departure = world.departure()
    await new_hold(hub, keyed(departure))
    with pytest.raises(IdempotencyConflict):
        await hub.engine.hold(keyed(departure, 1, b"other".ljust(32)))
    assert world.taken(departure) == [2, 2, 2]


@pytest.mark.parametrize("together", [True, False])
async def test_a_key_used_on_another_departure_is_a_conflict(hub: Hub, world: World, together: bool) -> None:
    one, two = world.departure(), world.departure(operator=world.other)
    asks = [keyed(one, request=b"1" * 32), keyed(two, request=b"2" * 32)]
    if together:
        answers = await asyncio.gather(*map(hub.engine.hold, asks), return_exceptions=True)
    else:
        answers = [await hub.engine.hold(asks[0])]
        answers += await asyncio.gather(hub.engine.hold(asks[1]), return_exceptions=True)
    assert [type(answer) for answer in answers] == [NewHold, IdempotencyConflict]
    assert (world.taken(one), world.taken(two)) == ([2, 2, 2], [0, 0, 0])


async def test_a_refused_request_leaves_its_key_unused(hub: Hub, world: World, clock: ManualClock) -> None:
    departure = world.departure(capacity=2)
    await new_hold(hub, HoldAsk(departure, 2, "api"))
    with pytest.raises(SoldOut):
        await hub.engine.hold(keyed(departure))
    clock.advance(FIFTEEN)
    await new_hold(hub, keyed(departure))


async def test_engines_side_by_side_take_one_key_once(world: World, make_engine: MakeEngine) -> None:
    departures = [world.departure(capacity=20), world.departure(capacity=20)]
    engines = [await make_engine() for _ in range(2)]
    answers = await asyncio.gather(
        *(engine.hold(keyed(departure)) for departure in departures for engine in engines for _ in range(3))
    )
    assert len({answer.id for answer in answers}) == 1
    assert sum(sum(world.taken(departure)) for departure in departures) == 6
