"""Payment links."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from kamhub.hub.booking import actions as bookings
from kamhub.hub.booking.actions import HeldBooking
from kamhub.hub.booking.types import BookingNotFound, BookingNotOpen, HoldExpired
from kamhub.hub.payment.actions import ensure_payment_link
from kamhub.hub.payment.types import PaymentUnavailable
from kamhub.kit.clock import ManualClock
from tests.hub.booking.support import ANNA, NOBODY
from tests.hub.payment.support import Till, refusal
from tests.hub.payment.test_payment_settle import QUARTER, access

AWAY = [httpx.ConnectError("away"), httpx.ConnectError("away")]


async def booked(till: Till, held: HeldBooking) -> None:
    await bookings.book(till.hub, held.access, contact=ANNA)


async def test_a_link_says_what_is_paid_and_where_to_come_back(till: Till) -> None:
    booking = await till.booked(passengers=2)
    assert booking.payment is not None
    assert booking.payment.url == "https://orders.test/d/1"
    assert booking.payment.expires_at == booking.expires_at
    [(path, body, request_id)] = till.provider.calls
    assert path == "/orders/create"
    assert body == {
        "Amount": "5000.00",
        "Currency": "RUB",
        "Description": f"Бронирование трансфера {booking.code}",
        "Email": "anna@example.org",
        "InvoiceId": booking.code,
        "AccountId": str(booking.id),
        "RequireConfirmation": False,
        "SendEmail": False,
        "CultureName": "ru-RU",
        "SuccessRedirectUrl": f"http://hub.test/booking/{booking.id}?payment=done",
        "FailRedirectUrl": f"http://hub.test/booking/{booking.id}?payment=failed",
    }
    assert till.world.rows("SELECT id::text, status, provider_order_id FROM payment_orders") == [
        (request_id, "open", "order-1")
    ]


async def test_the_link_is_made_once(till: Till) -> None:
    held = await till.held()
    for _ in range(3):
        await booked(till, held)
    again = await bookings.request_payment(till.hub, held.access)
    assert again.payment is not None
    assert len(till.provider.calls) == 1


async def test_asked_for_at_once_there_is_one_order(till: Till) -> None:
    held = await till.held()
    await asyncio.gather(*(booked(till, held) for _ in range(10)))
    assert till.world.rows("SELECT status, url FROM payment_orders") == [("open", "https://orders.test/d/1")]
    assert len({request_id for _, _, request_id in till.provider.calls}) == 1


async def test_without_the_provider_the_booking_stands_and_asks_again_later(till: Till) -> None:
    till.provider.failures += AWAY
    booking = await till.booked()
    assert booking.payment is None
    assert booking.status == "on_hold"
    till.provider.failures += AWAY
    with pytest.raises(PaymentUnavailable):
        await bookings.request_payment(till.hub, access(booking))
    later = await bookings.request_payment(till.hub, access(booking))
    assert later.payment is not None
    assert len({request_id for _, _, request_id in till.provider.calls}) == 1, "every attempt is the same request"
    assert till.cases() == []


@pytest.mark.parametrize(
    "model",
    [
        None,
        {},
        {"Id": "x"},
        {"Id": "x", "Url": None},
        {"Id": None, "Url": "https://x.test"},
        {"Id": "x", "Url": "javascript:1"},
    ],
)
async def test_an_answer_without_a_link_is_none(till: Till, model: object) -> None:
    till.provider.failures.append(httpx.Response(200, json={"Success": True, "Model": model}))
    booking = await till.booked()
    assert booking.payment is None
    assert (await bookings.request_payment(till.hub, access(booking))).payment is not None


async def test_a_refused_order_is_a_case_and_may_be_tried_anew(till: Till) -> None:
    till.provider.failures.append(refusal("Email required"))
    booking = await till.booked()
    assert booking.payment is None
    assert till.cases() == ["order_refused"]
    assert till.world.rows("SELECT status, error FROM payment_orders") == [("refused", "Email required")]
    assert (await bookings.request_payment(till.hub, access(booking))).payment is not None


async def test_english_for_who_reads_english(till: Till) -> None:
    held = await till.held()
    contact = type(ANNA)(ANNA.name, ANNA.phone, ANNA.email, "en")
    booking = await bookings.book(till.hub, held.access, contact=contact)
    [(_, body, _)] = till.provider.calls
    assert (body["CultureName"], body["Description"]) == ("en-US", f"Transfer booking {booking.code}")


async def test_an_operator_without_an_account_takes_no_money_here(till: Till) -> None:
    booking = await till.booked(till.world.departure(operator=till.world.other))
    assert booking.status == "pending"
    await ensure_payment_link(till.hub, access(booking))
    assert till.provider.calls == []


async def test_no_link_for_what_is_not_open(till: Till, clock: ManualClock) -> None:
    nameless = await till.held()
    with pytest.raises(BookingNotOpen):
        await ensure_payment_link(till.hub, nameless.access)
    paid = await till.booked()
    await till.tell("pay", paid)
    with pytest.raises(BookingNotOpen):
        await ensure_payment_link(till.hub, access(paid))
    with pytest.raises(BookingNotFound):
        await ensure_payment_link(till.hub, type(nameless.access)(paid.organisation_id, NOBODY))
    clock.advance(QUARTER)
    with pytest.raises(HoldExpired):
        await ensure_payment_link(till.hub, nameless.access)


async def test_cancelled_while_the_provider_was_asked(till: Till) -> None:
    held = await till.held()
    till.provider.before_answer = lambda: bookings.cancel(till.hub, held.access, None)
    await booked(till, held)
    assert till.world.rows("SELECT status, url FROM payment_orders") == [("closed", None)]
