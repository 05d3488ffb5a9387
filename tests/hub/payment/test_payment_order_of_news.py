"""Notifications in any order: two stages, releases, refunds told before or after."""

from __future__ import annotations

from datetime import timedelta
from itertools import permutations

import pytest

from kamhub.hub.booking import actions as bookings
from kamhub.hub.payment import settle
from kamhub.hub.payment.forms import read_notification
from kamhub.hub.payment.settle import Settling
from kamhub.hub.payment.types import PaymentAccount
from kamhub.kit.clock import ManualClock
from tests.conftest import NOW
from tests.hub.payment.support import BODIES, Till
from tests.hub.payment.test_payment_settle import QUARTER, access

CLOSE_OF_SALES = NOW + timedelta(days=3) - timedelta(minutes=30)


async def test_money_set_aside_keeps_the_seats_until_it_is_captured(till: Till, clock: ManualClock) -> None:
    booking = await till.booked()
    assert await till.tell("pay", booking, Status="Authorized") == 0
    assert till.payments() == [(1001, "authorized", True)]
    assert till.booking(booking) == ("on_hold", None, None)
    assert till.expires_at(booking) == CLOSE_OF_SALES
    clock.advance(timedelta(hours=5))
    assert await till.tell("confirm", booking) == 0
    assert till.payments() == [(1001, "completed", True)]
    assert till.booking(booking) == ("confirmed", 250_000, None)
    assert till.messages() == ["held", "paid", "confirmed"]


def told_paid(till: Till) -> list[object]:
    return [row[0] for row in till.world.rows("SELECT facts FROM messages WHERE kind = 'paid' ORDER BY id")]


async def test_money_that_waits_for_a_decision_is_told_once(till: Till, clock: ManualClock) -> None:
    booking = await till.booked()
    for _ in range(2):
        await till.tell("pay", booking, Status="Authorized")
    aside = {"amount": "250000", "currency": "RUB", "held": "1"}
    assert told_paid(till) == [aside]
    await till.tell("cancel", booking)
    await till.tell("pay", booking, Status="Authorized", TransactionId="1002")
    assert told_paid(till) == [aside, aside], "another payment is another message"
    await till.tell("confirm", booking, TransactionId="1002")
    late = await till.booked()
    clock.advance(QUARTER)
    await till.tell("pay", late, Status="Authorized", TransactionId="1003")
    assert len(told_paid(till)) == 2, "its seats are gone: that is no news to wait for"


async def test_another_sum_than_was_asked_for_is_told_to_whom_it_is_of(till: Till) -> None:
    booking = await till.booked()
    for number in ("1001", "1001", "1002"):
        await till.tell("pay", booking, Amount="1000.00", TransactionId=number)
    assert told_paid(till) == [{"amount": "100000", "currency": "RUB", "held": ""}] * 2
    await till.tell("pay", booking, AccountId="somebody else", TransactionId="1003")
    assert len(told_paid(till)) == 2
    await till.tell("pay", booking, TransactionId="1004")
    await till.tell("pay", booking, Amount="1000.00", TransactionId="1005")
    assert len(told_paid(till)) == 2, "the booking is decided"


async def test_a_capture_need_not_name_the_invoice(till: Till) -> None:
    booking = await till.booked()
    await till.tell("pay", booking, Status="Authorized")
    assert await till.tell("confirm", booking, InvoiceId="-", AccountId="-") == 0
    assert till.booking(booking) == ("confirmed", 250_000, None)


@pytest.mark.parametrize("status", ["Authorized", "Completed"])
async def test_the_capture_told_before_the_payment(till: Till, status: str) -> None:
    booking = await till.booked()
    assert await till.tell("confirm", booking) == 0
    assert till.booking(booking) == ("confirmed", 250_000, None)
    assert await till.tell("pay", booking, Status=status) == 0
    assert till.payments() == [(1001, "completed", True)]
    assert till.confirmations(booking) == 1
    assert till.cases() == []


