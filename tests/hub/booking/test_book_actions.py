"""From a hold to a booking and out of it again, on a real database."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from kamhub.hub.booking import actions
from kamhub.hub.booking.actions import HeldBooking
from kamhub.hub.booking.tokens import BookingAccess
from kamhub.hub.booking.types import (
    Booking,
    BookingNotFound,
    BookingNotOpen,
    Contact,
    HoldExpired,
    TooLateToCancel,
)
from kamhub.hub.payment.types import PaymentUnavailable
from kamhub.hub.seats.types import HoldAsk, IdempotencyConflict, NewHold, SoldOut
from kamhub.hub.services import Hub
from kamhub.kit.clock import ManualClock
from kamhub.kit.money import Money
from tests.builders import World
from tests.hub.booking.support import ANNA, DISPATCHER, NOBODY, PARTY, FakeProvider, pay

FIFTEEN = timedelta(minutes=15)
TICK = timedelta(microseconds=1)


@pytest.fixture
def provider() -> FakeProvider:
    return FakeProvider()


@pytest.fixture
def hub_paid(hub: Hub, provider: FakeProvider) -> Hub:
    return replace(hub, provider=provider)


async def held(hub: Hub, world: World, *, passengers: int = 2, capacity: int = 4, online: bool = True) -> HeldBooking:
    operator = world.main if online else world.other
    departure = world.departure(capacity=capacity, operator=operator)
    return await actions.hold(hub, departure_id=departure, passengers=passengers, channel="api")


def steps(booking: Booking) -> list[tuple[str | None, str]]:
    return [(event.from_status, event.to_status) for event in booking.history]


def staff(booking: HeldBooking) -> BookingAccess:
    return replace(booking.access, actor="staff:7")


async def test_a_hold_tells_price_code_and_until_when(hub: Hub, world: World) -> None:
    made = await held(hub, world)
    booking = made.booking
    assert made.created
    assert (booking.status, booking.expires_at) == ("on_hold", world.now + FIFTEEN)
    assert (booking.price_per_seat, booking.total) == (Money(250_000, "RUB"), Money(500_000, "RUB"))
    assert len(booking.code) == 8
    assert await actions.load(hub, made.access) == booking


async def test_a_repeat_with_the_same_key_is_the_same_booking_and_token(hub: Hub, world: World) -> None:
    departure = world.departure()
    first, second = [
        await actions.hold(hub, departure_id=departure, passengers=2, key="once", channel="api") for _ in range(2)
    ]
    assert (first.created, second.created) == (True, False)
    assert (first.booking, first.token) == (second.booking, second.token)
    with pytest.raises(IdempotencyConflict):
        await actions.hold(hub, departure_id=departure, passengers=3, key="once", channel="api")
    with pytest.raises(IdempotencyConflict):
        await actions.hold(hub, departure_id=world.departure(), passengers=2, key="once", channel="api")


async def test_a_hold_becomes_a_booking_without_competing_again(
    hub_paid: Hub, world: World, provider: FakeProvider
) -> None:
    made = await held(hub_paid, world, passengers=4, capacity=4)
    departure = made.booking.stretch.departure_id
    with pytest.raises(SoldOut):
        await hub_paid.engine.hold(HoldAsk(departure, 1, "api"))
    booking = await actions.book(hub_paid, made.access, contact=ANNA, passenger_list=PARTY, special_requests="окно")
    assert (booking.status, booking.contact, booking.passenger_list) == ("on_hold", ANNA, PARTY)
    assert booking.special_requests == "окно"
    assert booking.payment is not None
    assert (booking.payment.url, booking.payment.expires_at) == (
        f"https://pay.test/{booking.code}",
        world.now + FIFTEEN,
    )
    assert world.taken(departure) == [4, 4, 4]
    await pay(hub_paid, world.main, booking.code, booking.total.amount, 1)
    paid = await actions.load(hub_paid, made.access)
    assert (paid.status, paid.paid) == ("confirmed", booking.total)
    assert steps(paid) == [(None, "on_hold"), ("on_hold", "confirmed")]
    assert world.taken(departure) == [4, 4, 4]


async def test_who_travels_may_be_corrected_while_the_hold_lives(
    hub_paid: Hub, world: World, provider: FakeProvider
) -> None:
    made = await held(hub_paid, world)
    await actions.book(hub_paid, made.access, contact=ANNA, passenger_list=PARTY)
    other = Contact("Ben Low", "+442071838750", "ben@example.org", "en")
    booking = await actions.book(hub_paid, made.access, contact=other, passenger_list=PARTY[:1])
    assert (booking.contact, booking.passenger_list) == (other, PARTY[:1])
    assert len(provider.asked) == 1, "one booking has one link to pay by"
    assert steps(booking) == [(None, "on_hold")]
    assert world.taken(booking.stretch.departure_id) == [2, 2, 2]


async def test_the_terms_of_cancelling_are_those_of_the_day_of_booking(hub_paid: Hub, world: World) -> None:
    made = await held(hub_paid, world)
    booking = await actions.book(hub_paid, made.access, contact=ANNA)
    world.execute("UPDATE organisations SET cancellation_policy_id = NULL WHERE id = %s", world.main.id)
    await pay(hub_paid, world.main, booking.code, booking.total.amount, 1)
    assert (await actions.quote_cancellation(hub_paid, made.access)).refund == booking.total


async def test_while_the_payment_service_is_away_the_seats_stay_held(
    hub_paid: Hub, world: World, provider: FakeProvider
) -> None:
    made = await held(hub_paid, world)
    provider.away = True
    booking = await actions.book(hub_paid, made.access, contact=ANNA)
    assert (booking.status, booking.payment) == ("on_hold", None)
    with pytest.raises(PaymentUnavailable):
        await actions.request_payment(hub_paid, made.access)
    provider.away = False
    assert (await actions.request_payment(hub_paid, made.access)).payment is not None


async def test_a_hold_is_booked_to_its_last_moment_and_not_after(
    hub_paid: Hub, world: World, clock: ManualClock
) -> None:
    made = await held(hub_paid, world)
    clock.advance(FIFTEEN - TICK)
    await actions.book(hub_paid, made.access, contact=ANNA)
    clock.advance(TICK)
    for refused in (
        actions.book(hub_paid, made.access, contact=ANNA),
        actions.request_payment(hub_paid, made.access),
        actions.cancel(hub_paid, made.access, None),
        actions.quote_cancellation(hub_paid, made.access),
        actions.decide(hub_paid, staff(made), trail=DISPATCHER, confirm=True, message=None),
    ):
        with pytest.raises(HoldExpired):
            await refused
    assert (await actions.load(hub_paid, made.access)).status == "expired"


async def test_without_online_payment_the_operator_decides(hub: Hub, world: World) -> None:
    made = await held(hub, world, online=False)
    booking = await actions.book(hub, made.access, contact=ANNA)
    assert (booking.status, booking.payment) == ("pending", None)
    assert booking.expires_at == world.now + timedelta(days=3) - timedelta(minutes=30)
    again = await actions.book(hub, made.access, contact=ANNA)
    assert steps(again) == [(None, "on_hold"), ("on_hold", "pending")]
    confirmed = await actions.decide(hub, staff(made), trail=DISPATCHER, confirm=True, message="ждём вас")
    assert steps(confirmed)[-1] == ("pending", "confirmed")
    assert (confirmed.history[-1].actor, confirmed.history[-1].reason) == ("staff:7", "ждём вас")
    assert world.taken(booking.stretch.departure_id) == [2, 2, 2]
    with pytest.raises(BookingNotOpen):
        await actions.decide(hub, staff(made), trail=DISPATCHER, confirm=True, message=None)
    with pytest.raises(BookingNotOpen):
        await actions.book(hub, made.access, contact=ANNA)


async def test_a_rejected_booking_gives_its_seats_back_once(hub: Hub, world: World) -> None:
    made = await held(hub, world, online=False)
    await actions.book(hub, made.access, contact=ANNA)
    rejected = await actions.decide(hub, staff(made), trail=DISPATCHER, confirm=False, message="нет машины")
    assert rejected.status == "rejected"
    assert world.taken(rejected.stretch.departure_id) == [0, 0, 0]
    for confirm in (True, False):
        with pytest.raises(BookingNotOpen):
            await actions.decide(hub, staff(made), trail=DISPATCHER, confirm=confirm, message=None)
    assert world.taken(rejected.stretch.departure_id) == [0, 0, 0]


async def test_nobody_to_travel_is_nobody_to_confirm(hub: Hub, world: World) -> None:
    made = await held(hub, world)
    with pytest.raises(BookingNotOpen, match="no passengers"):
        await actions.decide(hub, staff(made), trail=DISPATCHER, confirm=True, message=None)
    with pytest.raises(BookingNotOpen):
        await actions.request_payment(hub, made.access)


async def test_cancelled_twice_gives_the_seats_back_once(hub: Hub, world: World) -> None:
    made = await held(hub, world)
    departure = made.booking.stretch.departure_id
    await hub.engine.hold(HoldAsk(departure, 1, "api"))
    results = await asyncio.gather(
        *(actions.cancel(hub, made.access, "передумали") for _ in range(3)), return_exceptions=True
    )
    assert sorted(type(result).__name__ for result in results) == ["BookingNotOpen", "BookingNotOpen", "tuple"]
    assert world.taken(departure) == [1, 1, 1]
    booking = await actions.load(hub, made.access)
    assert steps(booking) == [(None, "on_hold"), ("on_hold", "cancelled")]
    assert booking.history[-1].reason == "передумали"


async def test_cancelled_seats_are_sold_again_at_once(hub: Hub, world: World) -> None:
    made = await held(hub, world, passengers=4)
    departure = made.booking.stretch.departure_id
    _, refund = await actions.cancel(hub, made.access, None)
    assert refund == Money(0, "RUB")
    assert isinstance(await hub.engine.hold(HoldAsk(departure, 4, "api")), NewHold)


@pytest.mark.parametrize(
    ("hours_before", "percent"), [(24.0, 100), (23.99, 75), (12.0, 75), (11.99, 50), (2.0, 50), (1.99, 0)]
)
async def test_cancelling_returns_what_the_quote_said(
    hub_paid: Hub, world: World, clock: ManualClock, hours_before: float, percent: int
) -> None:
    made = await held(hub_paid, world)
    booking = await actions.book(hub_paid, made.access, contact=ANNA)
    await pay(hub_paid, world.main, booking.code, booking.total.amount, 1)
    clock.advance(timedelta(days=3) - timedelta(hours=hours_before))
    quote = await actions.quote_cancellation(hub_paid, made.access)
    cancelled, refund = await actions.cancel(hub_paid, made.access, None)
    assert refund == quote.refund == Money(5_000 * percent, "RUB")
    assert cancelled.status == "cancelled"
    assert cancelled.refunded == (refund if percent else None)
    jobs = world.rows("SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'payment.send_refund'")
    assert jobs == [(1 if percent else 0,)]


async def test_after_it_has_left_nothing_is_cancelled(hub_paid: Hub, world: World, clock: ManualClock) -> None:
    made = await held(hub_paid, world)
    booking = await actions.book(hub_paid, made.access, contact=ANNA)
    await pay(hub_paid, world.main, booking.code, booking.total.amount, 1)
    clock.advance(timedelta(days=3))
    with pytest.raises(TooLateToCancel):
        await actions.cancel(hub_paid, made.access, None)
    assert world.taken(booking.stretch.departure_id) == [2, 2, 2]


async def test_it_leaves_for_the_traveller_when_it_leaves_their_stop(
    hub: Hub, world: World, clock: ManualClock
) -> None:
    """Who gets on at the second stop (15 minutes down the road) may cancel until it is there."""
    departure = world.departure(operator=world.other)
    made = await actions.hold(hub, departure_id=departure, passengers=1, from_place=world.places["town"], channel="api")
    await actions.book(hub, made.access, contact=ANNA)
    await actions.decide(hub, staff(made), trail=DISPATCHER, confirm=True, message=None)
    clock.advance(timedelta(days=3, minutes=15) - TICK)
    await actions.quote_cancellation(hub, made.access)
    clock.advance(TICK)
    with pytest.raises(TooLateToCancel):
        await actions.cancel(hub, made.access, None)


async def test_cancelling_beside_a_lapsed_hold_frees_both(hub: Hub, world: World, clock: ManualClock) -> None:
    made = await held(hub, world, passengers=1)
    departure = made.booking.stretch.departure_id
    clock.advance(timedelta(minutes=14))
    later = await actions.hold(hub, departure_id=departure, passengers=3, channel="api")
    clock.advance(timedelta(minutes=1))
    await actions.cancel(hub, later.access, None)
    assert world.taken(departure) == [0, 0, 0]
    assert (await actions.load(hub, made.access)).history[-1].to_status == "expired"


async def test_the_sweeper_tidies_every_operators_lapsed_holds_once(hub: Hub, world: World, clock: ManualClock) -> None:
    for online in (True, False):
        await held(hub, world, online=online)
        await held(hub, world, online=online)
    assert await actions.sweep(hub) == 0
    clock.advance(FIFTEEN)
    assert await actions.sweep(hub, limit=3) == 3
    assert await actions.sweep(hub) == 1
    assert await actions.sweep(hub) == 0
    assert world.rows("SELECT DISTINCT taken FROM departures") == [([0, 0, 0],)]


@pytest.mark.parametrize(
    "with_what", ["anna@example.org", "  ANNA@Example.org ", "+79141234567", "8 (914) 123-45-67", "914 123-45-67"]
)
async def test_a_booking_is_found_by_its_code_and_how_people_write_their_contact(
    hub: Hub, world: World, with_what: str
) -> None:
    made = await held(hub, world, online=False)
    await actions.book(hub, made.access, contact=ANNA)
    code = made.booking.code
    for written in (code, code.lower(), f" {code[:4]}-{code[4:]} "):
        found = await actions.look_up(hub, written, with_what)
        assert (found.booking.id, found.token, found.created) == (made.booking.id, made.token, False)


async def test_whatever_is_wrong_a_look_up_says_the_same(hub: Hub, world: World) -> None:
    made = await held(hub, world, online=False)
    await actions.book(hub, made.access, contact=ANNA)
    bare = await held(hub, world)
    said = set()
    for code, contact in (
        (made.booking.code, "ben@example.org"),
        (made.booking.code, "+79140000000"),
        (made.booking.code, ""),
        ("ZZZZZZZZ", "anna@example.org"),
        ("", "anna@example.org"),
        (bare.booking.code, "anna@example.org"),
        (bare.booking.code, ""),
    ):
        with pytest.raises(BookingNotFound) as refused:
            await actions.look_up(hub, code, contact)
        said.add(refused.value.detail)
    assert len(said) == 1


async def test_one_code_of_two_operators_is_told_apart_by_the_contact(hub: Hub, world: World) -> None:
    ours, theirs = await held(hub, world, online=False), await held(hub, world)
    await actions.book(hub, ours.access, contact=ANNA)
    ben = Contact("Ben Low", "+442071838750", "ben@example.org", "en")
    await actions.book(replace(hub, provider=FakeProvider()), theirs.access, contact=ben)
    world.execute("UPDATE bookings SET code = 'SAMECODE'")
    assert (await actions.look_up(hub, "SAMECODE", ANNA.email)).booking.id == ours.booking.id
    assert (await actions.look_up(hub, "SAMECODE", ben.email)).booking.id == theirs.booking.id


async def test_a_booking_that_is_not_there(hub: Hub, world: World) -> None:
    for access in (BookingAccess(world.main.id, NOBODY), BookingAccess(NOBODY, NOBODY)):
        for refused in (
            actions.load(hub, access),
            actions.book(hub, access, contact=ANNA),
            actions.cancel(hub, access, None),
            actions.quote_cancellation(hub, access),
            actions.decide(hub, access, trail=DISPATCHER, confirm=False, message=None),
            actions.request_payment(hub, access),
        ):
            with pytest.raises(BookingNotFound):
                await refused
