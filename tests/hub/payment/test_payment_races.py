"""Money and another buyer at the same instant."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from kamhub.hub.booking import actions as bookings
from kamhub.hub.booking.actions import HeldBooking
from kamhub.hub.booking.types import Booking
from kamhub.hub.seats.types import SoldOut
from kamhub.kit.clock import ManualClock
from tests.hub.payment.support import Till
from tests.hub.payment.test_payment_settle import QUARTER

ROUNDS = 12
INSTANT = timedelta(microseconds=1)


def seated(till: Till, booking: Booking) -> list[int]:
    """Seats each leg's live bookings have, against what the counter says, which is returned."""
    departure = booking.stretch.departure_id
    query = """SELECT coalesce(sum(passengers), 0)::int FROM bookings
        WHERE departure_id = %s AND status IN ('on_hold', 'pending', 'confirmed')"""
    taken = till.world.taken(departure)
    assert [till.world.rows(query, departure)[0][0]] * 3 == taken, "counters equal rows"
    return taken


@pytest.mark.parametrize("pauses", [0, 1, 3, 8])
async def test_late_money_against_another_buyer_never_oversells(till: Till, clock: ManualClock, pauses: int) -> None:
    for number in range(ROUNDS):
        departure = till.world.departure(capacity=2)
        booking = await till.booked(departure, passengers=2)
        clock.advance(QUARTER)

        async def buy(late: int, place: object = departure) -> HeldBooking:
            for _ in range(late):
                await asyncio.sleep(0)
            return await till.held(place)  # type: ignore[arg-type]

        _, bought, _ = await asyncio.gather(
            till.tell("pay", booking, TransactionId=str(100 + number)),
            buy(pauses * number % 17),
            bookings.sweep(till.hub),
            return_exceptions=True,
        )
        status, paid, refunded = till.booking(booking)
        taken = seated(till, booking)
        if isinstance(bought, HeldBooking):
            assert (status, paid, refunded, taken) == ("expired", 500_000, 500_000, [1, 1, 1])
        else:
            assert isinstance(bought, SoldOut)
            assert (status, paid, refunded, taken) == ("confirmed", 500_000, None, [2, 2, 2])


async def test_a_check_that_was_answered_yes_keeps_the_seats(till: Till, clock: ManualClock) -> None:
    """The bank asks in the last instant of a hold, another buyer comes in the next one."""
    answers = set()
    for number in range(ROUNDS):
        departure = till.world.departure(capacity=1)
        booking = await till.booked(departure)
        clock.advance(QUARTER - INSTANT)
        asked = asyncio.create_task(till.tell("check", booking))
        for _ in range(number % 10):
            await asyncio.sleep(0.0003)
        clock.advance(INSTANT)
        bought = await asyncio.gather(till.held(departure), return_exceptions=True)
        code = await asked
        answers.add(code)
        assert isinstance(bought[0], SoldOut) is (code == 0), "one of the two has the seat"
        await till.tell("pay", booking, TransactionId=str(100 + number))
        assert till.booking(booking)[0] == ("confirmed" if code == 0 else "expired")
        assert seated(till, booking) == [1, 1, 1]
    assert answers <= {0, 20}


async def test_money_in_time_against_a_cancellation(till: Till) -> None:
    for number in range(ROUNDS):
        held = await till.held()
        booking = await bookings.book(till.hub, held.access, contact=(await till.booked()).contact)  # type: ignore[arg-type]
        await asyncio.gather(
            till.tell("pay", booking, TransactionId=str(100 + number)), bookings.cancel(till.hub, held.access, None)
        )
        assert till.booking(booking) == ("cancelled", 250_000, 250_000), "whichever came first, all of it goes back"
        assert seated(till, booking) == [0, 0, 0]


async def test_a_hold_is_not_lost_to_many_buyers_while_it_is_being_paid(till: Till, clock: ManualClock) -> None:
    departure = till.world.departure(capacity=3)
    booking = await till.booked(departure, passengers=3)
    clock.advance(QUARTER - INSTANT)
    results = await asyncio.gather(
        till.tell("pay", booking), *(till.held(departure) for _ in range(40)), return_exceptions=True
    )
    assert results[0] == 0
    assert all(isinstance(result, SoldOut) for result in results[1:])
    assert till.booking(booking)[0] == "confirmed"