async def test_a_capture_of_less_confirms_nothing(till: Till) -> None:
    booking = await till.booked()
    await till.tell("pay", booking, Status="Authorized")
    assert await till.tell("confirm", booking, Amount="1000.00") == 0
    assert till.booking(booking) == ("on_hold", None, None)
    assert till.payments() == [(1001, "completed", False)]
    assert till.world.rows("SELECT amount FROM payments") == [(100_000,)]
    assert till.cases() == ["wrong_amount"]
    await till.tell("pay", booking, TransactionId="1002")
    assert till.booking(booking)[0] == "confirmed", "the whole price paid another way is welcome"


async def test_captured_twice_is_captured_once(till: Till) -> None:
    booking = await till.booked()
    await till.tell("pay", booking, Status="Authorized")
    await till.tell("confirm", booking)
    stored = till.snapshot()
    assert await till.tell("confirm", booking) == 0
    assert till.snapshot() == stored


async def test_a_released_authorisation_leaves_the_ordinary_time(till: Till, clock: ManualClock) -> None:
    booking = await till.booked()
    await till.tell("pay", booking, Status="Authorized")
    clock.advance(timedelta(hours=1))
    assert await till.tell("cancel", booking) == 0
    assert till.payments() == [(1001, "cancelled", True)]
    assert NOW + timedelta(hours=1) < till.expires_at(booking) <= NOW + timedelta(hours=1, minutes=15)
    assert await till.tell("pay", booking, TransactionId="1002") == 0
    assert till.booking(booking) == ("confirmed", 250_000, None)


async def test_a_release_told_before_the_authorisation_keeps_no_seats(till: Till) -> None:
    booking = await till.booked()
    assert await till.tell("cancel", booking) == 0
    assert await till.tell("pay", booking, Status="Authorized") == 0
    assert till.payments() == [(1001, "cancelled", True)]
    assert till.expires_at(booking) <= NOW + QUARTER


async def test_a_release_of_a_finished_or_unknown_payment_changes_nothing(till: Till) -> None:
    booking = await till.booked()
    await till.tell("pay", booking)
    assert await till.tell("cancel", booking) == 0
    assert await till.tell("cancel", booking, TransactionId="77") == 0
    assert till.payments() == [(1001, "completed", True)]
    assert till.booking(booking)[0] == "confirmed"


async def test_money_captured_after_a_release_was_told_still_counts(till: Till) -> None:
    booking = await till.booked()
    await till.tell("pay", booking, Status="Authorized")
    await till.tell("cancel", booking)
    assert await till.tell("confirm", booking) == 0
    assert till.booking(booking) == ("confirmed", 250_000, None)


async def test_money_set_aside_for_nobody_is_released_without_a_booking(till: Till) -> None:
    booking = await till.booked()
    await till.tell("pay", booking, Status="Authorized", InvoiceId="NOSUCH22")
    assert till.cases() == ["unknown_booking"]
    assert await till.tell("cancel", booking) == 0
    assert till.payments() == [(1001, "cancelled", False)]
    assert till.expires_at(booking) == NOW + QUARTER


async def test_a_second_authorisation_is_given_back_only_once_it_is_captured(till: Till) -> None:
    booking = await till.booked()
    await till.tell("pay", booking, Status="Authorized")
    await till.tell("pay", booking, Status="Authorized", TransactionId="1002")
    assert till.refunds() == [], "money that was never taken cannot be returned"
    await till.tell("confirm", booking)
    await till.tell("confirm", booking, TransactionId="1002")
    assert till.payments() == [(1001, "completed", True), (1002, "completed", False)]
    assert till.refunds() == [(250_000, "requested", None)]
    assert till.booking(booking) == ("confirmed", 250_000, None)


