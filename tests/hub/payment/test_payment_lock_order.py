"""Two processes settle the same booking on the same departure, lock by lock: nobody waits for the other crosswise.

They run in lockstep: after each lock one waits until the other has as many, waits for a lock, or is done. A control that
takes its locks the other way round shows that a deadlock would be met.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from itertools import combinations_with_replacement
from typing import Any

import psycopg
import pytest
from psycopg import AsyncConnection

from kamhub.hub.booking import actions as bookings
from kamhub.hub.booking import store as booking_store
from kamhub.hub.booking.types import Booking
from kamhub.hub.ledger import actions as ledger
from kamhub.hub.money import actions as money
from kamhub.hub.move import actions as moves
from kamhub.hub.move.types import MoveWish
from kamhub.hub.payment import actions as payments
from kamhub.hub.seats import actions as seats
from kamhub.kit.errors import Refusal
from kamhub.platform.audit.types import Trail
from kamhub.platform.database.pool import Database
from kamhub.platform.person.types import Staff
from tests.hub.booking.support import DISPATCHER
from tests.hub.payment.support import Till
from tests.hub.payment.test_payment_settle import access

Settler = Callable[[Till, Booking], Awaitable[object]]


@dataclass
class Racer:
    """One of two that run in lockstep."""

    watch: AsyncConnection[Any]
    pid: int = 0
    locks: int = 0
    done: bool = False
    other: Racer = field(init=False)

    async def keep_step(self) -> None:
        """Wait for the other one, who has to have as many locks, to wait for one or to be done."""
        self.locks += 1
        for _ in range(2000):
            if self.other.done or self.other.locks >= self.locks or await self._is_blocked(self.other.pid):
                return
            await asyncio.sleep(0.001)
        raise AssertionError("the other one neither locks nor waits")

    async def _is_blocked(self, pid: int) -> bool:
        row = await (await self.watch.execute("SELECT pg_blocking_pids(%s) <> '{}'", (pid,))).fetchone()
        return bool(row and row[0])


RACER: ContextVar[Racer | None] = ContextVar("racer", default=None)


@pytest.fixture
async def till_of_another_process(
    till: Till, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Till]:
    """The same operator's till, with connections of its own; every lock of a racer is a step."""
    execute = AsyncConnection.execute

    async def in_step(self: AsyncConnection[Any], query: Any, *args: Any, **more: Any) -> Any:
        racer = RACER.get()
        if racer is not None and self is not racer.watch:
            racer.pid = self.info.backend_pid
        cursor = await execute(self, query, *args, **more)
        text = query.decode() if isinstance(query, bytes) else str(query)
        if racer is not None and "FOR NO KEY UPDATE" in text:
            await racer.keep_step()
        return cursor

    monkeypatch.setattr(AsyncConnection, "execute", in_step)
    async with Database(database_url, application="other") as database:
        yield replace(till, hub=replace(till.hub, database=database))


async def race(first: tuple[Till, Settler], second: tuple[Till, Settler], booking: Booking) -> list[BaseException]:
    """Both at once; what went wrong, refusals apart."""
    async with await AsyncConnection.connect(first[0].world.owner_url, autocommit=True) as watch:
        one, two = Racer(watch), Racer(watch)
        one.other, two.other = two, one

        async def run(racer: Racer, till: Till, settler: Settler) -> None:
            RACER.set(racer)
            try:
                await settler(till, booking)
            finally:
                racer.done = True

        ends = await asyncio.gather(run(one, *first), run(two, *second), return_exceptions=True)
    return [end for end in ends if end is not None and not isinstance(end, Refusal)]


def number(booking: Booking, further: int = 0) -> str:
    """A number of the provider's that belongs to the booking alone."""
    return str(booking.id.int % 10**15 + further)


def staff(till: Till) -> Staff:
    operator = till.world.main
    return Staff(operator.id, frozenset(), Trail("person", operator.people["owner"], "Owner"), "owner")


async def captured(till: Till, booking: Booking) -> None:
    await till.tell("confirm", booking, TransactionId=number(booking))


async def let_go(till: Till, booking: Booking) -> None:
    await till.tell("cancel", booking, TransactionId=number(booking))


async def paid_again(till: Till, booking: Booking) -> None:
    await till.tell("pay", booking, TransactionId=number(booking, 1))


async def told_returned(till: Till, booking: Booking) -> None:
    numbers = {"TransactionId": number(booking, 2), "PaymentTransactionId": number(booking)}
    await till.tell("refund", booking, **numbers)


async def confirmed(till: Till, booking: Booking) -> None:
    await bookings.decide(till.hub, access(booking), trail=DISPATCHER, confirm=True, message=None)


async def cancelled(till: Till, booking: Booking) -> None:
    await bookings.cancel(till.hub, access(booking), None)


async def returned_by_staff(till: Till, booking: Booking) -> None:
    await money.refund(till.hub, staff(till), booking_id=booking.id, reason="sorry")


async def moved(till: Till, booking: Booking) -> None:
    await moves.move(till.hub, staff(till), booking.id, MoveWish(till.world.departure()))


async def linked(till: Till, booking: Booking) -> None:
    await payments.ensure_payment_link(till.hub, access(booking))


async def earned(till: Till, booking: Booking) -> None:
    async with till.hub.database.tenant(booking.organisation_id) as connection:
        await booking_store.load(connection, booking.organisation_id, booking.id, lock=True)
        await ledger.earn(connection, booking.organisation_id, booking.id, till.hub.clock.now())


async def crosswise(till: Till, booking: Booking) -> None:
    """Booking first, then its departure: as nobody may."""
    async with till.hub.database.tenant(booking.organisation_id) as connection:
        await booking_store.load(connection, booking.organisation_id, booking.id, lock=True)
        await seats.lock_many(connection, {booking.stretch.departure_id}, till.hub.clock.now())


OF_MONEY_SET_ASIDE: tuple[Settler, ...] = (captured, let_go, paid_again, confirmed, cancelled, moved, linked)
OF_MONEY_TAKEN: tuple[Settler, ...] = (paid_again, told_returned, returned_by_staff, cancelled, moved, earned)


@pytest.mark.parametrize("aside", [True, False])
async def test_whoever_settles_a_booking_locks_in_one_order(
    till: Till, till_of_another_process: Till, aside: bool
) -> None:
    found = []
    for one, two in combinations_with_replacement(OF_MONEY_SET_ASIDE if aside else OF_MONEY_TAKEN, 2):
        booking = await till.booked()
        await till.tell("pay", booking, TransactionId=number(booking), **({"Status": "Authorized"} if aside else {}))
        wrong = await race((till, one), (till_of_another_process, two), booking)
        found += [f"{one.__name__} and {two.__name__}: {error!r}" for error in wrong]
    assert found + till.broken() == []


async def test_the_other_way_round_is_a_deadlock(till: Till, till_of_another_process: Till) -> None:
    booking = await till.booked()
    wrong = await race((till, paid_again), (till_of_another_process, crosswise), booking)
    assert [type(error) for error in wrong] == [psycopg.errors.DeadlockDetected]
