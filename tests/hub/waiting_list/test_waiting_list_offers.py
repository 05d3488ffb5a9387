"""Seats that come back go to whoever has waited longest and fits, as an ordinary hold with a message."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from kamhub.hub.booking import actions as bookings
from kamhub.hub.booking.actions import HeldBooking
from kamhub.hub.booking.tokens import BookingAccess
from kamhub.hub.booking.types import Contact
from kamhub.hub.booking_office.actions import calls
from kamhub.hub.services import Hub
from kamhub.hub.waiting_list import actions, rules, store
from kamhub.hub.waiting_list.jobs import JOBS, OFFER
from kamhub.hub.waiting_list.types import Joining
from kamhub.kit.clock import ManualClock
from kamhub.platform.job.queue import enqueue
from tests.builders import World
from tests.hub.booking.support import FakeProvider, pay
from tests.work import work_off


@dataclass
class Desk:
    """An operator whose departure of four seats is full."""

    hub: Hub
    world: World
    departure: UUID
    sold: list[HeldBooking]

    async def waits(self, number: int, passengers: int = 1, **more: Any) -> UUID:
        """A party joins the list."""
        contact = Contact(f"Party {number}", f"+7914000000{number}", f"party{number}@example.org", "en")
        return await actions.join(self.hub, Joining(more.pop("departure", self.departure), passengers, contact, **more))

    async def gives_back(self, count: int = 1) -> None:
        """Travellers cancel."""
        for _ in range(count):
            await bookings.cancel(self.hub, self.sold.pop().access, None)

    async def offer(self) -> int:
        """The job runs once."""
        return await actions.offer_all(self.hub)

    def parties(self) -> dict[str, str]:
        """Status by name."""
        return {
            str(row[0]): str(row[1])
            for row in self.world.rows("SELECT name, status FROM waiting_parties ORDER BY name")
        }

    def offers(self) -> list[tuple[Any, ...]]:
        """``name, passengers`` of bookings that were made by the list."""
        return self.world.rows("SELECT contact_name, passengers FROM bookings WHERE channel = 'staff' ORDER BY id")


@pytest.fixture
async def desk(hub: Hub, world: World) -> Desk:
    """All four seats are held by somebody."""
    object.__setattr__(hub, "provider", FakeProvider())
    departure = world.departure(capacity=4)
    sold = [await bookings.hold(hub, departure_id=departure, passengers=1, channel="page") for _ in range(4)]
    for held in sold:
        world.execute("UPDATE bookings SET status = 'confirmed' WHERE id = %s", held.booking.id)
    return Desk(hub, world, departure, sold)


async def test_the_longest_waiting_that_fits_as_a_whole(desk: Desk) -> None:
    await desk.waits(1, 3)
    await desk.waits(2, 2)
    await desk.waits(3, 1)
    assert await desk.offer() == 0
    await desk.gives_back(2)
    assert await desk.offer() == 1
    assert desk.parties() == {"Party 1": "waiting", "Party 2": "offered", "Party 3": "waiting"}
    assert desk.offers() == [("Party 2", 2)]
    assert desk.world.taken(desk.departure) == [4, 4, 4]
    assert await desk.offer() == 0  # nothing more is free
    await desk.gives_back()
    assert await desk.offer() == 1
    assert desk.parties()["Party 3"] == "offered"


async def test_the_offer_is_a_hold_with_a_message_and_a_link(desk: Desk, clock: ManualClock) -> None:
    party = await desk.waits(1, text_version="2026-11")
    await desk.gives_back()
    await desk.offer()
    row = desk.world.rows(
        "SELECT b.id, b.status, b.expires_at - %s::timestamptz, w.offered_at, p.url IS NOT NULL FROM waiting_parties w "
        "JOIN bookings b ON b.id = w.booking_id LEFT JOIN payment_orders p ON p.booking_id = b.id WHERE w.id = %s",
        clock.now(), party,
    )[0]  # fmt: skip
    # Somebody who is not waiting for it gets more than the usual quarter of an hour.
    assert row[1:] == ("on_hold", timedelta(minutes=30), clock.now(), True)
    assert desk.world.rows("SELECT kind, recipient FROM messages WHERE booking_id = %s", row[0]) == [
        ("seats_offered", "party1@example.org")
    ]
    assert desk.world.rows("SELECT text_version FROM consents WHERE booking_id = %s", row[0]) == [("2026-11",)]


async def test_unpaid_it_goes_on_to_the_next_and_paid_it_stays(desk: Desk, clock: ManualClock) -> None:
    for number in (1, 2):
        await desk.waits(number)
    await desk.gives_back()
    assert [await desk.offer(), await desk.offer()] == [1, 0]
    clock.advance(timedelta(minutes=31))
    assert await desk.offer() == 1
    assert desk.parties() == {"Party 1": "lapsed", "Party 2": "offered"}
    code = desk.world.rows("SELECT code FROM bookings WHERE contact_name = 'Party 2'")[0][0]
    await pay(desk.hub, desk.world.main, str(code), 250_000, 1001)
    assert await desk.offer() == 0
    assert desk.parties()["Party 2"] == "booked"
    again = await desk.waits(1)  # who let an offer pass may wait once more
    assert again


async def test_a_stretch_of_its_own(desk: Desk) -> None:
    places = desk.world.places
    departure = desk.world.departure(capacity=1)
    for start, end in (("airport", "town"), ("city", "springs")):
        await bookings.hold(
            desk.hub,
            departure_id=departure,
            passengers=1,
            from_place=places[start],
            to_place=places[end],
            channel="page",
        )
    held = await bookings.hold(
        desk.hub,
        departure_id=departure,
        passengers=1,
        from_place=places["town"],
        to_place=places["city"],
        channel="page",
    )
    await desk.waits(1, departure=departure)
    await desk.waits(2, departure=departure, from_place=places["town"], to_place=places["city"])
    await bookings.cancel(desk.hub, held.access, None)
    assert await desk.offer() == 1
    assert desk.parties() == {"Party 1": "waiting", "Party 2": "offered"}
    assert desk.world.taken(departure) == [1, 1, 1]


async def test_a_hold_that_ran_out_is_free_before_it_is_swept(desk: Desk, clock: ManualClock) -> None:
    departure = desk.world.departure(capacity=1)
    await bookings.hold(desk.hub, departure_id=departure, passengers=1, channel="page")
    await desk.waits(1, departure=departure)
    assert await desk.offer() == 0
    clock.advance(timedelta(minutes=16))
    assert await desk.offer() == 1


async def test_once_sales_are_over_nobody_waits_any_more(desk: Desk, clock: ManualClock) -> None:
    await desk.waits(1)
    cancelled = desk.world.departure(capacity=1)
    await bookings.hold(desk.hub, departure_id=cancelled, passengers=1, channel="page")
    await desk.waits(2, departure=cancelled)
    closed = desk.world.departure(capacity=1)
    await bookings.hold(desk.hub, departure_id=closed, passengers=1, channel="page")
    await desk.waits(3, departure=closed)
    desk.world.execute("UPDATE departures SET status = 'cancelled' WHERE id = %s", cancelled)
    desk.world.execute("UPDATE departures SET status = 'closed' WHERE id = %s", closed)
    await desk.offer()
    assert desk.parties() == {"Party 1": "waiting", "Party 2": "lapsed", "Party 3": "waiting"}
    clock.advance(timedelta(days=3))
    await desk.offer()
    assert set(desk.parties().values()) == {"lapsed"}


async def test_without_a_payment_account_the_operator_decides(hub: Hub, world: World) -> None:
    departure = world.departure(operator=world.other, capacity=1)
    held = await bookings.hold(hub, departure_id=departure, passengers=1, channel="page")
    desk = Desk(hub, world, departure, [held])
    await desk.waits(1)
    await desk.gives_back()
    assert await desk.offer() == 1
    (row,) = world.rows("SELECT b.id, b.status FROM waiting_parties w JOIN bookings b ON b.id = w.booking_id")
    assert row[1] == "pending"
    await desk.offer()
    assert desk.parties() == {"Party 1": "offered"}


async def test_two_runs_at_once_make_one_offer_to_each(desk: Desk) -> None:
    for number in range(1, 4):
        await desk.waits(number)
    await desk.gives_back(3)
    await asyncio.gather(*(desk.offer() for _ in range(4)))
    assert desk.parties() == dict.fromkeys(["Party 1", "Party 2", "Party 3"], "offered")
    assert sorted(desk.offers()) == [("Party 1", 1), ("Party 2", 1), ("Party 3", 1)]
    assert desk.world.rows("SELECT count(*) FROM messages WHERE kind = 'seats_offered'") == [(3,)]
    assert desk.world.taken(desk.departure) == [4, 4, 4]


async def test_without_the_key_two_runs_would_hold_twice(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: the race is there, and it is the key of the party that ends it."""
    numbers = iter(range(100))
    monkeypatch.setattr(rules, "key_of", lambda party: f"{party.id}|{next(numbers)}")
    looked = asyncio.Barrier(2)
    hold = bookings.hold

    async def together(*arguments: Any, **named: Any) -> HeldBooking:
        async with asyncio.timeout(5):
            await looked.wait()
        return await hold(*arguments, **named)

    await desk.waits(1)
    await desk.gives_back(2)
    monkeypatch.setattr(bookings, "hold", together)
    await asyncio.gather(desk.offer(), desk.offer())
    assert desk.world.rows("SELECT count(*) FROM bookings WHERE channel = 'staff'") == [(2,)]


