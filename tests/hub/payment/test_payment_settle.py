"""Money that arrives: asked about, paid, declined, wrong, late, twice."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import get_args
from uuid import uuid4

import pytest

from kamhub.hub.booking import actions as bookings
from kamhub.hub.booking.tokens import BookingAccess
from kamhub.hub.booking.types import Booking
from kamhub.hub.payment import actions
from kamhub.hub.payment.signature import sign
from kamhub.hub.payment.types import NotificationKind, SignatureInvalid
from kamhub.kit.clock import ManualClock
from tests.conftest import NOW
from tests.hub.booking.support import DISPATCHER
from tests.hub.payment.support import BODIES, FORM, Till

QUARTER = timedelta(minutes=15)
SOON = timedelta(minutes=3)


def access(booking: Booking) -> BookingAccess:
    return BookingAccess(booking.organisation_id, booking.id)


async def test_check_of_a_live_hold_lets_the_card_be_charged_and_prolongs_it(till: Till, clock: ManualClock) -> None:
    booking = await till.booked()
    clock.advance(timedelta(minutes=10))
    assert await till.tell("check", booking) == 0
    assert till.expires_at(booking) == NOW + timedelta(minutes=20)
    assert till.booking(booking) == ("on_hold", None, None)
    assert till.payments() == []


async def test_check_early_in_a_hold_never_shortens_it(till: Till) -> None:
    booking = await till.booked()
    assert await till.tell("check", booking) == 0
    assert till.expires_at(booking) == NOW + QUARTER


async def test_a_prolonged_hold_never_outlives_the_close_of_sales(till: Till, clock: ManualClock) -> None:
    booking = await till.booked(till.world.departure(departs_in=timedelta(minutes=42)))
    clock.advance(timedelta(minutes=10))
    assert await till.tell("check", booking) == 0
    assert till.expires_at(booking) == NOW + timedelta(minutes=12)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"InvoiceId": "NOSUCH22"}, 10),
        ({"InvoiceId": "-"}, 10),
        ({"AccountId": "someone else"}, 11),
        ({"AccountId": "-"}, 0),
        ({"Amount": "2499.99"}, 12),
        ({"Currency": "USD"}, 12),
        ({"Currency": "-", "Status": "-", "OperationType": "-"}, 13),
        ({"Amount": "gold"}, 13),
        ({"TransactionId": "-"}, 13),
    ],
)
async def test_check_of_anything_wrong_is_refused(till: Till, changes: dict[str, str], code: int) -> None:
    booking = await till.booked()
    assert await till.tell("check", booking, **changes) == code
    assert till.payments() == []


async def test_check_after_the_hold_and_after_cancellation(till: Till, clock: ManualClock) -> None:
    lapsed, cancelled = await till.booked(), await till.booked()
    await bookings.cancel(till.hub, access(cancelled), None)
    assert await till.tell("check", cancelled) == 13
    clock.advance(QUARTER)
    assert await till.tell("check", lapsed) == 20
    assert till.expires_at(lapsed) == NOW + QUARTER


async def test_a_payment_confirms_and_tells_the_traveller_once(till: Till) -> None:
    booking = await till.booked(passengers=2)
    assert await till.tell("pay", booking) == 0
    assert till.booking(booking) == ("confirmed", 500_000, None)
    assert till.payments() == [(1001, "completed", True)]
    assert till.messages() == ["held", "confirmed"]
    assert till.world.rows("SELECT status FROM payment_orders") == [("closed",)]
    assert till.cases() == []
    assert till.confirmations(booking) == 1


async def test_a_thousand_repeats_are_one_payment_one_message_one_event(till: Till) -> None:
    booking = await till.booked()
    await till.tell("pay", booking)
    stored = till.snapshot()
    replies = [await till.tell("pay", booking) for _ in range(1000)]
    assert set(replies) == {0}
    assert till.snapshot() == stored
    assert till.confirmations(booking) == 1
    assert till.world.taken(booking.stretch.departure_id) == [1, 1, 1]


async def test_fifty_at_once_are_one_payment(till: Till) -> None:
    booking = await till.booked()
    before = till.snapshot()
    assert set(await asyncio.gather(*(till.tell("pay", booking) for _ in range(50)))) == {0}
    after = till.snapshot()
    grown = {name: after[name] - before[name] for name in after if after[name] != before[name]}
    assert grown == {
        "payments": 1,
        "payment_events": 1,
        "payment_notifications": 1,
        "messages": 1,
        "booking_events": 1,
        "procrastinate_jobs": 1,
    }


@pytest.mark.parametrize("kind", get_args(NotificationKind))
async def test_what_is_not_signed_is_not_read(till: Till, kind: NotificationKind) -> None:
    booking = await till.booked()
    before = till.snapshot()
    body = b"&".join(f"{k}={v}".encode() for k, v in (BODIES[kind] | {"InvoiceId": booking.code}).items())
    account = till.world.main.account
    assert account is not None
    good = sign(till.world.main.api_secret, body)
    forged = sign("another secret", body)
    for sent, raw, decoded in [
        (body, None, None),
        (body, forged, forged),
        (body + b"&x=1", good, good),
        (body, "", ""),
    ]:
        with pytest.raises(SignatureInvalid):
            await actions.receive(till.hub, account, kind, sent, FORM, raw, decoded)
    with pytest.raises(SignatureInvalid):
        await actions.receive(till.hub, uuid4(), kind, body, FORM, good, good)
    assert till.snapshot() == before
    assert till.booking(booking) == ("on_hold", None, None)


@pytest.mark.parametrize(
    ("changes", "case"),
    [
        ({"Amount": "2499.99"}, "wrong_amount"),
        ({"Amount": "2500.01"}, "wrong_amount"),
        ({"Currency": "USD"}, "wrong_currency"),
        ({"AccountId": "someone else"}, "wrong_account"),
        ({"InvoiceId": "NOSUCH22"}, "unknown_booking"),
        ({"InvoiceId": "-"}, "unknown_booking"),
    ],
)
async def test_wrong_money_confirms_nothing_and_waits_for_a_person(
    till: Till, changes: dict[str, str], case: str
) -> None:
    booking = await till.booked()
    assert await till.tell("pay", booking, **changes) == 0
    assert till.booking(booking) == ("on_hold", None, None)
    assert till.cases() == [case]
    assert till.payments() == [(1001, "completed", False)]
    assert till.refunds() == []
    assert await till.tell("pay", booking, TransactionId="1002") == 0, "the right money is still welcome"
    assert till.booking(booking)[0] == "confirmed"


async def test_another_operators_booking_is_unknown(till: Till) -> None:
    departure = till.world.departure(operator=till.world.other)
    booking = await till.booked(departure)
    assert await till.tell("check", booking) == 10
    assert await till.tell("pay", booking) == 0
    assert till.cases() == ["unknown_booking"]
    assert till.booking(booking) == ("pending", None, None)


async def test_test_money_in_production_is_refused(till: Till) -> None:
    booking = await till.booked()
    live = replace(till.hub, production=True)
    fields = {"InvoiceId": booking.code, "AccountId": str(booking.id)}
    assert await till.send("check", BODIES["check"] | fields, hub=live) == 13
    assert await till.send("pay", BODIES["pay"] | fields, hub=live) == 0
    assert till.booking(booking) == ("on_hold", None, None)
    assert till.cases() == ["test_payment"]
    assert await till.send("check", BODIES["check"] | fields | {"TestMode": "0"}, hub=live) == 0


async def test_test_money_on_a_live_account_is_refused(till: Till) -> None:
    booking = await till.booked()
    till.world.execute("UPDATE payment_accounts SET mode = 'live'")
    assert await till.tell("check", booking) == 13
    assert await till.tell("pay", booking) == 0
    assert till.cases() == ["test_payment"]
    assert await till.tell("check", booking, TestMode="0") == 0


@pytest.mark.parametrize("swept", [False, True])
async def test_late_money_revives_the_booking_while_its_seats_are_free(
    till: Till, clock: ManualClock, swept: bool
) -> None:
    booking = await till.booked(passengers=3)
    clock.advance(QUARTER)
    if swept:
        assert await bookings.sweep(till.hub) == 1
    assert await till.tell("pay", booking) == 0
    assert till.booking(booking) == ("confirmed", 750_000, None)
    assert till.cases() == ["late_payment_revived"]
    assert till.refunds() == []
    assert till.messages() == ["held", "confirmed"]
    assert till.world.taken(booking.stretch.departure_id) == [3, 3, 3]
    history = (await bookings.load(till.hub, access(booking))).history
    assert [(event.from_status, event.to_status, event.reason) for event in history] == [
        (None, "on_hold", None),
        ("on_hold", "expired", "hold_expired"),
        ("expired", "confirmed", "paid_late"),
    ]


async def test_late_money_goes_back_when_the_seats_are_gone(till: Till, clock: ManualClock) -> None:
    departure = till.world.departure(capacity=3)
    booking = await till.booked(departure, passengers=2)
    clock.advance(QUARTER)
    await till.held(departure, passengers=2)
    assert await till.tell("pay", booking) == 0
    assert till.booking(booking) == ("expired", 500_000, 500_000)
    assert till.refunds() == [(500_000, "requested", None)]
    assert till.cases() == ["late_payment_refunded"]
    assert till.messages() == ["held", "money_returned"]
    assert len(till.jobs("payment.send_refund")) == 1
    assert till.world.taken(departure) == [2, 2, 2]


async def test_late_money_for_a_departure_that_has_left_or_was_called_off_goes_back(
    till: Till, clock: ManualClock
) -> None:
    left = await till.booked(till.world.departure(departs_in=timedelta(hours=1)))
    off = await till.booked()
    till.world.execute("UPDATE departures SET status = 'cancelled' WHERE id = %s", off.stretch.departure_id)
    clock.advance(timedelta(hours=2))
    await till.tell("pay", left)
    await till.tell("pay", off, TransactionId="1002")
    assert till.cases() == ["late_payment_refunded", "late_payment_refunded"]
    assert [row[:2] for row in till.refunds()] == [(250_000, "requested"), (250_000, "requested")]


async def test_money_for_a_cancelled_booking_goes_back(till: Till) -> None:
    booking = await till.booked()
    await bookings.cancel(till.hub, access(booking), None)
    assert await till.tell("pay", booking) == 0
    assert till.booking(booking) == ("cancelled", 250_000, 250_000)
    assert till.refunds() == [(250_000, "requested", None)]
    assert till.cases() == ["paid_after_cancellation"]
    assert till.messages() == ["held", "cancelled", "money_returned"]
    assert till.world.taken(booking.stretch.departure_id) == [0, 0, 0]


async def test_of_two_payments_the_second_goes_back(till: Till) -> None:
    booking = await till.booked()
    await till.tell("pay", booking)
    assert await till.tell("pay", booking, TransactionId="1002") == 0
    assert till.booking(booking) == ("confirmed", 250_000, None), "the refund is not one of the money that counts"
    assert till.payments() == [(1001, "completed", True), (1002, "completed", False)]
    assert till.refunds() == [(250_000, "requested", None)]
    assert till.cases() == ["paid_twice"]


async def test_two_payments_at_once_are_one_and_a_refund(till: Till) -> None:
    booking = await till.booked()
    await asyncio.gather(*(till.tell("pay", booking, TransactionId=str(number)) for number in range(1, 9)))
    assert sorted(row[2] for row in till.payments()) == [False] * 7 + [True]
    assert len(till.refunds()) == 7
    assert till.confirmations(booking) == 1


async def test_money_for_a_booking_confirmed_by_hand_only_counts(till: Till) -> None:
    booking = await till.booked()
    await bookings.decide(till.hub, access(booking), trail=DISPATCHER, confirm=True, message=None)
    assert await till.tell("pay", booking) == 0
    assert till.booking(booking) == ("confirmed", 250_000, None)
    assert till.confirmations(booking) == 1
    assert till.cases() == []


async def test_a_decline_leaves_the_booking_and_success_may_follow(till: Till) -> None:
    booking = await till.booked()
    assert await till.tell("fail", booking) == 0
    assert till.payments() == [(1001, "declined", False)]
    assert till.booking(booking) == ("on_hold", None, None)
    assert till.messages() == ["held"]
    assert await till.tell("pay", booking, TransactionId="1002") == 0
    assert till.booking(booking) == ("confirmed", 250_000, None)


async def test_a_decline_of_nothing_we_know(till: Till) -> None:
    booking = await till.booked()
    assert await till.tell("fail", booking, InvoiceId="-") == 0
    assert await till.tell("fail", booking, InvoiceId="NOSUCH22", TransactionId="1002") == 0
    assert [row[1] for row in till.payments()] == ["declined", "declined"]


async def test_money_of_a_transaction_told_as_failed_first_still_counts(till: Till) -> None:
    booking = await till.booked()
    await till.tell("fail", booking)
    assert await till.tell("pay", booking) == 0
    assert till.payments() == [(1001, "completed", True)]
    assert till.booking(booking) == ("confirmed", 250_000, None)


async def test_a_decline_told_after_the_payment_changes_nothing(till: Till) -> None:
    booking = await till.booked()
    await till.tell("pay", booking)
    assert await till.tell("fail", booking) == 0
    assert till.payments() == [(1001, "completed", True)]
    assert till.booking(booking)[0] == "confirmed"


PAIRS = [(body, address) for body in BODIES for address in get_args(NotificationKind) if body != address]


@pytest.mark.parametrize("settled", [False, True])
async def test_a_body_at_the_address_of_another_kind_has_no_effect(
    till: Till, clock: ManualClock, settled: bool
) -> None:
    booking = await till.booked()
    if settled:
        await till.tell("pay", booking, Status="Authorized")
    clock.advance(timedelta(minutes=10))
    before = (till.snapshot(), till.booking(booking), till.expires_at(booking), till.payments())
    for body, address in PAIRS:
        fields = BODIES[body] | {"InvoiceId": booking.code, "AccountId": str(booking.id)}
        assert await till.send(address, fields) == (13 if address == "check" else 0), (body, address)
        after = (till.snapshot(), till.booking(booking), till.expires_at(booking), till.payments())
        assert after == before, (body, address)
