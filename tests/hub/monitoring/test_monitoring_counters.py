"""What happens to bookings and money is counted, once, and only when it is committed."""

from __future__ import annotations

from datetime import timedelta

import pytest

from kamhub.hub.booking import actions as bookings
from kamhub.hub.booking import store
from kamhub.hub.monitoring.counters import REGISTRY
from kamhub.hub.payment import jobs
from kamhub.hub.payment.store import open_case
from kamhub.hub.payment.types import PaymentUnavailable
from kamhub.kit.clock import ManualClock
from tests.hub.payment.support import Till
from tests.hub.payment.test_payment_orders import AWAY
from tests.hub.payment.test_payment_refunds import Context
from tests.hub.payment.test_payment_settle import access
from tests.work import work_off


class Counted:
    """What was counted since it was made, by step or kind; what stayed at nought is left out."""

    def __init__(self) -> None:
        self._before = self._all()

    def since(self) -> dict[str, float]:
        now = self._all()
        return {name: value - self._before[name] for name, value in now.items() if value != self._before[name]}

    @staticmethod
    def _all() -> dict[str, float]:
        return {
            " ".join(
                [sample.name.removeprefix("kamhub_").removesuffix("_total"), *sample.labels.values()]
            ): sample.value
            for family in REGISTRY.collect()
            for sample in family.samples
        }


async def test_the_life_of_a_booking_and_its_money(till: Till) -> None:
    counted = Counted()
    booking = await till.booked()
    await till.tell("fail", booking, TransactionId="1000")
    await till.tell("pay", booking)
    await till.tell("pay", booking)
    await bookings.cancel(till.hub, access(booking), None)
    await work_off(till.hub.database, jobs.JOBS, Context(till.hub))
    assert counted.since() == {
        "booking_steps named": 1,
        "payment_steps begun": 1,
        "payment_steps declined": 1,
        "payment_steps completed": 1,
        "booking_steps confirmed": 1,
        "booking_steps cancelled": 1,
        "refund_steps requested": 1,
        "refund_steps completed": 1,
    }


async def test_holds_expire_whoever_tidies_them(till: Till, clock: ManualClock) -> None:
    departure = till.world.departure()
    await till.held(departure)
    await till.held()
    clock.advance(timedelta(minutes=16))
    counted = Counted()
    await till.held(departure)
    assert counted.since() == {"booking_steps expired": 1}
    await bookings.sweep(till.hub)
    assert counted.since() == {"booking_steps expired": 2}


async def test_late_money_is_a_case_of_its_kind(till: Till, clock: ManualClock) -> None:
    booking = await till.booked()
    clock.advance(timedelta(minutes=20))
    counted = Counted()
    await till.tell("pay", booking)
    assert counted.since()["cases_opened late_payment_revived"] == 1


async def test_a_service_that_is_silent_is_counted(till: Till) -> None:
    till.provider.failures += AWAY * 2
    counted = Counted()
    booking = await till.booked()
    with pytest.raises(PaymentUnavailable):
        await bookings.request_payment(till.hub, access(booking))
    assert counted.since() == {"booking_steps named": 1, "payment_steps begun": 1, "payment_steps unanswered": 2}


async def test_what_is_rolled_back_did_not_happen(till: Till) -> None:
    booking = await till.booked()
    counted = Counted()
    with pytest.raises(ZeroDivisionError):
        async with till.hub.database.tenant(booking.organisation_id) as connection:
            row = await store.load(connection, booking.organisation_id, booking.id, lock=True)
            assert row is not None
            await store.set_status(connection, row, "cancelled", till.hub.clock.now(), "staff", None)
            raise ZeroDivisionError
    assert counted.since() == {}


async def test_a_case_that_is_there_already_is_not_counted_again(till: Till) -> None:
    counted = Counted()
    for _ in range(2):
        async with till.hub.database.tenant(till.world.main.id) as connection:
            await open_case(
                connection, "amount_differs", organisation_id=till.world.main.id, now=till.hub.clock.now(), once=True
            )
    assert counted.since() == {"cases_opened amount_differs": 1}
