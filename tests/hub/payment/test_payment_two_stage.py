"""Money that is set aside first: taken when the operator confirms, let go when not."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import UUID

import httpx
import pytest

from kamhub.hub.booking import actions as bookings
from kamhub.hub.booking.types import Booking
from kamhub.hub.payment import actions, jobs, store
from kamhub.hub.payment.client import ProviderUnavailable
from kamhub.hub.services import Hub
from kamhub.kit.clock import ManualClock
from kamhub.platform.database.pool import Connection
from kamhub.platform.job.queue import enqueue
from tests.hub.booking.support import DISPATCHER
from tests.hub.payment.support import Till, refusal
from tests.hub.payment.test_payment_settle import access
from tests.work import work_off


@dataclass
class Context:
    hub: Hub


@pytest.fixture
async def held(till: Till) -> Booking:
    """A booking whose money the bank has set aside."""
    till.world.execute("UPDATE payment_accounts SET two_stage = true")
    booking = await till.booked()
    till.provider.list(1001, Status="Authorized")
    await till.tell("pay", booking, Status="Authorized")
    return booking


async def decide(till: Till, booking: Booking, *, confirm: bool) -> Booking:
    return await bookings.decide(till.hub, access(booking), trail=DISPATCHER, confirm=confirm, message=None)


async def work(till: Till, *, crash: bool = False) -> None:
    await work_off(till.hub.database, jobs.JOBS, Context(till.hub), crash=crash)


def calls(till: Till) -> list[str]:
    return [path for path, _, _ in till.provider.calls if path.startswith("/payments/")]


async def test_the_link_asks_for_money_to_be_set_aside(till: Till, held: Booking) -> None:
    assert till.provider.calls[0][1]["RequireConfirmation"] is True
    assert till.booking(held) == ("on_hold", None, None)
    assert till.balances() == {}, "nothing was taken yet"


async def test_confirming_takes_the_money_and_the_money_confirms(till: Till, held: Booking) -> None:
    answered = await decide(till, held, confirm=True)
    assert answered.status == "on_hold"
    await work(till)
    assert calls(till) == ["/payments/confirm"]
    assert till.booking(held) == ("confirmed", 250_000, None)
    assert till.balances() == {"provider": 250_000, "travellers": -250_000}
    await till.tell("confirm", held)
    assert till.confirmations(held) == 1
    assert till.broken() == []


async def test_said_twice_it_is_asked_once(till: Till, held: Booking) -> None:
    await decide(till, held, confirm=True)
    await decide(till, held, confirm=True)
    assert len(till.jobs("payment.finish_held")) == 1
    await work(till, crash=True)
    assert till.booking(held) == ("on_hold", None, None)
    await work(till)
    assert len({request for path, _, request in till.provider.calls if path == "/payments/confirm"}) == 1
    assert till.booking(held) == ("confirmed", 250_000, None)


@pytest.mark.parametrize("how", ["reject", "cancel"])
async def test_without_a_confirmation_the_money_is_let_go(till: Till, held: Booking, how: str) -> None:
    if how == "reject":
        await decide(till, held, confirm=False)
    else:
        await bookings.cancel(till.hub, access(held), None)
    await work(till)
    assert calls(till) == ["/payments/void"]
    assert till.payments() == [(1001, "cancelled", True)]
    assert till.booking(held)[0] == {"reject": "rejected", "cancel": "cancelled"}[how]
    await till.tell("cancel", held)
    assert till.balances() == {}
    assert till.broken() == []


async def test_the_last_word_counts(till: Till, held: Booking) -> None:
    await decide(till, held, confirm=True)
    await decide(till, held, confirm=False)
    await work(till)
    assert set(calls(till)) == {"/payments/void"}


async def test_told_before_our_call_there_is_nothing_to_do(till: Till, held: Booking) -> None:
    await decide(till, held, confirm=True)
    await till.tell("confirm", held)
    await work(till)
    assert calls(till) == []
    assert till.confirmations(held) == 1


@pytest.mark.parametrize(("status", "end"), [("Completed", "confirmed"), ("Cancelled", "on_hold")])
async def test_refused_because_it_was_done_already(till: Till, held: Booking, status: str, end: str) -> None:
    await decide(till, held, confirm=True)
    till.provider.list(1001, Status=status)
    till.provider.failures.append(refusal("The payment is not authorised"))
    await work(till)
    assert till.booking(held)[0] == end
    assert till.cases() == []


@pytest.mark.parametrize("known", [True, False])
async def test_refused_for_good_a_person_decides(till: Till, held: Booking, known: bool) -> None:
    await decide(till, held, confirm=True)
    if not known:
        till.provider.transactions.clear()
    till.provider.failures.append(refusal("Not enough on the card"))
    await work(till)
    assert till.cases() == ["capture_refused"]
    assert till.booking(held)[0] == "on_hold"
    assert till.world.rows("SELECT asked FROM payments") == [(None,)]
    await decide(till, held, confirm=True)
    await work(till)
    assert till.booking(held)[0] == "confirmed"


async def test_down_it_is_asked_again_later(till: Till, held: Booking) -> None:
    await decide(till, held, confirm=True)
    till.provider.failures.append(httpx.Response(503))
    with pytest.raises(ProviderUnavailable):
        await work(till)
    await work(till)
    assert till.booking(held)[0] == "confirmed"


async def test_a_second_authorisation_is_let_go_at_once(till: Till, held: Booking) -> None:
    await till.tell("pay", held, Status="Authorized", TransactionId="1002")
    till.provider.list(1002, Status="Authorized")
    await work(till)
    assert calls(till) == ["/payments/void"]
    assert till.payments() == [(1001, "authorized", True), (1002, "cancelled", False)]


async def test_money_of_a_hold_that_ran_out_is_let_go(till: Till, held: Booking, clock: ManualClock) -> None:
    clock.advance(timedelta(days=4))
    async with till.hub.database.system() as connection:
        await enqueue(connection, jobs.RELEASE_HELD)
    await work(till)
    await work(till)
    assert till.payments() == [(1001, "cancelled", True)]


async def test_an_account_that_is_gone_is_a_fault_to_be_seen(
    till: Till, held: Booking, monkeypatch: pytest.MonkeyPatch
) -> None:
    await decide(till, held, confirm=True)

    async def nothing(*_: object, **__: object) -> None:
        return None

    monkeypatch.setattr(store, "account_by_id", nothing)
    [job] = till.jobs("payment.finish_held")

    async def mark(_: Connection) -> None:
        """Nobody keeps a job of it here."""

    with pytest.raises(LookupError):
        await actions.finish_held(till.hub, till.world.main.id, UUID(job["payment_id"]), mark)


async def test_in_one_stage_nothing_is_set_aside(till: Till) -> None:
    await till.booked()
    assert till.provider.calls[0][1]["RequireConfirmation"] is False
    assert replace(till).replies == []
