"""A lost notification at every step is found and entered, once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from kamhub.hub.booking import actions as bookings
from kamhub.hub.payment import jobs as payment_jobs
from kamhub.hub.payment.client import ProviderUnavailable
from kamhub.hub.reconciliation import actions, jobs
from kamhub.hub.services import Hub
from kamhub.kit.clock import ManualClock
from kamhub.platform.job.queue import enqueue
from kamhub.platform.job.types import GiveUp
from tests.asgi import Web
from tests.builders import World
from tests.hub.payment.support import Till, refusal
from tests.hub.payment.test_payment_settle import access
from tests.work import work_off

TODAY = date(2026, 11, 24)


@dataclass
class Context:
    hub: Hub


async def compare(till: Till, *, crash: bool = False, again: bool = True) -> list[Any]:
    if again:
        account = till.world.main.account
        assert account is not None
        async with till.hub.database.tenant(till.world.main.id) as connection:
            await actions.begin(connection, till.world.main.id, account, TODAY, till.hub)
    return await work_off(till.hub.database, jobs.JOBS, Context(till.hub), crash=crash)


def result(till: Till) -> tuple[Any, ...]:
    return till.world.rows("SELECT status, theirs, ours, repaired FROM reconciliations")[0]


async def test_what_is_the_same_is_clean(till: Till) -> None:
    booking = await till.booked()
    await till.tell("pay", booking)
    till.provider.list(1001, InvoiceId=booking.code, AccountId=str(booking.id))
    await compare(till)
    assert result(till) == ("clean", 1, 1, 0)
    assert till.cases() == []


async def test_a_lost_payment_confirms_its_booking(till: Till) -> None:
    booking = await till.booked()
    till.provider.list(1001, InvoiceId=booking.code, AccountId=str(booking.id), TotalFee=20.0)
    await compare(till, crash=True)
    await compare(till, again=False)
    await compare(till)
    assert till.booking(booking) == ("confirmed", 250_000, None)
    assert till.cases() == ["lost_notification"]
    assert till.confirmations(booking) == 1
    await till.tell("pay", booking)
    assert till.balances() == {"provider": 248_000, "travellers": -250_000, "provider_fees": 2_000}
    assert result(till)[0] in ("clean", "repaired")
    assert till.broken() == []


async def test_a_lost_capture_release_and_refund(till: Till) -> None:
    captured, released, returned = [await till.booked() for _ in range(3)]
    for number, booking in ((1001, captured), (1002, released), (1003, returned)):
        status = "Completed" if number == 1003 else "Authorized"
        await till.tell("pay", booking, TransactionId=str(number), Status=status)
    till.provider.list(1001)
    till.provider.list(1002, Status="Cancelled")
    till.provider.list(1003)
    till.provider.list(9001, "500.00", OperationType="Refund", OriginalTransactionId=1003)
    await compare(till)
    assert till.booking(captured) == ("confirmed", 250_000, None)
    assert till.booking(released) == ("on_hold", None, None)
    assert till.booking(returned) == ("confirmed", 250_000, 50_000)
    assert result(till) == ("repaired", 4, 3, 3)
    assert sorted(till.cases()) == ["lost_notification"] * 3 + ["unknown_refund"]
    assert till.broken() == []


async def test_what_they_do_not_list_waits_for_a_person_once(till: Till) -> None:
    booking = await till.booked()
    await till.tell("pay", booking)
    till.provider.list(1009, InvoiceId="NOSUCH22")
    for _ in range(2):
        await compare(till)
    assert sorted(till.cases()) == ["lost_notification", "missing_at_provider", "unknown_booking"]
    assert result(till)[0] == "differs"


async def test_another_amount_waits_for_a_person(till: Till) -> None:
    booking = await till.booked()
    await till.tell("pay", booking)
    till.provider.list(1001, "1.00")
    await compare(till)
    assert till.cases() == ["amount_differs"]


async def test_lists_of_many_pages(till: Till) -> None:
    till.provider.page_size = 2
    for number in range(1001, 1006):
        till.provider.list(number, Status="Declined")
    await compare(till)
    assert result(till)[:2] == ("clean", 5)


async def test_down_it_is_compared_later(till: Till) -> None:
    till.provider.failures += [httpx.ConnectError("down")] * 2
    with pytest.raises(ProviderUnavailable):
        await compare(till)
    assert result(till)[0] == "failed"
    await compare(till, again=False)
    assert result(till)[0] == "clean"


async def test_refused_it_is_given_up(till: Till) -> None:
    till.provider.failures.append(refusal("Wrong date"))
    [end] = await compare(till)
    assert isinstance(end, GiveUp)
    assert result(till)[0] == "failed"


async def test_a_refund_asked_for_long_ago_is_asked_for_again(till: Till, clock: ManualClock) -> None:
    booking = await till.booked()
    await till.tell("pay", booking)
    till.provider.list(1001)
    await bookings.cancel(till.hub, access(booking), None)
    till.world.execute("DELETE FROM procrastinate_jobs WHERE task_name = 'payment.send_refund'")
    clock.advance(timedelta(hours=2))
    await compare(till)
    await work_off(till.hub.database, payment_jobs.JOBS, Context(till.hub))
    assert till.booking(booking) == ("cancelled", 250_000, 250_000)
    assert till.broken() == []


async def test_every_night_yesterday_is_compared(till: Till) -> None:
    async with till.hub.database.system() as connection:
        await enqueue(connection, jobs.PLAN)
    await work_off(till.hub.database, jobs.JOBS, Context(till.hub))
    await work_off(till.hub.database, jobs.JOBS, Context(till.hub))
    assert till.world.rows("SELECT day, status FROM reconciliations") == [(date(2026, 11, 23), "clean")]


async def test_a_comparison_that_is_gone_is_a_fault_to_be_seen(till: Till) -> None:
    async def mark(_: object) -> None:
        """Nobody keeps a job of it here."""

    with pytest.raises(LookupError):
        await actions.run(till.hub, till.world.main.id, UUID(int=1), mark)


async def test_over_http(web: Web, world: World) -> None:
    headers = web.staff(world.main, "manager")
    made = await web.client.post("/api/reconciliations", json={"date": "2026-11-23"}, headers=headers)
    assert (made.status_code, made.json()["status"]) == (201, "running")
    again = await web.client.post("/api/reconciliations", json={"date": "2026-11-23"}, headers=headers)
    assert again.json()["id"] == made.json()["id"]
    listed = (await web.client.get("/api/reconciliations", headers=headers)).json()
    assert [one["date"] for one in listed["items"]] == ["2026-11-23"]
    one = await web.client.get(f"/api/reconciliations/{made.json()['id']}", headers=headers)
    assert one.json()["differences"] == []
    future = await web.client.post("/api/reconciliations", json={"date": "2026-12-23"}, headers=headers)
    assert (future.status_code, future.json()["code"]) == (409, "day_to_come")
    other = web.staff(world.other, "manager")
    none = await web.client.post("/api/reconciliations", json={"date": "2026-11-23"}, headers=other)
    assert none.json()["code"] == "no_payment_account"
    assert (await web.client.get(f"/api/reconciliations/{made.json()['id']}", headers=other)).status_code == 404
