"""The job that asks the provider to return money."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID, uuid4

import httpx
import pytest

from kamhub.hub.booking import actions as bookings
from kamhub.hub.booking.types import Booking
from kamhub.hub.payment import jobs
from kamhub.hub.payment.actions import send_refund
from kamhub.hub.payment.client import ProviderUnavailable
from kamhub.hub.services import Hub
from kamhub.kit.clock import ManualClock
from kamhub.platform.database.pool import Connection
from kamhub.platform.job.types import DONE
from tests.hub.payment.support import Till, refusal
from tests.hub.payment.test_payment_settle import access
from tests.work import work_off


@dataclass
class Context:
    hub: Hub


async def owed(till: Till) -> tuple[Booking, UUID]:
    """A cancelled booking whose money is to go back, and the refund."""
    booking = await till.booked()
    await till.tell("pay", booking)
    await bookings.cancel(till.hub, access(booking), None)
    [job] = till.jobs("payment.send_refund")
    return booking, UUID(job["refund_id"])


async def run(till: Till, refund: UUID) -> None:
    async def mark(_: Connection) -> None:
        """Nobody keeps a job of it here."""

    await send_refund(till.hub, till.world.main.id, refund, mark)


def refund_calls(till: Till) -> list[tuple[dict[str, object], str]]:
    return [(body, request_id) for path, body, request_id in till.provider.calls if path == "/payments/refund"]


async def test_money_goes_back(till: Till) -> None:
    booking, refund = await owed(till)
    ends = await work_off(till.hub.database, jobs.JOBS, Context(till.hub))
    assert set(ends) == {DONE}
    assert till.jobs("payment.send_refund") == []
    assert refund_calls(till) == [({"TransactionId": 1001, "Amount": "2500.00"}, str(refund))]
    assert [row[:2] for row in till.refunds()] == [(250_000, "completed")]
    assert till.booking(booking) == ("cancelled", 250_000, 250_000)
    assert till.cases() == []


async def test_run_twice_it_goes_back_once(till: Till) -> None:
    _, refund = await owed(till)
    await run(till, refund)
    await run(till, refund)
    assert len(refund_calls(till)) == 1


async def test_run_twice_at_once_the_provider_carries_it_out_once(till: Till) -> None:
    _, refund = await owed(till)
    await asyncio.gather(run(till, refund), run(till, refund))
    assert {request_id for _, request_id in refund_calls(till)} == {str(refund)}
    assert len(till.refunds()) == 1
    assert till.refunds()[0][1] == "completed"


async def test_a_refused_refund_is_a_case_and_no_longer_counts_as_returned(till: Till) -> None:
    booking, refund = await owed(till)
    till.provider.failures.append(refusal("Недостаточно средств на счёте"))
    await run(till, refund)
    assert [row[:2] for row in till.refunds()] == [(250_000, "refused")]
    assert till.booking(booking) == ("cancelled", 250_000, None)
    assert till.cases() == ["refund_refused"]
    details = till.world.rows("SELECT details, refund_id FROM cases")[0]
    assert details == ({"message": "Недостаточно средств на счёте"}, refund)
    await run(till, refund)
    assert len(refund_calls(till)) == 1


@pytest.mark.parametrize(
    "failure",
    [
        httpx.Response(500, text="oops"),
        httpx.Response(429),
        httpx.Response(301, headers={"location": "https://elsewhere.test"}),
        httpx.Response(200, text="<html>"),
        httpx.Response(200, json={"Success": True, "Model": {}}),
        httpx.Response(200, json={"Success": True, "Model": {"TransactionId": None}}),
        httpx.Response(200, json={"Success": True}),
        httpx.ReadTimeout("late"),
    ],
)
async def test_without_an_answer_it_is_asked_again_later(till: Till, failure: httpx.Response | Exception) -> None:
    booking, refund = await owed(till)
    attempts = 2 if isinstance(failure, Exception) else 1
    till.provider.failures += [failure] * attempts
    with pytest.raises(ProviderUnavailable):
        await run(till, refund)
    assert [row[:2] for row in till.refunds()] == [(250_000, "requested")]
    await run(till, refund)
    assert [row[:2] for row in till.refunds()] == [(250_000, "completed")]
    assert {request_id for _, request_id in refund_calls(till)} == {str(refund)}, (
        "the provider knows a repeat by its id"
    )
    assert till.booking(booking) == ("cancelled", 250_000, 250_000)


async def test_an_answer_lost_on_the_way_is_found_by_the_repeat_within_the_call(till: Till) -> None:
    _, refund = await owed(till)
    till.provider.failures.append(httpx.ConnectError("reset"))
    await run(till, refund)
    assert len(refund_calls(till)) == 2
    assert till.refunds()[0][1] == "completed"


@pytest.mark.parametrize("reply", [[], "no", {"Success": False}, {"Success": False, "Message": None}])
async def test_an_answer_that_is_no_yes_is_a_no(till: Till, reply: object) -> None:
    _, refund = await owed(till)
    till.provider.failures.append(httpx.Response(200, json=reply))
    await run(till, refund)
    assert till.refunds()[0][1] == "refused"
    assert till.world.rows("SELECT error FROM refunds") == [("refused without a message",)]


async def test_keys_the_provider_does_not_know_are_a_refusal(till: Till) -> None:
    _, refund = await owed(till)
    till.provider.failures.append(httpx.Response(401))
    await run(till, refund)
    assert till.cases() == ["refund_refused"]


async def test_after_fifty_minutes_a_repeat_could_pay_twice_so_the_list_is_asked_first(
    till: Till, clock: ManualClock
) -> None:
    _, refund = await owed(till)
    till.provider.list(9001, OperationType="Refund", OriginalTransactionId=1001)
    clock.advance(timedelta(minutes=50, seconds=1))
    await run(till, refund)
    assert refund_calls(till) == []
    assert till.refunds() == [(250_000, "completed", 9001)]
    assert till.cases() == []
    assert till.broken() == []


@pytest.mark.parametrize(
    "other",
    [
        {"OriginalTransactionId": 1002},
        {"OriginalTransactionId": 1001, "Amount": 1.0},
        {"OriginalTransactionId": 1001, "Status": "Declined"},
        {"OriginalTransactionId": 1001, "OperationType": "CardPayout"},
        {"OriginalTransactionId": 1001, "Amount": "nonsense"},
    ],
)
async def test_what_the_list_does_not_have_is_asked_for_anew(
    till: Till, clock: ManualClock, other: dict[str, object]
) -> None:
    _, refund = await owed(till)
    till.provider.list(9500, **{"OperationType": "Refund", **other})  # type: ignore[arg-type]
    clock.advance(timedelta(hours=1))
    till.provider.failures += [httpx.Response(200, json={"Success": True, "Model": []}), httpx.Response(502)]
    with pytest.raises(ProviderUnavailable):
        await run(till, refund)
    [(_, first)] = refund_calls(till)
    assert first != str(refund), "the old id may be forgotten by now"
    await run(till, refund)
    assert [request for _, request in refund_calls(till)] == [first, first]
    assert till.refunds()[0][1] == "completed"
    assert till.broken() == []


async def test_a_provider_down_for_an_hour_returns_the_money_once(till: Till, clock: ManualClock) -> None:
    booking, refund = await owed(till)
    for _ in range(12):
        till.provider.failures += [httpx.ConnectError("down")] * 2
        with pytest.raises(ProviderUnavailable):
            await run(till, refund)
        clock.advance(timedelta(minutes=5))
    await run(till, refund)
    assert till.booking(booking) == ("cancelled", 250_000, 250_000)
    assert len([one for one in till.provider.transactions.values() if one["OperationType"] == "Refund"]) == 1
    assert till.cases() == []
    assert till.balances() == {}


async def test_a_list_that_is_refused_or_never_ends(till: Till, clock: ManualClock) -> None:
    _, refund = await owed(till)
    clock.advance(timedelta(hours=1))
    till.provider.failures.append(refusal("Not today"))
    await run(till, refund)
    assert till.world.rows("SELECT error FROM refunds") == [("Not today",)]


async def test_killed_at_the_end_the_repeat_finds_the_effect_and_adds_none(till: Till) -> None:
    booking, _ = await owed(till)
    await work_off(till.hub.database, jobs.JOBS, Context(till.hub), crash=True)
    assert till.refunds()[0][1] == "requested", "nothing of the killed run stays but what the provider did"
    assert set(await work_off(till.hub.database, jobs.JOBS, Context(till.hub))) == {DONE}
    assert len(till.provider.transactions) == 1
    assert till.booking(booking) == ("cancelled", 250_000, 250_000)
    assert till.balances() == {}
    assert till.broken() == []


async def test_told_by_a_notification_while_the_call_is_under_way(till: Till) -> None:
    booking, refund = await owed(till)
    transaction = str(9000 + len(till.provider.done) + 1)
    till.provider.before_answer = lambda: till.tell("refund", booking, TransactionId=transaction)
    await run(till, refund)
    assert till.refunds() == [(250_000, "completed", int(transaction))]
    assert till.cases() == []


async def test_told_by_a_notification_after_the_call(till: Till) -> None:
    booking, refund = await owed(till)
    await run(till, refund)
    [(_, _, transaction)] = till.refunds()
    await till.tell("refund", booking, TransactionId=str(transaction))
    assert len(till.refunds()) == 1
    assert till.cases() == []


async def test_a_refund_that_is_not_there(till: Till) -> None:
    await run(till, uuid4())
    assert refund_calls(till) == []


async def test_an_account_put_away_returns_what_it_took(till: Till) -> None:
    _, refund = await owed(till)
    till.world.execute("UPDATE payment_accounts SET archived_at = now()")
    await run(till, refund)
    assert till.refunds()[0][1] == "completed"


async def test_a_refund_without_its_payment_is_a_fault_to_be_seen(till: Till, monkeypatch: pytest.MonkeyPatch) -> None:
    _, refund = await owed(till)

    async def nothing(*_: object, **__: object) -> None:
        return None

    monkeypatch.setattr("kamhub.hub.payment.store.account_by_id", nothing)
    with pytest.raises(LookupError):
        await run(till, refund)
