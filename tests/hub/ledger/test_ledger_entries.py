"""What is entered when money moves, and when trips have run."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from itertools import combinations
from zoneinfo import ZoneInfo

import psycopg
import pytest

from kamhub.hub.booking import actions as bookings
from kamhub.hub.booking.types import Booking
from kamhub.hub.ledger import actions, jobs, rules, store
from kamhub.hub.ledger.types import Entry
from kamhub.hub.payment import jobs as payment_jobs
from kamhub.hub.services import Hub
from kamhub.kit.clock import ManualClock
from kamhub.platform.job.queue import enqueue
from kamhub.platform.job.types import DONE
from tests.hub.payment.support import Till
from tests.hub.payment.test_payment_settle import access
from tests.work import work_off

PRICE = 250_000


@dataclass
class Context:
    hub: Hub


async def work(till: Till) -> None:
    await work_off(till.hub.database, payment_jobs.JOBS, Context(till.hub))


async def paid(till: Till, **changes: str) -> Booking:
    booking = await till.booked()
    await till.tell("pay", booking, **changes)
    return booking


async def test_a_payment_is_owed_to_the_traveller_until_the_trip_has_run(till: Till, clock: ManualClock) -> None:
    booking = await paid(till, TotalFee="66.50")
    assert till.balances() == {"provider": PRICE - 6_650, "travellers": -PRICE, "provider_fees": 6_650}
    assert await actions.earn_all(till.hub) == 0, "it has not run yet"
    clock.advance(timedelta(days=5))
    assert await actions.earn_all(till.hub) == 1
    earned = {
        "provider": PRICE - 6_650,
        "provider_fees": 6_650,
        "revenue": -PRICE,
        "commission": 25_000,
        "platform": -25_000,
    }
    assert till.balances() == earned
    assert await actions.earn_all(till.hub) == 0
    assert till.balances(booking) == earned
    assert till.broken() == []


async def test_the_job_of_the_night(till: Till, clock: ManualClock) -> None:
    await paid(till)
    clock.advance(timedelta(days=5))
    async with till.hub.database.system() as connection:
        await enqueue(connection, jobs.EARN)
    assert await work_off(till.hub.database, jobs.JOBS, Context(till.hub)) == [DONE]
    assert till.balances()["revenue"] == -PRICE


async def read(till: Till) -> list[object]:
    """Statements and balances that begin and end everywhere around the closings."""
    zone, found = ZoneInfo("Asia/Kamchatka"), list[object]()
    days = [
        date(2026, 11, 1),
        date(2026, 11, 25),
        date(2026, 12, 1),
        date(2026, 12, 10),
        date(2027, 1, 1),
        date(2027, 2, 1),
    ]
    async with till.hub.database.tenant(till.world.main.id) as connection:
        for first, last in combinations(days, 2):
            period = rules.period(first, last - timedelta(days=1), zone)
            found.append((first, last, await store.statements(connection, till.world.main.id, period)))
            found.append((first, await store.balances(connection, till.world.main.id, period.since)))
        found.append(await store.balances(connection, till.world.main.id))
    return found


async def test_closing_the_books_changes_no_figure(till: Till, clock: ManualClock) -> None:
    early, less, dollars = [await till.booked() for _ in range(3)]
    await till.tell("pay", early, TotalFee="66.50")
    clock.advance(timedelta(days=8))
    await actions.earn_all(till.hub)
    await till.tell("pay", less, TransactionId="1002", Amount="1.00")
    clock.advance(timedelta(days=31))
    await till.tell("pay", dollars, TransactionId="1003", Currency="USD")
    before = await read(till)
    assert len({str(figures) for figures in before}) > 10
    async with till.hub.database.system() as connection:
        await enqueue(connection, jobs.CLOSE)
    assert await work_off(till.hub.database, jobs.JOBS, Context(till.hub)) == [DONE]
    assert till.world.rows("SELECT count(DISTINCT at) FROM ledger_closings") == [(2,)]
    assert await actions.close_months(till.hub) == 0
    assert await read(till) == before
    assert till.broken() == []
    till.world.execute("UPDATE ledger_closings SET amount = amount + 1 WHERE account = 'revenue' AND at > '2026-12-15'")
    assert await read(till) != before, "they are read from the closings"
    assert till.broken() == ["closings_equal_lines"]


@pytest.mark.parametrize("statement", ["UPDATE ledger_closings SET amount = 1", "DELETE FROM ledger_closings"])
async def test_nobody_changes_what_was_closed(till: Till, statement: str) -> None:
    for scope in (till.hub.database.system(), till.hub.database.tenant(till.world.main.id)):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            async with scope as connection:
                await connection.execute(statement.encode())


async def test_a_fee_that_is_kept_is_earned(till: Till, clock: ManualClock) -> None:
    booking = await paid(till)
    clock.advance(timedelta(days=2, hours=6))
    await bookings.cancel(till.hub, access(booking), None)
    await work(till)
    assert till.booking(booking) == ("cancelled", PRICE, PRICE * 3 // 4)
    clock.advance(timedelta(days=2))
    await actions.earn_all(till.hub)
    kept = PRICE // 4
    assert till.balances() == {"provider": kept, "revenue": -kept, "commission": kept // 10, "platform": -kept // 10}
    assert till.broken() == []


async def test_whole_refunds_earn_nothing(till: Till, clock: ManualClock) -> None:
    booking = await paid(till)
    await bookings.cancel(till.hub, access(booking), None)
    await work(till)
    clock.advance(timedelta(days=5))
    assert await actions.earn_all(till.hub) == 0
    assert till.balances() == {}
    assert till.broken() == []


async def test_a_refund_after_the_trip_takes_commission_back(till: Till, clock: ManualClock) -> None:
    booking = await paid(till)
    clock.advance(timedelta(days=5))
    await actions.earn_all(till.hub)
    await till.tell("refund", booking, TransactionId="9100", Amount="1000.00")
    assert till.balances() == {"provider": 150_000, "revenue": -150_000, "commission": 15_000, "platform": -15_000}
    assert till.broken() == []


async def test_money_of_nobody_is_entered_as_such(till: Till) -> None:
    booking = await till.booked()
    await till.tell("pay", booking, Amount="1000.00")
    await till.tell("pay", booking, InvoiceId="NOSUCH22", TransactionId="1002")
    assert till.balances() == {"provider": 350_000, "unmatched": -350_000}
    assert till.broken() == []


async def test_a_second_payment_goes_back_and_leaves_no_trace_in_the_sums(till: Till) -> None:
    booking = await paid(till)
    await till.tell("pay", booking, TransactionId="1002")
    await work(till)
    assert till.balances() == {"provider": PRICE, "travellers": -PRICE}
    assert till.broken() == []


async def test_refused_test_money_is_not_in_the_books(till: Till) -> None:
    till.world.execute("UPDATE payment_accounts SET mode = 'live'")
    booking = await till.booked()
    await till.tell("pay", booking)
    assert till.cases() == ["test_payment"]
    await till.tell("refund", booking)
    assert till.balances() == {}
    assert till.broken() == []


async def test_an_open_invoice_is_earned_and_owed(till: Till, clock: ManualClock) -> None:
    booking = await till.booked()
    till.world.execute("UPDATE bookings SET pay_by = 'invoice', status = 'confirmed', expires_at = NULL")
    till.world.execute(
        "INSERT INTO booking_events (organisation_id, booking_id, at, to_status, actor) "
        "SELECT organisation_id, id, now(), 'confirmed', 'x' FROM bookings"
    )
    clock.advance(timedelta(days=5))
    assert await actions.earn_all(till.hub) == 1
    assert till.balances(booking) == {
        "receivable": PRICE,
        "revenue": -PRICE,
        "commission": 25_000,
        "platform": -25_000,
    }
    assert till.broken() == []


async def test_a_source_is_entered_once(till: Till) -> None:
    entry = Entry(till.world.main.id, till.world.now, "fee", "fee:x", "RUB", rules.fee(100))
    for fresh in (True, False):
        async with till.hub.database.tenant(till.world.main.id) as connection:
            assert await actions.record(connection, entry) is fresh
    assert till.balances() == {"provider": -100, "provider_fees": 100}


async def test_the_database_refuses_lines_that_do_not_sum_to_zero(till: Till) -> None:
    entry = Entry(till.world.main.id, till.world.now, "fee", "fee:x", "RUB", rules.fee(100))
    with pytest.raises(psycopg.errors.CheckViolation) as caught:
        async with till.hub.database.tenant(till.world.main.id) as connection:
            await actions.record(connection, entry)
            await connection.execute(
                "INSERT INTO ledger_lines SELECT organisation_id, id, 'cash', 1, 'RUB' FROM ledger_entries"
            )
    assert caught.value.diag.constraint_name == "ledger_entry_balances"


@pytest.mark.parametrize("statement", ["UPDATE ledger_lines SET amount = 1", "DELETE FROM ledger_entries"])
async def test_nobody_changes_what_was_entered(till: Till, statement: str) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        async with till.hub.database.tenant(till.world.main.id) as connection:
            await connection.execute(statement.encode())


async def test_a_booking_that_is_gone_earns_nothing(till: Till) -> None:
    async with till.hub.database.tenant(till.world.main.id) as connection:
        assert await actions.earn(connection, till.world.main.id, till.world.main.id, till.world.now) == 0
