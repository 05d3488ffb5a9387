"""Fiscal receipts: two for a service that is paid ahead, one for money that goes back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from kamhub.hub.booking import actions as bookings
from kamhub.hub.booking.types import Booking
from kamhub.hub.ledger import actions as ledger
from kamhub.hub.payment import jobs as payment_jobs
from kamhub.hub.payment.client import ProviderUnavailable
from kamhub.hub.receipt import actions, jobs
from kamhub.hub.services import Hub
from kamhub.kit.clock import ManualClock
from kamhub.platform.job.types import DONE, TryAgain
from tests.hub.payment.support import Till, refusal
from tests.hub.payment.test_payment_settle import access
from tests.work import work_off


@dataclass
class Context:
    hub: Hub


@pytest.fixture
async def paid(till: Till) -> Booking:
    """A paid booking of an operator with a cash register."""
    till.world.execute("UPDATE payment_accounts SET receipts = true")
    booking = await till.booked()
    await till.tell("pay", booking)
    return booking


async def work(till: Till, *, crash: bool = False) -> list[Any]:
    return await work_off(till.hub.database, jobs.JOBS, Context(till.hub), crash=crash)


def receipts(till: Till) -> list[tuple[Any, ...]]:
    return till.world.rows("SELECT kind, amount, status FROM receipts ORDER BY requested_at, kind")


def asked(till: Till) -> list[dict[str, Any]]:
    return [body for path, body, _ in till.provider.calls if path == "/kkt/receipt"]


async def test_without_a_cash_register_there_are_none(till: Till) -> None:
    booking = await till.booked()
    await till.tell("pay", booking)
    assert receipts(till) == []


async def test_one_when_it_is_paid_and_one_when_it_has_run(till: Till, paid: Booking, clock: ManualClock) -> None:
    [waits] = await work(till)
    assert isinstance(waits, TryAgain)
    [body] = asked(till)
    assert (body["Type"], body["InvoiceId"]) == ("Income", paid.code)
    assert body["CustomerReceipt"]["Items"][0] | {"label": ""} == {
        "label": "", "price": 2500.0, "quantity": 1, "amount": 2500.0, "vat": None, "method": 1, "object": 4,
    }  # fmt: skip
    assert body["CustomerReceipt"]["amounts"] == {"electronic": 2500.0}
    till.provider.receipts["receipt-2"] = "Processed"
    assert await work(till) == [DONE]
    clock.advance(timedelta(days=5))
    await ledger.earn_all(till.hub)
    await work(till)
    full = asked(till)[-1]["CustomerReceipt"]
    assert (full["Items"][0]["method"], full["amounts"]) == (4, {"electronic": 0, "advancePayment": 2500.0})
    assert receipts(till) == [("prepayment", 250_000, "done"), ("full", 250_000, "queued")]


async def test_money_that_goes_back_has_one(till: Till, paid: Booking) -> None:
    await bookings.cancel(till.hub, access(paid), None)
    await work_off(till.hub.database, payment_jobs.JOBS, Context(till.hub))
    await work(till)
    assert asked(till)[-1]["Type"] == "IncomeReturn"
    assert sorted(row[0] for row in receipts(till)) == ["prepayment", "refund"]


async def test_the_notification_says_that_it_is_made(till: Till, paid: Booking) -> None:
    told = {
        "Id": "receipt-2",
        "Type": "Income",
        "TransactionId": "1001",
        "Amount": "2500.00",
        "Url": "https://ofd.test/1",
    }
    assert await till.send("receipt", told) == 0
    assert receipts(till)[0][2] == "requested", "nothing is called so yet"
    await work(till)
    for _ in range(2):
        await till.send("receipt", told)
    assert till.world.rows("SELECT status, url FROM receipts") == [("done", "https://ofd.test/1")]
    assert await work(till) == [DONE]
    assert await till.send("receipt", {"Type": "Income"}) == 0
    assert await till.send("receipt", told | {"Type": "Odd", "Url": "javascript:1"}) == 0


async def test_killed_between_call_and_settlement_it_is_asked_for_once(till: Till, paid: Booking) -> None:
    till.provider.failures.append(httpx.Response(502))
    with pytest.raises(ProviderUnavailable):
        await work(till)
    await work(till)
    assert len(till.provider.receipts) == 1
    till.provider.receipts["receipt-2"] = "Processed"
    await work(till, crash=True)
    await work(till)
    assert receipts(till) == [("prepayment", 250_000, "done")]


@pytest.mark.parametrize("how", ["refused", "Error", "NotFound", "no id"])
async def test_refused_a_person_decides_and_asks_again(till: Till, paid: Booking, how: str) -> None:
    if how == "refused":
        till.provider.failures.append(refusal("No such INN"))
        await work(till)
    elif how == "no id":
        till.provider.failures.append(httpx.Response(200, json={"Success": True, "Model": {}}))
        with pytest.raises(ProviderUnavailable):
            await work(till)
        till.provider.failures.append(refusal("No such INN"))
        await work(till)
    else:
        await work(till)
        till.provider.receipts["receipt-2"] = how
        await work(till)
    assert till.cases() == ["receipt_refused"]
    assert receipts(till)[0][2] == "refused"
    async with till.hub.database.tenant(till.world.main.id) as connection:
        assert await actions.try_again(connection, till.world.main.id, paid.id, till.world.now) == 1
    await work(till)
    assert receipts(till)[0][2] == "queued"
    requests = [request for path, _, request in till.provider.calls if path == "/kkt/receipt"]
    assert len(set(requests)) == 2


async def test_a_queue_that_is_long(till: Till, paid: Booking, clock: ManualClock) -> None:
    await work(till)
    clock.advance(timedelta(hours=2))
    [waits] = await work(till)
    assert isinstance(waits, TryAgain)
    till.provider.failures.append(refusal("Not now"))
    await work(till)
    assert receipts(till)[0][2] == "refused"


async def test_a_receipt_without_its_account_is_a_fault_to_be_seen(
    till: Till, paid: Booking, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def nothing(*_: object, **__: object) -> None:
        return None

    monkeypatch.setattr("kamhub.hub.payment.store.account_by_id", nothing)
    with pytest.raises(LookupError):
        await work(till)
    assert UUID(till.jobs("receipt.send")[0]["receipt_id"])
