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
from kamhub.hub.payment.types import Vat
from kamhub.hub.receipt import actions, jobs, rules
from kamhub.hub.receipt.types import Receipt, ReceiptKind
from kamhub.hub.services import Hub
from kamhub.kit.clock import ManualClock
from kamhub.kit.money import Money
from kamhub.platform.job.types import DONE, TryAgain
from tests.conftest import NOW
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


ITEM = ("vat", "method")


def said(body: dict[str, Any]) -> tuple[object, ...]:
    """Of one receipt: VAT, tag 1214, taxation system."""
    told = body["CustomerReceipt"]
    return (*(told["Items"][0][name] for name in ITEM), told.get("taxationSystem", "-"))


async def test_receipts_say_the_operators_taxes(till: Till, clock: ManualClock) -> None:
    till.world.execute("UPDATE payment_accounts SET receipts = true, vat = '20', taxation_system = 'osn'")
    run, back = await till.booked(), await till.booked()
    await till.tell("pay", run)
    await till.tell("pay", back, TransactionId="1002")
    till.provider.failures += [httpx.ConnectError("down")] * 2
    with pytest.raises(ProviderUnavailable):
        await work(till)
    till.world.execute("UPDATE payment_accounts SET vat = '22', taxation_system = 'usn_income_less_expense'")
    await work(till)
    assert [said(body) for body in asked(till)] == [(120, 1, 0)] * 4, "what was asked for is asked for again"
    await bookings.cancel(till.hub, access(back), None)
    await work_off(till.hub.database, payment_jobs.JOBS, Context(till.hub))
    await work(till)
    assert said(asked(till)[-1]) == (120, 1, 0), "money goes back with the taxes it came with"
    clock.advance(timedelta(days=5))
    await ledger.earn_all(till.hub)
    await work(till)
    assert said(asked(till)[-1]) == (22, 4, 2)


async def test_asked_for_anew_a_receipt_says_the_taxes_of_now(till: Till, paid: Booking) -> None:
    till.provider.failures.append(refusal("The taxation system is not that of the register"))
    await work(till)
    till.world.execute("UPDATE payment_accounts SET vat = '110', taxation_system = 'patent'")
    async with till.hub.database.tenant(till.world.main.id) as connection:
        await actions.try_again(connection, till.world.main.id, paid.id, till.world.now)
    await work(till)
    assert [said(body) for body in asked(till)] == [(None, 1, "-"), (110, 1, 5)]


async def unanswered(till: Till, clock: ManualClock, failure: httpx.Response | Exception) -> None:
    """Asked for once, and no answer for longer than the provider remembers."""
    till.provider.failures.append(failure)
    with pytest.raises(ProviderUnavailable):
        await work(till)
    clock.advance(timedelta(minutes=50, seconds=1))


async def test_after_fifty_minutes_a_repeat_could_be_a_second_receipt_so_its_news_is_waited_for(
    till: Till, paid: Booking, clock: ManualClock
) -> None:
    await unanswered(till, clock, httpx.Response(504))
    [waits] = await work(till)
    assert isinstance(waits, TryAgain)
    told = {"Id": "theirs", "Type": "Income", "TransactionId": "1001", "Amount": "2500.00", "InvoiceId": paid.code}
    for other in (
        {"Type": "IncomeReturn"},
        {"Amount": "1.00"},
        {"InvoiceId": "NOSUCH22"},
        {"Amount": "gold"},
        {"Type": "Expense"},
    ):
        await till.send("receipt", told | other)
        assert receipts(till)[0][2] == "requested", other
    await till.send("receipt", told)
    assert till.world.rows("SELECT status, provider_id FROM receipts") == [("done", "theirs")]
    assert await work(till) == [DONE]
    assert len(asked(till)) == 1
    assert till.cases() == []


async def test_without_news_a_person_looks_before_it_is_asked_for_again(
    till: Till, paid: Booking, clock: ManualClock
) -> None:
    await unanswered(till, clock, httpx.Response(504))
    clock.advance(timedelta(hours=6))
    assert await work(till) == [DONE]
    assert (receipts(till)[0][2], till.cases(), len(asked(till))) == ("refused", ["receipt_unanswered"], 1)
    async with till.hub.database.tenant(till.world.main.id) as connection:
        assert await actions.try_again(connection, till.world.main.id, paid.id, clock.now()) == 1
    await work(till)
    assert receipts(till)[0][2] == "queued"


async def test_news_that_comes_after_all_leaves_nothing_to_ask_for(
    till: Till, paid: Booking, clock: ManualClock
) -> None:
    await unanswered(till, clock, httpx.Response(504))
    clock.advance(timedelta(hours=6))
    await work(till)
    told = {"Id": "theirs", "Type": "Income", "TransactionId": "1001", "Amount": "2500.00", "InvoiceId": paid.code}
    await till.send("receipt", told)
    async with till.hub.database.tenant(till.world.main.id) as connection:
        assert await actions.try_again(connection, till.world.main.id, paid.id, clock.now()) == 0
    assert receipts(till) == [("prepayment", 250_000, "done")]


async def test_what_surely_did_not_arrive_is_asked_for_however_late(
    till: Till, paid: Booking, clock: ManualClock
) -> None:
    await unanswered(till, clock, httpx.Response(429))
    till.provider.failures.append(httpx.ConnectError("down"))
    await unanswered(till, clock, httpx.ConnectError("down"))
    await work(till)
    assert len(till.provider.receipts) == 1
    assert receipts(till)[0][2] == "queued"


async def test_one_try_that_may_have_arrived_is_enough_for_doubt(till: Till, paid: Booking, clock: ManualClock) -> None:
    till.provider.failures.append(httpx.ReadTimeout("late"))
    await unanswered(till, clock, httpx.ConnectError("down"))
    [waits] = await work(till)
    assert isinstance(waits, TryAgain)
    assert till.provider.receipts == {}


@pytest.mark.parametrize("kind", ["prepayment", "refund", "full"])
@pytest.mark.parametrize(("rate", "advance"), [("none", None), ("0", 0), ("5", 105), ("7", 107), ("10", 110), ("20", 120),
                                               ("22", 122), ("122", 122)])  # fmt: skip
def test_the_rate_of_an_advance_is_calculated(kind: ReceiptKind, rate: Vat, advance: int | None) -> None:
    nobody = UUID(int=1)
    receipt = Receipt(
        nobody, nobody, nobody, nobody, None, None, kind, Money(100, "RUB"), "requested", None, None, None, NOW, None, vat=rate,
    )  # fmt: skip
    settled = None if rate == "none" else int(rate)
    assert rules.vat_of(receipt) == (settled if kind == "full" else advance)


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
