"""What one phone or e-mail may keep unpaid with an operator: seats are for travellers, not for whoever fills forms fastest."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from kamhub.hub.booking import actions, rules, store
from kamhub.hub.booking.actions import HeldBooking
from kamhub.hub.booking.types import Channel, Contact, TooManyHolds, UnpaidBooking
from kamhub.hub.services import Hub
from kamhub.kit.clock import ManualClock
from kamhub.kit.errors import Refusal
from kamhub.platform.database.pool import Connection
from tests.builders import Operator, World
from tests.hub.booking.support import ANNA, FakeProvider, pay

NOW = datetime(2026, 11, 24, tzinfo=UTC)
LATER = NOW + timedelta(minutes=7)


def kept(passengers: int = 1, *, phone: bool = True, email: bool = True, expires_at: datetime = LATER) -> UnpaidBooking:
    return UnpaidBooking(passengers, expires_at, same_phone=phone, same_email=email)


def seconds_told(others: list[UnpaidBooking], passengers: int) -> str | None:
    try:
        rules.require_under_cap(others, passengers, NOW)
    except TooManyHolds as refusal:
        return refusal.headers["Retry-After"]
    return None


def test_the_sixth_is_too_much_and_the_first_to_lapse_says_when() -> None:
    soon = kept(expires_at=NOW + timedelta(seconds=90, microseconds=1))
    assert seconds_told([kept()] * 4, 1) is None
    assert seconds_told([*[kept()] * 4, soon], 1) == "91"


def test_seats_are_counted_over_all_of_them() -> None:
    assert seconds_told([kept(20), kept(20)], 20) is None
    assert seconds_told([kept(20), kept(20)], 21) == "420"
    assert seconds_told([], 50) is None


def test_phone_and_email_are_counted_each_for_itself() -> None:
    others = [*[kept(phone=True, email=False)] * 4, *[kept(phone=False, email=True)] * 4]
    assert seconds_told(others, 1) is None
    assert seconds_told([*others, kept(phone=False, email=True)], 1) == "420"


def test_locks_are_taken_in_one_order_and_differ_between_operators() -> None:
    one, other = UUID(int=1), UUID(int=2)
    locks = rules.contact_locks(one, "+79140000000", "A@example.org")
    assert locks == sorted(rules.contact_locks(one, "+79140000000", "a@example.org"))
    assert len(set(locks) | set(rules.contact_locks(other, "+79140000000", "a@example.org"))) == 4
    assert len(rules.contact_locks(one, "+79140000000", None)) == 1
    assert all(-(2**63) <= lock < 2**63 for lock in locks)


@pytest.fixture
def hub_paid(hub: Hub) -> Hub:
    return replace(hub, provider=FakeProvider())


async def held(
    hub: Hub, world: World, passengers: int = 1, *, operator: Operator | None = None, channel: Channel = "page"
) -> HeldBooking:
    departure = world.departure(capacity=50, operator=operator)
    return await actions.hold(hub, departure_id=departure, passengers=passengers, channel=channel)


async def fill(hub: Hub, world: World, contact: Contact = ANNA) -> list[HeldBooking]:
    """As many unpaid bookings as one contact may have."""
    made = [await held(hub, world) for _ in range(rules.MAX_UNPAID_BOOKINGS)]
    for one in made:
        await actions.book(hub, one.access, contact=contact)
    return made


async def test_one_too_many_is_refused_and_changes_nothing(hub_paid: Hub, world: World, clock: ManualClock) -> None:
    await fill(hub_paid, world)
    clock.advance(timedelta(minutes=5))
    more = await held(hub_paid, world)
    before = world.rows("SELECT * FROM bookings ORDER BY id"), world.rows("SELECT count(*) FROM messages")
    with pytest.raises(TooManyHolds) as told:
        await actions.book(hub_paid, more.access, contact=ANNA)
    assert (told.value.status, told.value.headers) == (429, {"Retry-After": "600"})
    assert (world.rows("SELECT * FROM bookings ORDER BY id"), world.rows("SELECT count(*) FROM messages")) == before
    clock.advance(timedelta(minutes=9, seconds=59))
    with pytest.raises(TooManyHolds):
        await actions.book(hub_paid, more.access, contact=ANNA)
    clock.advance(timedelta(seconds=1))
    assert (await actions.book(hub_paid, more.access, contact=ANNA)).contact == ANNA


@pytest.mark.parametrize(
    "contact",
    [
        replace(ANNA, phone="+79145550000"),
        replace(ANNA, email="other@example.org"),
        replace(ANNA, email="ANNA@example.org"),
    ],
    ids=["same e-mail", "same phone", "e-mail in capitals"],
)
async def test_half_a_new_contact_is_the_same_contact(hub_paid: Hub, world: World, contact: Contact) -> None:
    await fill(hub_paid, world)
    with pytest.raises(TooManyHolds):
        await actions.book(hub_paid, (await held(hub_paid, world)).access, contact=contact)


async def test_correcting_a_booking_does_not_count_it_twice(hub_paid: Hub, world: World) -> None:
    made = await fill(hub_paid, world)
    corrected = replace(ANNA, name="Анна Соколова")
    assert (await actions.book(hub_paid, made[0].access, contact=corrected)).contact == corrected


async def test_who_pays_or_gives_back_may_go_on(hub_paid: Hub, world: World) -> None:
    made = await fill(hub_paid, world)
    await pay(hub_paid, world.main, made[0].booking.code, made[0].booking.total.amount, 1)
    await actions.book(hub_paid, (await held(hub_paid, world)).access, contact=ANNA)
    await actions.cancel(hub_paid, made[1].access, None)
    await actions.book(hub_paid, (await held(hub_paid, world)).access, contact=ANNA)
    with pytest.raises(TooManyHolds):
        await actions.book(hub_paid, (await held(hub_paid, world)).access, contact=ANNA)


async def test_operators_people_and_a_switched_off_cap_are_not_bounded(hub_paid: Hub, world: World) -> None:
    await fill(hub_paid, world)
    by_staff = await held(hub_paid, world, channel="staff")
    await actions.book(hub_paid, by_staff.access, contact=ANNA)
    uncapped = replace(hub_paid, caps=False)
    await actions.book(uncapped, (await held(uncapped, world)).access, contact=ANNA)


async def test_each_operator_has_a_cap_of_its_own(hub_paid: Hub, world: World) -> None:
    await fill(hub_paid, world)
    elsewhere = await held(hub_paid, world, operator=world.other)
    assert (await actions.book(hub_paid, elsewhere.access, contact=ANNA)).status == "pending"


async def test_seats_of_a_coach_are_too_many_for_one_phone(hub_paid: Hub, world: World) -> None:
    first, second = await held(hub_paid, world, 40), await held(hub_paid, world, 21)
    await actions.book(hub_paid, first.access, contact=ANNA)
    with pytest.raises(TooManyHolds):
        await actions.book(hub_paid, second.access, contact=ANNA)


async def _without_lock(connection: Connection, locks: object) -> None:
    """The control: nobody waits for anybody."""


@pytest.mark.parametrize("locked", [True, False], ids=["locked", "control"])
async def test_many_at_once_do_not_slip_through_together(
    hub_paid: Hub, world: World, monkeypatch: pytest.MonkeyPatch, locked: bool
) -> None:
    """Each counts before any of them has written; the lock on the contact makes them count one after the other."""
    together = rules.MAX_UNPAID_BOOKINGS + 1
    made = [await held(hub_paid, world) for _ in range(together)]
    counting = asyncio.Barrier(together)
    count = store.unpaid_of_contact

    async def counted_together(*args: object) -> list[UnpaidBooking]:
        found = await count(*args)  # type: ignore[arg-type]
        await counting.wait()
        return found

    if not locked:
        monkeypatch.setattr(store, "lock_contact", _without_lock)
        monkeypatch.setattr(store, "unpaid_of_contact", counted_together)

    async def attempt(one: HeldBooking) -> str:
        try:
            await actions.book(hub_paid, one.access, contact=ANNA)
        except Refusal as refusal:
            return refusal.code
        return "booked"

    answers = sorted(await asyncio.gather(*(attempt(one) for one in made)))
    expected = ["booked"] * rules.MAX_UNPAID_BOOKINGS + ["too_many_holds"] if locked else ["booked"] * together
    assert answers == expected
