"""Who travels and which promo code they typed settle what a booking costs."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from kamhub.hub.booking import actions, pricing, store
from kamhub.hub.booking.actions import HeldBooking
from kamhub.hub.booking.types import Booking, BookingNotOpen, Passenger, PassengerKind
from kamhub.hub.price import store as prices
from kamhub.hub.price.types import PriceLine, PromoCode, PromoCodeRefused
from kamhub.hub.seats import actions as seats
from kamhub.hub.seats.types import SeatsTaken, StretchNotServed
from kamhub.hub.services import Hub
from kamhub.kit.clock import ManualClock
from kamhub.kit.money import Money
from kamhub.platform.database.pool import Connection
from tests.builders import World
from tests.hub.booking.support import FakeProvider, pay
from tests.hub.price.support import EARLY, GROUP, goes_by, person, promo

FIFTEEN = timedelta(minutes=15)
ANOTHER_ROUTE = UUID(int=77)


@pytest.fixture
def provider() -> FakeProvider:
    return FakeProvider()


@pytest.fixture
def paid_hub(hub: Hub, provider: FakeProvider) -> Hub:
    return replace(hub, provider=provider, caps=False)


async def held(hub: Hub, world: World, passengers: int = 3, *, capacity: int = 40) -> HeldBooking:
    departure = world.departure(capacity=capacity)
    await goes_by(hub, world, departure, [EARLY])
    return await actions.hold(hub, departure_id=departure, passengers=passengers, channel="api")


def party(*kinds: PassengerKind) -> list[Passenger]:
    return [Passenger(f"Passenger {number}", None, kind) for number, kind in enumerate(kinds)]


async def book(
    hub: Hub, made: HeldBooking, kinds: Sequence[PassengerKind] = (), code: str | None = None, who: int = 1
) -> Booking:
    return await actions.book(hub, made.access, contact=person(who), passenger_list=party(*kinds), promo_code=code)


async def uses(hub: Hub, world: World, code: PromoCode) -> int:
    async with hub.database.tenant(world.main.id) as connection:
        found = await prices.find_code(connection, world.main.id, code.id, hub.clock.now())
    assert found is not None
    return found.uses


async def test_children_and_infants_are_priced_by_the_list(paid_hub: Hub, world: World, provider: FakeProvider) -> None:
    made = await held(paid_hub, world)
    booking = await book(paid_hub, made, ["adult", "child", "infant"])
    assert booking.total == Money(225_000 + 112_500 + 22_500, "RUB")
    assert booking.price.lines == (
        PriceLine("adult", 1, 225_000),
        PriceLine("child", 1, 112_500),
        PriceLine("infant", 1, 22_500),
    )
    assert (booking.price.discount, booking.price.promo_code) == (0, None)
    assert provider.asked[-1].amount == booking.total
    assert world.taken(booking.stretch.departure_id) == [3, 3, 3], "an infant has a seat too"
    await pay(paid_hub, world.main, booking.code, booking.total.amount, 1)
    assert (await actions.load(paid_hub, made.access)).status == "confirmed"


async def test_a_repeat_changes_nothing_and_a_correction_makes_a_new_link(
    paid_hub: Hub, world: World, provider: FakeProvider
) -> None:
    made = await held(paid_hub, world)
    first, again = [await book(paid_hub, made, ["adult", "child"]) for _ in range(2)]
    assert (first.total, first.price, first.payment) == (again.total, again.price, again.payment)
    assert len(provider.asked) == 1
    corrected = await book(paid_hub, made)
    assert corrected.total == Money(675_000, "RUB")
    assert corrected.price.lines == (PriceLine("adult", 3, 225_000),)
    assert [order.amount for order in provider.asked] == [first.total, corrected.total]
    assert world.rows("SELECT status, amount FROM payment_orders ORDER BY created_at, status") == [
        ("closed", first.total.amount),
        ("open", corrected.total.amount),
    ]


async def test_a_promo_code_takes_its_part_off(paid_hub: Hub, world: World) -> None:
    code = await promo(paid_hub, world.main, "SUMMER-26", value=10)
    made = await held(paid_hub, world, 2)
    booking = await book(paid_hub, made, ["adult", "child"], " summer-26 ")
    assert booking.total == Money(337_500 - 33_800, "RUB")
    assert (booking.price.discount, booking.price.promo_code) == (33_800, "SUMMER-26")
    assert await uses(paid_hub, world, code) == 1
    assert (await book(paid_hub, made, ["adult", "child"], "SUMMER-26")) == booking
    assert await uses(paid_hub, world, code) == 1
    without = await book(paid_hub, made, ["adult", "child"])
    assert (without.total, without.price.promo_code) == (Money(337_500, "RUB"), None)
    assert await uses(paid_hub, world, code) == 0


async def test_another_code_takes_the_place_of_the_first(paid_hub: Hub, world: World) -> None:
    first = await promo(paid_hub, world.main, "FIRST", value=10)
    await promo(paid_hub, world.main, "SECOND", kind="amount", value=50_000)
    made = await held(paid_hub, world, 1)
    await book(paid_hub, made, code="FIRST")
    booking = await book(paid_hub, made, code="SECOND")
    assert (booking.total, booking.price.promo_code) == (Money(175_000, "RUB"), "SECOND")
    assert await uses(paid_hub, world, first) == 0


async def test_why_a_code_is_refused(paid_hub: Hub, world: World, clock: ManualClock) -> None:
    now = clock.now()
    await promo(paid_hub, world.main, "OVER", valid_to=now)
    await promo(paid_hub, world.main, "LATER", valid_from=now + FIFTEEN)
    await promo(paid_hub, world.other, "THEIRS")
    await promo(paid_hub, world.main, "ONCE", most_uses=1)
    world.execute(
        "INSERT INTO routes (organisation_id, id, name) VALUES (%s, %s, 'another')",
        world.main.id,
        (elsewhere := ANOTHER_ROUTE),
    )
    await promo(paid_hub, world.main, "ELSEWHERE", route_id=elsewhere)
    archived = await promo(paid_hub, world.main, "ARCHIVED")
    world.execute("UPDATE promo_codes SET archived_at = now() WHERE id = %s", archived.id)
    await book(paid_hub, await held(paid_hub, world, 1), code="ONCE")
    made = await held(paid_hub, world, 1)
    for code, fault in (
        ("NOTHING", "unknown"),
        ("THEIRS", "unknown"),
        ("ARCHIVED", "unknown"),
        ("OVER", "expired"),
        ("LATER", "expired"),
        ("ELSEWHERE", "not_for_this"),
        ("ONCE", "used_up"),
    ):
        with pytest.raises(PromoCodeRefused) as refused:
            await book(paid_hub, made, code=code, who=2)
        assert (refused.value.fault, refused.value.faults[0].field) == (fault, "promo_code")
    untouched = await actions.load(paid_hub, made.access)
    assert (untouched.contact, untouched.total) == (None, Money(225_000, "RUB"))


async def test_a_code_that_would_take_off_nothing_is_not_for_this(paid_hub: Hub, world: World) -> None:
    await promo(paid_hub, world.main, "TINY", value=1)
    world.execute("UPDATE tariff_prices SET amount = 100")
    made = await actions.hold(paid_hub, departure_id=world.departure(), passengers=1, channel="api")
    with pytest.raises(PromoCodeRefused) as refused:
        await book(paid_hub, made, code="TINY")
    assert refused.value.fault == "not_for_this"


async def test_one_contact_uses_a_code_so_often(paid_hub: Hub, world: World) -> None:
    await promo(paid_hub, world.main, "MINE", most_per_contact=1)
    await book(paid_hub, await held(paid_hub, world, 1), code="MINE", who=1)
    by_phone = replace(person(1), email="other@example.org")
    by_email = replace(person(2), email="PERSON1@example.org")
    for contact in (by_phone, by_email):
        made = await held(paid_hub, world, 1)
        with pytest.raises(PromoCodeRefused, match="promo_code"):
            await actions.book(paid_hub, made.access, contact=contact, promo_code="MINE")
    await book(paid_hub, await held(paid_hub, world, 1), code="MINE", who=2)


async def test_a_hold_that_lapsed_or_was_cancelled_frees_its_use(
    paid_hub: Hub, world: World, clock: ManualClock
) -> None:
    code = await promo(paid_hub, world.main, "ONCE", most_uses=1)
    first = await held(paid_hub, world, 1)
    await book(paid_hub, first, code="ONCE", who=1)
    clock.advance(FIFTEEN)
    second = await held(paid_hub, world, 1)
    await book(paid_hub, second, code="ONCE", who=2)
    await actions.cancel(paid_hub, second.access, None)
    third = await held(paid_hub, world, 1)
    booking = await book(paid_hub, third, code="ONCE", who=3)
    await pay(paid_hub, world.main, booking.code, booking.total.amount, 1)
    clock.advance(FIFTEEN)
    assert await uses(paid_hub, world, code) == 1
    with pytest.raises(PromoCodeRefused):
        await book(paid_hub, await held(paid_hub, world, 1), code="ONCE", who=4)


async def test_a_code_that_the_booking_has_stays_valid_for_it(paid_hub: Hub, world: World, clock: ManualClock) -> None:
    await promo(paid_hub, world.main, "TODAY", valid_to=clock.now() + timedelta(minutes=1))
    made = await held(paid_hub, world, 2)
    await book(paid_hub, made, code="TODAY")
    clock.advance(timedelta(minutes=5))
    world.execute("UPDATE promo_codes SET archived_at = now(), most_uses = 1, most_per_contact = 1")
    booking = await book(paid_hub, made, ["adult", "infant"], "today")
    assert (booking.price.promo_code, booking.price.discount) == ("TODAY", 24_800)
    with pytest.raises(PromoCodeRefused):
        await book(paid_hub, await held(paid_hub, world, 1), code="TODAY")


async def test_when_money_was_set_aside_the_total_stays(paid_hub: Hub, world: World) -> None:
    made = await held(paid_hub, world)
    booking = await book(paid_hub, made)
    world.execute(
        """INSERT INTO payments (organisation_id, id, booking_id, account_id, transaction_id, amount, currency, status, test, accepted, received_at)
           VALUES (%s, gen_random_uuid(), %s, %s, 5, %s, 'RUB', 'authorized', true, true, now())""",
        world.main.id,
        booking.id,
        world.main.account,
        booking.total.amount,
    )
    with pytest.raises(BookingNotOpen):
        await book(paid_hub, made, ["adult", "child"])
    assert (await book(paid_hub, made, ["adult"])).total == booking.total


async def test_three_uses_are_three_whoever_asks_at_once(paid_hub: Hub, world: World) -> None:
    code = await promo(paid_hub, world.main, "THREE", most_uses=3)
    made = [await held(paid_hub, world, 1) for _ in range(20)]
    outcomes = await asyncio.gather(
        *(book(paid_hub, one, code="THREE", who=number) for number, one in enumerate(made)), return_exceptions=True
    )
    assert sum(isinstance(outcome, Booking) for outcome in outcomes) == 3
    refused = [outcome for outcome in outcomes if isinstance(outcome, PromoCodeRefused)]
    assert [refusal.fault for refusal in refused] == ["used_up"] * 17
    assert await uses(paid_hub, world, code) == 3


async def test_without_the_lock_two_take_the_one_use(
    paid_hub: Hub, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: both count before either has written."""
    code = await promo(paid_hub, world.main, "ONE", most_uses=1)
    made = [await held(paid_hub, world, 1) for _ in range(2)]
    counted, both = prices.counted_uses, asyncio.Barrier(2)

    async def unlocked(connection: Connection, organisation_id: object, name: str) -> PromoCode | None:
        return await prices.live_code_named(connection, world.main.id, name, paid_hub.clock.now())

    async def counted_together(*asked: object) -> tuple[int, int]:
        found = await counted(*asked)  # type: ignore[arg-type]
        async with both:
            return found

    monkeypatch.setattr(prices, "lock_code_named", unlocked)
    monkeypatch.setattr(prices, "counted_uses", counted_together)
    await asyncio.gather(*(book(paid_hub, one, code="ONE", who=number) for number, one in enumerate(made)))
    assert await uses(paid_hub, world, code) == 2