async def test_killed_between_the_hold_and_the_message_the_next_run_finishes(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    await desk.waits(1)
    await desk.waits(2)
    await desk.gives_back()

    async def dies(*_: Any) -> None:
        raise RuntimeError("killed")

    with monkeypatch.context() as patched:
        patched.setattr(calls, "name", dies)
        with pytest.raises(RuntimeError, match="killed"):
            await desk.offer()
    assert desk.parties()["Party 1"] == "waiting"
    assert desk.world.taken(desk.departure) == [4, 4, 4]
    assert await desk.offer() == 1
    assert desk.offers() == [("Party 1", 1)]
    assert desk.parties() == {"Party 1": "offered", "Party 2": "waiting"}


async def test_what_was_left_half_done_for_too_long_is_done_anew(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, clock: ManualClock
) -> None:
    await desk.waits(1)
    await desk.gives_back()

    async def dies(*_: Any) -> None:
        raise RuntimeError("killed")

    with monkeypatch.context() as patched:
        patched.setattr(calls, "name", dies)
        with pytest.raises(RuntimeError, match="killed"):
            await desk.offer()
    clock.advance(timedelta(minutes=20))
    assert [await desk.offer(), await desk.offer()] == [0, 1]
    assert desk.parties() == {"Party 1": "offered"}


async def test_who_leaves_while_the_seats_are_being_held_gets_nothing(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    party = await desk.waits(1)
    await desk.gives_back()
    name = calls.name

    async def leaves(*arguments: Any) -> None:
        desk.world.execute("UPDATE waiting_parties SET status = 'left' WHERE id = %s", party)
        await name(*arguments)

    monkeypatch.setattr(calls, "name", leaves)
    assert await desk.offer() == 0
    assert desk.parties() == {"Party 1": "left"}
    assert desk.world.taken(desk.departure) == [3, 3, 3]
    assert desk.world.rows("SELECT count(*) FROM messages WHERE kind = 'seats_offered'") == [(0,)]


async def test_somebody_else_is_faster(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    await desk.waits(1)
    await desk.gives_back()
    hold, buyer = bookings.hold, {"departure_id": desk.departure, "passengers": 1, "channel": "page"}

    async def beaten(*arguments: Any, **named: Any) -> HeldBooking:
        await hold(desk.hub, **buyer)  # type: ignore[arg-type]
        return await hold(*arguments, **named)

    monkeypatch.setattr(bookings, "hold", beaten)
    assert await desk.offer() == 0
    assert desk.parties() == {"Party 1": "waiting"}


async def test_the_job(desk: Desk) -> None:
    await desk.waits(1)
    await desk.gives_back()
    async with desk.hub.database.system() as connection:
        await enqueue(connection, OFFER)

    @dataclass
    class Context:
        hub: Hub

    await work_off(desk.hub.database, JOBS, Context(desk.hub), crash=True)
    await work_off(desk.hub.database, JOBS, Context(desk.hub))
    assert desk.offers() == [("Party 1", 1)]


async def test_thirty_days_after_the_departure_they_are_forgotten(desk: Desk, clock: ManualClock) -> None:
    await desk.waits(1)
    async with desk.hub.database.system() as connection:
        assert await store.delete_departed(connection, clock.now(), 10) == 0
        assert await store.delete_departed(connection, clock.now() + timedelta(days=4), 10) == 1
    assert desk.parties() == {}


async def test_the_traveller_who_cancels_the_offer_leaves_the_list(desk: Desk) -> None:
    await desk.waits(1)
    await desk.gives_back()
    await desk.offer()
    (row,) = desk.world.rows("SELECT booking_id FROM waiting_parties")
    await bookings.cancel(desk.hub, BookingAccess(desk.world.main.id, UUID(str(row[0]))), None)
    await desk.offer()
    assert desk.parties() == {"Party 1": "lapsed"}
