"""Cases: what waits for a person, and the buttons that settle it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from kamhub.kit.clock import ManualClock
from tests.hub.money.support import Desk
from tests.hub.money.test_money_api import whole


async def only_case(desk: Desk) -> dict[str, Any]:
    [case] = (await desk.get("/api/cases?status=open")).json()["items"]
    return dict(case)


async def status_of(desk: Desk, booking: dict[str, Any]) -> tuple[Any, ...]:
    return desk.world.rows("SELECT status, paid, refunded FROM bookings WHERE id = %s", booking["id"])[0]


async def test_an_underpayment_is_accepted(desk: Desk) -> None:
    booking = await desk.paid(Amount="1000.00")
    case = await only_case(desk)
    assert (case["kind"], case["suggested"]["action"]) == ("wrong_amount", "accept")
    done = await desk.post(f"/api/cases/{case['id']}/act", {"action": "accept"})
    assert (done.json()["status"], done.json()["resolution"], done.json()["actions"]) == ("closed", "accept", [])
    assert await status_of(desk, booking) == ("confirmed", 100_000, None)
    assert whole(desk)
    again = await desk.post(f"/api/cases/{case['id']}/act", {"action": "accept"})
    assert (again.status_code, again.json()["code"]) == (409, "case_closed")
    due = (await desk.post(f"/api/bookings/{booking['id']}/collect")).json()
    assert due["collected"]["amount"] == 150_000


async def test_an_overpayment_of_a_lapsed_booking_revives_it(desk: Desk, clock: ManualClock) -> None:
    booking = await desk.booked()
    clock.advance(timedelta(hours=1))
    await desk.tell("pay", booking, Amount="3000.00")
    case = await only_case(desk)
    assert case["suggested"]["action"] == "revive"
    await desk.post(f"/api/cases/{case['id']}/act", {"action": "revive"})
    assert await status_of(desk, booking) == ("confirmed", 300_000, None)
    assert whole(desk)


async def test_seats_that_are_gone_cannot_be_revived(desk: Desk, clock: ManualClock) -> None:
    booking = await desk.booked()
    clock.advance(timedelta(hours=1))
    await desk.tell("pay", booking, Amount="3000.00")
    desk.world.execute("UPDATE departures SET status = 'cancelled'")
    case = await only_case(desk)
    refused = await desk.post(f"/api/cases/{case['id']}/act", {"action": "revive"})
    assert (refused.status_code, refused.json()["code"]) == (409, "payment_not_acceptable")
    assert (await only_case(desk))["status"] == "open"
    await desk.post(f"/api/cases/{case['id']}/act", {"action": "refund"})
    await desk.work()
    assert desk.world.rows("SELECT amount, status FROM refunds") == [(300_000, "completed")]


async def test_money_of_nobody_counts_for_no_booking(desk: Desk) -> None:
    await desk.paid(InvoiceId="NOSUCH22")
    case = await only_case(desk)
    refused = await desk.post(f"/api/cases/{case['id']}/act", {"action": "accept"})
    assert refused.json()["code"] == "action_not_offered"
    desk.world.execute("UPDATE cases SET kind = 'wrong_amount'")
    assert (await desk.post(f"/api/cases/{case['id']}/act", {"action": "accept"})).json()["why"] == "no_booking"
    await desk.post(f"/api/cases/{case['id']}/act", {"action": "refund"})
    await desk.work()
    assert whole(desk)


async def test_what_went_back_already_is_not_returned_by_a_button(desk: Desk) -> None:
    booking = await desk.paid(Amount="1000.00")
    case = await only_case(desk)
    await desk.tell("refund", booking, Amount="1000.00", PaymentTransactionId=str(desk.transaction))
    refused = await desk.post(f"/api/cases/{case['id']}/act", {"action": "refund"})
    assert (refused.status_code, refused.json()["code"]) == (409, "nothing_to_return")
    assert whole(desk)


async def test_a_booking_that_has_its_money_takes_no_other(desk: Desk) -> None:
    booking = await desk.paid(Amount="1000.00")
    case = await only_case(desk)
    await desk.tell("pay", booking, TransactionId="1500")
    refused = await desk.post(f"/api/cases/{case['id']}/act", {"action": "accept"})
    assert refused.json()["code"] == "payment_not_acceptable"


async def test_it_is_closed_with_words(desk: Desk) -> None:
    await desk.paid(Amount="1000.00")
    case = await only_case(desk)
    path = f"/api/cases/{case['id']}/close"
    assert (await desk.post(path, {"resolution": ""})).status_code == 422
    assert (await desk.post(path, {"resolution": "called her"}, role="viewer")).status_code == 403
    closed = (await desk.post(path, {"resolution": "called her"})).json()
    assert (closed["status"], closed["closed_by"], closed["resolution"]) == ("closed", "Owner", "called her")
    assert (await desk.post(path, {"resolution": "called her"})).status_code == 409
    seen = await desk.get(f"/api/cases/{case['id']}")
    assert seen.json()["closed_by"] == "Owner"
    assert (await desk.get(f"/api/cases/{uuid4()}")).status_code == 404
    assert (await desk.post(f"/api/cases/{uuid4()}/act", {"action": "nothing"})).status_code == 404


@pytest.mark.parametrize("action", ["contact", "nothing"])
async def test_a_word_is_enough(desk: Desk, action: str) -> None:
    await desk.paid(Amount="1000.00")
    case = await only_case(desk)
    assert (await desk.post(f"/api/cases/{case['id']}/act", {"action": action})).json()["status"] == "closed"
    assert desk.world.rows("SELECT count(*) FROM refunds") == [(0,)]


@pytest.mark.parametrize(
    ("kind", "action", "code"),
    [
        ("refund_refused", "retry_refund", "refund_not_found"),
        ("order_refused", "nothing", None),
        ("receipt_refused", "retry_receipt", None),
        ("capture_refused", "retry_capture", None),
        ("wrong_currency", "refund", None),
        ("unknown_booking", "refund", None),
    ],
)
async def test_each_button_does_its_thing(desk: Desk, kind: str, action: str, code: str | None) -> None:
    booking = await desk.paid()
    refund = uuid4()
    desk.world.execute(
        "INSERT INTO refunds (organisation_id, id, payment_id, booking_id, amount, currency, status, reason, requested_at) "
        "SELECT organisation_id, %s, id, booking_id, 100, 'RUB', 'completed', 'x', now() FROM payments",
        refund,
    )
    desk.world.execute(
        "INSERT INTO cases (organisation_id, id, kind, booking_id, refund_id, opened_at) VALUES (%s, %s, %s, %s, %s, now())",
        desk.world.main.id, uuid4(), kind, booking["id"], refund if kind == "refund_refused" else None,
    )  # fmt: skip
    case = await only_case(desk)
    done = (await desk.post(f"/api/cases/{case['id']}/act", {"action": action})).json()
    if kind == "refund_refused":
        assert done["code"] == "refund_not_refused"
    else:
        assert done["status"] == "closed"
