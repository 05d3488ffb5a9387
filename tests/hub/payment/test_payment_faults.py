"""Everything that can go wrong between the hub and the payment service, through both programs as they run: each thing
happens once, both sides tell the same, the ledger adds up.

Each test runs its table on one street, a booking a row.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest
import stamina

from kamhub.hub.payment.client import ProviderUnavailable
from kamhub.kit.clock import ManualClock
from kamhub.platform.crypto.keys import KeyRing
from tests.builders import World
from tests.hub.payment.street import CONTACT, POOR, Street, Trip, street

PRICE = 250_000
PAID, BACK = ("confirmed", PRICE, None), ("cancelled", PRICE, PRICE)
IN, OUT = ["Income"], ["Income", "IncomeReturn"]
HOURS = timedelta(hours=7)


@pytest.fixture
async def town(
    database_url: str, keys: KeyRing, clock: ManualClock, data_dir: Path, world: World
) -> AsyncIterator[Street]:
    stamina.set_testing(True, attempts=2)
    async with street(database_url, keys, clock, data_dir, world) as running:
        yield running
    stamina.set_testing(False)


def stages(town: Street, *, two: bool) -> None:
    town.world.execute("UPDATE payment_accounts SET two_stage = %s", two)


async def paid(town: Street, fault: str, kind: str) -> Trip:
    """One stage: the card is charged. News of it that is lost is found in the night."""
    stages(town, two=False)
    trip = await town.book()
    if kind == "check" and fault == "lose":
        await town.pay(trip)  # declined: nobody answered, and the payer tries again
    await town.pay(trip)
    if (fault, kind) == ("lose", "pay"):
        await town.reconcile()
    return trip


async def declined(town: Street, fault: str, kind: str) -> Trip:
    """The first card has no money."""
    stages(town, two=False)
    trip = await town.book()
    await town.pay(trip, POOR)
    await town.pay(trip)
    return trip


async def set_aside(town: Street, fault: str, kind: str) -> Trip:
    stages(town, two=True)
    trip = await town.book()
    await town.pay(trip)
    if (fault, kind) == ("lose", "pay"):
        await town.reconcile()
    return trip


async def captured(town: Street, fault: str, kind: str) -> Trip:
    """Two stages. The operator cannot confirm what nobody told of: then it is taken in the cabinet."""
    trip = await set_aside(town, fault, kind)
    if (fault, kind) == ("hold", "pay"):
        await town.cabinet("/payments/confirm", trip)
    else:
        await town.decide(trip, "confirm")
    await town.quiet()
    return trip


async def let_go(town: Street, fault: str, kind: str) -> Trip:
    trip = await set_aside(town, fault, kind)
    if (fault, kind) == ("hold", "pay"):
        await town.cabinet("/payments/void", trip)
        await town.quiet()
    await town.decide(trip, "reject")
    return trip


async def returned(town: Street, fault: str, kind: str) -> Trip:
    """Paid and cancelled in time."""
    trip = await paid(town, fault, kind)
    if (fault, kind) == ("hold", "pay"):
        await town.cabinet("/payments/refund", trip)
    else:
        await town.cancel(trip)
    await town.quiet()
    return trip


Journey = Callable[[Street, str, str], Awaitable[Trip]]
LATE = {"lost_notification"}
# journey, news, what becomes of it, how the booking ends, cases, receipts
NEWS: list[tuple[Journey, str, str, tuple[object, ...], set[str], list[str]]] = [
    (paid, "check", "lose", PAID, set(), IN),
    (paid, "check", "repeat", PAID, set(), IN),
    (paid, "pay", "lose", PAID, LATE, IN),
    (paid, "pay", "repeat", PAID, set(), IN),
    (paid, "pay", "hold", PAID, set(), IN),
    (declined, "fail", "lose", PAID, set(), IN),
    (declined, "fail", "repeat", PAID, set(), IN),
    (declined, "fail", "hold", PAID, set(), IN),
    (captured, "pay", "lose", PAID, LATE, IN),
    (captured, "pay", "repeat", PAID, set(), IN),
    (captured, "pay", "hold", PAID, set(), IN),
    (captured, "confirm", "lose", PAID, set(), IN),
    (captured, "confirm", "repeat", PAID, set(), IN),
    (captured, "confirm", "hold", PAID, set(), IN),
    (let_go, "pay", "hold", ("rejected", None, None), set(), []),
    (let_go, "cancel", "lose", ("rejected", None, None), set(), []),
    (let_go, "cancel", "repeat", ("rejected", None, None), set(), []),
    (let_go, "cancel", "hold", ("rejected", None, None), set(), []),
    (returned, "pay", "hold", ("confirmed", PRICE, PRICE), {"unknown_refund"}, OUT),
    (returned, "refund", "lose", BACK, set(), OUT),
    (returned, "refund", "repeat", BACK, set(), OUT),
    (returned, "refund", "hold", BACK, set(), OUT),
    (paid, "receipt", "lose", PAID, set(), IN),
    (paid, "receipt", "repeat", PAID, set(), IN),
]


async def test_news_that_is_lost_repeated_or_late(town: Street) -> None:
    found = []
    for journey, kind, fault, end, cases, receipts in NEWS:
        await town.fault(fault, kind)
        trip = await journey(town, fault, kind)
        await town.quiet()
        wrong = await town.wrong(trip, end, cases, receipts)
        found += [f"{journey.__name__}, {kind} {fault}: {one}" for one in wrong]
        town.world.execute("DELETE FROM cases WHERE booking_id IS NULL")
        await town.well()
    assert found + town.broken() == []


async def linked(town: Street, trip: Trip) -> None:
    """There is a link, and it is paid by."""
    await town.pay(trip)


async def asked_capture(town: Street, trip: Trip) -> None:
    await town.pay(trip)
    await town.decide(trip, "confirm")


async def asked_release(town: Street, trip: Trip) -> None:
    await town.pay(trip)
    await town.decide(trip, "reject")


async def asked_refund(town: Street, trip: Trip) -> None:
    await town.pay(trip)
    await town.quiet()
    await town.cancel(trip)


Asking = Callable[[Street, Trip], Awaitable[None]]
# what is asked for, by which call, in two stages, how the booking ends, receipts
CALLS: list[tuple[Asking, str, bool, tuple[object, ...], list[str]]] = [
    (asked_capture, "/payments/confirm", True, PAID, IN),
    (asked_release, "/payments/void", True, ("rejected", None, None), []),
    (asked_refund, "/payments/refund", False, BACK, OUT),
    (linked, "/kkt/receipt", False, PAID, IN),
]


# What the service tells of a call it carried out.
TOLD = {"/payments/confirm": "confirm", "/payments/void": "cancel", "/payments/refund": "refund"}


async def test_calls_that_are_late_fail_or_lose_their_answer(town: Street) -> None:
    """Late is later than the hub waits: the service acts, and nobody hears of it."""
    found = []
    for asking, path, two, end, receipts in CALLS:
        for fault in (
            {"what": "slow", "seconds": 0.45},
            {"what": "fail", "count": 3},
            {"what": "lose_answer", "count": 2},
        ):
            stages(town, two=two)
            trip = await town.book()
            await asking(town, trip)
            await town.fault(where=path, **fault)  # type: ignore[arg-type]
            await town.quiet()
            found += [f"{path} {fault}: {one}" for one in await town.wrong(trip, end, set(), receipts)]
            await town.well()
    assert found + town.broken() == []


@pytest.mark.parametrize("how", ["cut", "failing", "acting"])
async def test_a_service_that_is_down_for_an_hour(town: Street, how: str) -> None:
    """Cut off it was surely not reached. Failing or ``acting`` (it does what it is asked and no answer comes through) cannot be
    told apart: money is looked for in the list, a receipt is heard of, or not asked for again but by a person."""
    found = []
    for asking, path, two, end, receipts in CALLS:
        stages(town, two=two)
        trip = await town.book()
        await asking(town, trip)
        town.wire.cut = how == "cut"
        if how != "cut":
            await town.fault("fail" if how == "failing" else "lose_answer", path, count=999)
        if how == "acting" and path in TOLD:
            await town.fault("lose", TOLD[path])
        for _ in range(7):
            with suppress(ProviderUnavailable):
                await town.work()
            town.clock.advance(timedelta(minutes=10))
        await town.well()
        unheard = path == "/kkt/receipt" and how == "failing"
        if unheard:
            await town.work()
            town.clock.advance(HOURS)
        await town.quiet()
        cases = {"receipt_unanswered"} if unheard else set()
        made = [] if unheard else receipts
        found += [f"{path} {how}: {one}" for one in await town.wrong(trip, end, cases, made)]
    assert found + town.broken() == []


@pytest.mark.parametrize("moment", ["before", "after", "settling"])
async def test_a_process_killed_at_any_moment(town: Street, moment: str) -> None:
    """Before the call, after it, and while what it brought is being written."""
    found = []
    for asking, path, two, end, receipts in CALLS:
        stages(town, two=two)
        trip = await town.book()
        await asking(town, trip)
        if moment == "settling":
            await town.work(crash=True)
        else:
            town.wire.death = (path, moment)
            with pytest.raises(asyncio.CancelledError):
                await town.work()
        await town.quiet()
        found += [f"{path} {moment}: {one}" for one in await town.wrong(trip, end, set(), receipts)]
    assert found + town.broken() == []


async def test_a_link_that_could_not_be_had_is_had_by_asking_again(town: Street) -> None:
    """One wish, one booking, one order, whatever happened to the first request."""
    stages(town, two=False)
    path, found = "/orders/create", []
    for trouble in ("fail", "lose_answer", "slow", "cut", "before", "after"):
        if trouble in ("before", "after"):
            town.wire.death = (path, trouble)
        elif trouble == "cut":
            town.wire.cut = True
        else:
            await town.fault(trouble, path, seconds=0.45 if trouble == "slow" else 0, count=2)
        body = {"departure_id": str(town.world.departure()), "passengers": 1, "contact": CONTACT}
        wish = {"Idempotency-Key": trouble}
        with suppress(asyncio.CancelledError):
            first = await town.web.client.post("/api/transfers/book", json=body, headers=wish)
            assert first.json()["payment"] is None
        await town.well()
        town.clock.advance(timedelta(minutes=4))
        trip = town.trip(await town.web.client.post("/api/transfers/book", json=body, headers=wish))
        await town.pay(trip)
        await town.quiet()
        orders = town.world.rows("SELECT status FROM payment_orders WHERE booking_id = %s", trip.id)
        found += [f"{trouble}: {one}" for one in await town.wrong(trip, PAID, set(), IN)]
        found += [] if orders == [("closed",)] else [f"{trouble}: {orders}"]
    assert found + town.broken() == []