async def test_what_the_party_would_cost_on_another_departure(paid_hub: Hub, world: World, clock: ManualClock) -> None:
    await promo(paid_hub, world.main, "TEN", value=10)
    made = await held(paid_hub, world)
    await book(paid_hub, made, ["adult", "child"], "TEN")
    target = world.departure(capacity=8)
    await goes_by(paid_hub, world, target, [EARLY, GROUP])
    stretch = SeatsTaken(0, 3, 3)
    async with paid_hub.database.tenant(world.main.id) as connection:
        row = await store.load(connection, world.main.id, made.booking.id)
        departure = await seats.lock(connection, target, clock.now())
        assert row is not None
        price = await pricing.reprice(connection, row, departure, stretch, clock.now())
        assert price.price_parts == "base:250000|early:-25000|group:-12500"
        assert price.price_lines == "adult:2:212500|child:1:106300"
        assert (price.price_per_seat, price.total, price.promo_amount) == (212_500, 478_200, 53_100)
        assert price.total == price.price_per_seat * 3 - price.discount
        with pytest.raises(StretchNotServed):
            await pricing.reprice(connection, row, departure, SeatsTaken(0, 9, 3), clock.now())
        await pricing.write_price(connection, row, price, clock.now())
    moved = await actions.load(paid_hub, made.access)
    assert (moved.total, moved.price.discount) == (Money(478_200, "RUB"), 53_100)
    assert moved.payment is None, "the link to pay the old total is closed"


