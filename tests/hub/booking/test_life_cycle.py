"""Any order of holds, bookings, payments, decisions, cancellations and time, against a naive model.

``HYPOTHESIS_PROFILE=soak`` plays many more and longer lives.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Coroutine
from dataclasses import replace
from datetime import timedelta
from typing import TypeVar
from uuid import UUID

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    MultipleResults,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    precondition,
    rule,
    run_state_machine_as_test,
)

from kamhub.hub.booking import actions
from kamhub.hub.booking.actions import HeldBooking
from kamhub.hub.booking.tokens import BookingTokens
from kamhub.hub.booking.types import BookingNotOpen, HoldExpired, TooLateToCancel
from kamhub.hub.integrity.store.promises import INVARIANTS
from kamhub.hub.seats.engine import SeatEngine
from kamhub.hub.seats.types import SalesClosed, SoldOut
from kamhub.hub.services import Hub
from kamhub.kit.clock import ManualClock
from kamhub.kit.errors import Refusal
from kamhub.platform.crypto.keys import KeyRing
from kamhub.platform.database.pool import Database
from kamhub.platform.service_call.notes import CallNotes
from tests.builders import STOPS, World
from tests.hub.booking.model import LEGS, Model, ModelBooking, ModelDeparture, stored_bookings
from tests.hub.booking.support import ANNA, DISPATCHER, FakeProvider, pay

Result = TypeVar("Result")
PROFILES = {
    "quick": settings(max_examples=14, stateful_step_count=25),
    "soak": settings(max_examples=300, stateful_step_count=60),
}
SOAK = os.environ.get("HYPOTHESIS_PROFILE") == "soak"
PROFILE = settings(
    PROFILES["soak" if SOAK else "quick"],
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
STRETCHES = st.integers(0, LEGS - 1).flatmap(lambda i: st.tuples(st.just(i), st.integers(i + 1, LEGS)))
_CHECKS = " UNION ALL ".join(f"SELECT '{promise.name}', ({promise.query})" for promise in INVARIANTS)


class Stage:
    """One database, engine and event loop for all lives of a run; every life has departures of its own."""

    def __init__(self, url: str, world: World, clock: ManualClock, keys: KeyRing) -> None:
        self.world, self.clock = world, clock
        self.loop = asyncio.Runner()
        self.database = Database(url, application="life")
        self.engine = SeatEngine(self.database, clock)
        self.hub = Hub(
            database=self.database,
            engine=self.engine,
            clock=clock,
            keys=keys,
            tokens=BookingTokens(keys),
            provider=FakeProvider(),
            calls=CallNotes(self.database, clock),
            public_url="http://hub.test",
            production=False,
            caps=False,
        )
        self.transaction = 0
        self.run(self.database.open())
        self.run(self.engine.start())

    def run(self, work: Coroutine[object, object, Result]) -> Result:
        return self.loop.run(work)

    def refusal(self, work: Coroutine[object, object, object]) -> type[Refusal] | None:
        """What the action was refused with, if it was."""
        try:
            self.run(work)
        except Refusal as refused:
            return type(refused)
        return None

    def close(self) -> None:
        self.run(self.engine.stop())
        self.run(self.database.close())
        self.loop.close()


class Life(RuleBasedStateMachine):
    """Rules change product and model alike; after each, both must tell the same."""

    stage: Stage
    departures: Bundle[UUID] = Bundle("departures")
    bookings: Bundle[HeldBooking] = Bundle("bookings")

    def __init__(self) -> None:
        super().__init__()
        self.model = Model()
        self.hub, self.clock, self.world = self.stage.hub, self.stage.clock, self.stage.world

    @initialize(target=departures, capacities=st.tuples(st.integers(1, 6), st.integers(1, 6)))
    def begin(self, capacities: tuple[int, int]) -> MultipleResults[UUID]:
        """One departure of an operator who is paid online, one of an operator who decides by hand."""
        self.world.now = self.clock.now()
        made = []
        for capacity, online in zip(capacities, (True, False), strict=True):
            departs_in = timedelta(hours=26 if online else 3)
            operator = self.world.main if online else self.world.other
            departure = self.world.departure(operator=operator, capacity=capacity, departs_in=departs_in)
            departs_at = self.world.now + departs_in
            self.model.departures[departure] = ModelDeparture(
                capacity, online, departs_at - timedelta(minutes=30), departs_at
            )
            made.append(departure)
        return multiple(*made)

    @rule(
        target=bookings, departure=departures, stretch=STRETCHES, passengers=st.integers(1, 4), repeated=st.booleans()
    )
    def hold(
        self, departure: UUID, stretch: tuple[int, int], passengers: int, repeated: bool
    ) -> HeldBooking | MultipleResults[HeldBooking]:
        start, end = stretch
        row, now = self.model.departures[departure], self.clock.now()
        key = str(self.stage.transaction) if repeated else None
        self.stage.transaction += 1

        def ask() -> Coroutine[object, object, HeldBooking]:
            places = self.world.places
            return actions.hold(
                self.hub,
                departure_id=departure,
                passengers=passengers,
                from_place=places[STOPS[start][0]],
                to_place=places[STOPS[end][0]],
                key=key,
                channel="api",
            )

        if now >= row.sales_close_at:
            assert self.stage.refusal(ask()) is SalesClosed
            return multiple()
        free = self.model.free(departure, start, end)
        if free < passengers:
            with pytest.raises(SoldOut) as refused:
                self.stage.run(ask())
            assert refused.value.extra == {"seats_available": free}
            return multiple()
        held = self.stage.run(ask())
        ends = self.model.hold_ends(departure, now)
        assert (held.booking.status, held.booking.expires_at) == ("on_hold", ends)
        self.model.bookings[held.booking.id] = ModelBooking(departure, start, end, passengers, "on_hold", ends)
        if repeated:
            assert self.stage.run(ask()).booking == held.booking
        return held

    def of(self, held: HeldBooking) -> tuple[ModelBooking, ModelDeparture]:
        booking = self.model.bookings[held.booking.id]
        return booking, self.model.departures[booking.departure]

    @rule(held=bookings)
    def book(self, held: HeldBooking) -> None:
        booking, departure = self.of(held)
        refused = self.stage.refusal(actions.book(self.hub, held.access, contact=ANNA))
        if booking.status not in ("on_hold", "pending"):
            assert refused is (HoldExpired if booking.status == "expired" else BookingNotOpen)
            return
        assert refused is None
        booking.named = True
        if not departure.online and booking.status == "on_hold":
            booking.become("pending")
            booking.expires_at = departure.sales_close_at

    @rule(held=bookings, confirm=st.booleans())
    def decide(self, held: HeldBooking, confirm: bool) -> None:
        booking, _ = self.of(held)
        access = replace(held.access, actor="staff:1")
        refused = self.stage.refusal(actions.decide(self.hub, access, trail=DISPATCHER, confirm=confirm, message=None))
        if booking.status == "expired":
            assert refused is HoldExpired
        elif booking.status not in ("on_hold", "pending") or (confirm and not booking.named):
            assert refused is BookingNotOpen
        else:
            assert refused is None
            booking.become("confirmed" if confirm else "rejected")

    @rule(held=bookings)
    def cancel(self, held: HeldBooking) -> None:
        booking, departure = self.of(held)
        refused = self.stage.refusal(actions.cancel(self.hub, held.access, None))
        if booking.status == "expired":
            assert refused is HoldExpired
        elif booking.status not in ("on_hold", "pending", "confirmed"):
            assert refused is BookingNotOpen
        elif self.clock.now() >= departure.departs_at + timedelta(minutes=STOPS[booking.start][1]):
            assert refused is TooLateToCancel  # it has left the stop where they get on
        else:
            assert refused is None
            booking.become("cancelled")

    @rule(held=bookings)
    def money_arrives(self, held: HeldBooking) -> None:
        """In time it confirms; late it takes the seats again if they are free; after that it only goes back."""
        booking, departure = self.of(held)
        if not departure.online or booking.paid:
            return
        self.stage.transaction += 1
        total = held.booking.total.amount
        self.stage.run(pay(self.hub, self.world.main, held.booking.code, total, self.stage.transaction))
        booking.paid = True
        if booking.status in ("on_hold", "pending"):
            booking.become("confirmed")
        elif booking.status == "expired":
            fits = self.model.free(booking.departure, booking.start, booking.end) >= booking.passengers
            if fits and self.clock.now() < departure.departs_at:
                booking.become("confirmed")

    @rule(
        target=bookings,
        held=bookings,
        swept=st.booleans(),
        rival=st.none() | STRETCHES,
        passengers=st.integers(1, 4),
    )
    def money_arrives_late(
        self, held: HeldBooking, swept: bool, rival: tuple[int, int] | None, passengers: int
    ) -> HeldBooking | MultipleResults[HeldBooking]:
        """The hold runs out, somebody else may take the seats, then the money comes: rare unless made so."""
        self.time_passes(15)
        if swept:
            self.stage.run(actions.sweep(self.hub))
        departure = self.model.bookings[held.booking.id].departure
        other = self.hold(departure, rival, passengers, False) if rival else multiple()
        self.money_arrives(held)
        return other

    @rule(minutes=st.sampled_from([1, 5, 14, 15, 16, 60, 12 * 60]))
    def time_passes(self, minutes: int) -> None:
        self.clock.advance(timedelta(minutes=minutes))
        self.model.expire(self.clock.now())

    @precondition(lambda self: any(row.status == "expired" for row in self.model.bookings.values()))
    @rule()
    def sweep(self) -> None:
        self.stage.run(actions.sweep(self.hub))
        for departure in self.model.departures:
            assert self.world.taken(departure) == self.model.taken(departure)

    @invariant()
    def product_and_model_tell_the_same(self) -> None:
        now = self.clock.now()
        stored = stored_bookings(self.world.owner_url, list(self.model.departures))
        assert {row.id for row in stored} == self.model.bookings.keys()
        unswept = {departure: [0] * LEGS for departure in self.model.departures}
        for row in stored:
            expected = self.model.bookings[row.id]
            if not row.lapsed(now):
                assert (row.status, row.history) == (expected.status, expected.history)
                continue
            assert ("expired", [*row.history, "expired"]) == (expected.status, expected.history)
            for leg in range(row.from_position, row.to_position):
                unswept[row.departure_id][leg] += row.passengers
        for departure, lapsed in unswept.items():
            counted = [taken - gone for taken, gone in zip(self.world.taken(departure), lapsed, strict=True)]
            assert counted == self.model.taken(departure)

    @invariant()
    def every_promise_is_kept(self) -> None:
        assert [name for name, breaches in self.world.rows(_CHECKS) if breaches] == []


@pytest.mark.timeout(0 if SOAK else 120)
def test_any_life_of_bookings(database_url: str, world: World, clock: ManualClock, keys: KeyRing) -> None:
    stage = Stage(database_url, world, clock, keys)
    try:
        run_state_machine_as_test(type("Life", (Life,), {"stage": stage}), settings=PROFILE)
    finally:
        stage.close()