async def test_money_set_aside_too_late_is_judged_at_its_capture(till: Till, clock: ManualClock) -> None:
    departure = till.world.departure(capacity=1)
    booking = await till.booked(departure)
    clock.advance(QUARTER)
    await till.tell("pay", booking, Status="Authorized")
    assert till.expires_at(booking) == NOW + QUARTER
    await till.held(departure)
    await till.tell("confirm", booking)
    assert till.booking(booking) == ("expired", 250_000, 250_000)
    assert till.cases() == ["late_payment_refunded"]


async def test_a_refund_of_ours_is_told(till: Till) -> None:
    booking = await till.booked()
    await till.tell("pay", booking)
    await bookings.cancel(till.hub, access(booking), "plans changed")
    assert till.refunds() == [(250_000, "requested", None)]
    assert await till.tell("refund", booking) == 0
    assert till.refunds() == [(250_000, "completed", 9001)]
    assert till.booking(booking) == ("cancelled", 250_000, 250_000)
    stored = till.snapshot()
    assert await till.tell("refund", booking) == 0
    assert till.snapshot() == stored
    assert till.cases() == []


async def test_refunds_made_in_the_cabinet_are_seen(till: Till) -> None:
    booking = await till.booked()
    await till.tell("pay", booking)
    assert await till.tell("refund", booking, Amount="1000.00") == 0
    assert till.refunds() == [(100_000, "completed", 9001)]
    assert till.booking(booking) == ("confirmed", 250_000, 100_000)
    assert till.cases() == ["unknown_refund"]
    assert await till.tell("refund", booking, Amount="1500.00", TransactionId="9002") == 0
    assert till.booking(booking) == ("confirmed", 250_000, 250_000)


async def test_what_went_back_elsewhere_is_not_returned_again(till: Till) -> None:
    booking = await till.booked()
    await till.tell("pay", booking)
    await till.tell("refund", booking)
    await bookings.cancel(till.hub, access(booking), None)
    assert till.refunds() == [(250_000, "completed", 9001)]
    assert till.booking(booking) == ("cancelled", 250_000, 250_000)
    assert till.broken() == []


async def test_a_refund_of_a_payment_nobody_knows_is_a_case(till: Till) -> None:
    booking = await till.booked()
    assert await till.tell("refund", booking) == 0
    assert till.cases() == ["unknown_refund"]
    assert till.refunds() == []


async def test_a_refund_told_before_its_payment_is_not_lost(till: Till) -> None:
    booking = await till.booked()
    await till.tell("refund", booking)
    assert await till.tell("pay", booking) == 0
    assert till.refunds() == [(250_000, "completed", 9001)]
    assert till.booking(booking) == ("confirmed", 250_000, 250_000)
    assert "unknown_refund" in till.cases()


async def test_late_money_returned_before_we_asked_for_it(till: Till) -> None:
    booking = await till.booked()
    await bookings.cancel(till.hub, access(booking), None)
    await till.tell("refund", booking)
    await till.tell("pay", booking)
    assert till.refunds() == [(250_000, "completed", 9001)], "our own wish is met by it; nothing is returned twice"
    assert till.booking(booking) == ("cancelled", 250_000, 250_000)


@pytest.mark.parametrize("order", list(permutations(["fail", "check", "pay", "confirm"])))
async def test_any_order_of_news_ends_alike(till: Till, order: tuple[str, ...]) -> None:
    booking = await till.booked()
    for kind in order:
        await till.tell(kind, booking, **({"Status": "Authorized"} if kind == "pay" else {}))  # type: ignore[arg-type]
    assert till.payments() == [(1001, "completed", True)]
    assert till.booking(booking) == ("confirmed", 250_000, None)
    assert till.confirmations(booking) == 1


async def test_a_refund_that_names_no_payment_is_left_alone(till: Till) -> None:
    booking = await till.booked()
    told = read_notification("pay", BODIES["pay"])
    account = PaymentAccount(booking.organisation_id, till.world.main.account or booking.id, "pk", "secret", "demo")
    async with till.hub.database.tenant(booking.organisation_id) as connection:
        await settle.settle_refund_told(Settling(connection, account, NOW, production=False), told)
    assert till.refunds() == []
    assert till.cases() == []