async def test_other_kinds_keep_the_code_and_are_refused_once_money_came(
    paid_hub: Hub, world: World, clock: ManualClock
) -> None:
    await promo(paid_hub, world.main, "TEN", kind="amount", value=10_000)
    made = await held(paid_hub, world, 2)
    booking = await book(paid_hub, made, code="TEN")
    async with paid_hub.database.tenant(world.main.id) as connection:
        row = await store.load(connection, world.main.id, booking.id, lock=True)
        assert row is not None
        price = await pricing.change_kinds(connection, row, ["child"], clock.now())
    assert (price.total, price.promo_amount) == (327_500, 10_000)
    await pay(paid_hub, world.main, booking.code, price.total, 1)
    async with paid_hub.database.tenant(world.main.id) as connection:
        row = await store.load(connection, world.main.id, booking.id, lock=True)
        assert row is not None
        with pytest.raises(BookingNotOpen):
            await pricing.change_kinds(connection, row, ["infant"], clock.now())
        assert (await pricing.change_kinds(connection, row, ["child"], clock.now())).total == 327_500


async def test_a_code_that_would_take_off_nothing_any_more_is_dropped(
    paid_hub: Hub, world: World, clock: ManualClock
) -> None:
    code = await promo(paid_hub, world.main, "TEN", value=10)
    made = await held(paid_hub, world, 1)
    await book(paid_hub, made, code="TEN")
    async with paid_hub.database.tenant(world.main.id) as connection:
        row = await store.load(connection, world.main.id, made.booking.id, lock=True)
        assert row is not None
        cheapest = replace(await pricing.change_kinds(connection, row, [], clock.now()), promo_amount=0)
        cheapest = replace(cheapest, discount=0, total=cheapest.price_per_seat)
        await pricing.write_price(connection, row, cheapest, clock.now())
    assert await uses(paid_hub, world, code) == 0


async def test_a_stretch_that_is_not_sold_any_more_keeps_the_price_it_was_held_at(paid_hub: Hub, world: World) -> None:
    made = await held(paid_hub, world, 2)
    world.execute("DELETE FROM tariff_prices")
    booking = await book(paid_hub, made, ["adult", "child"])
    assert booking.total == Money(450_000, "RUB")
