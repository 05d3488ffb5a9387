"""The numbers of the whole installation are those of the database, and cost what is open, not what there ever was."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from prometheus_client.parser import text_string_to_metric_families

from kamhub.hub.booking import actions as bookings
from kamhub.hub.monitoring import store
from kamhub.hub.monitoring.metrics import figure_families
from kamhub.hub.monitoring.types import Figures
from kamhub.kit.clock import ManualClock
from kamhub.platform.database.pool import Database
from kamhub.platform.monitoring.meters import text_of
from tests.builders import World
from tests.conftest import NOW
from tests.hub.payment.support import Till
from tests.hub.payment.test_payment_settle import access
from tests.hub.test_plans_of_lists import Explained


async def look(database: Database, clock: ManualClock) -> Figures:
    async with database.system() as connection:
        return await store.figures(connection, clock.now())


def told(figures: Figures) -> dict[str, float]:
    """Samples with anything in them, by name and values of labels."""
    text = text_of(figure_families(figures)).decode()
    return {
        " ".join([sample.name.removeprefix("kamhub_"), *sample.labels.values()]): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.value
    }


async def test_an_installation_that_has_sold_nothing_says_nought(
    database: Database, world: World, clock: ManualClock
) -> None:
    figures = await look(database, clock)
    assert told(figures) == {}
    text = text_of(figure_families(figures)).decode()
    for line in (
        'kamhub_bookings_held{status="lapsed"} 0.0',
        'kamhub_bookings_day{status="confirmed"} 0.0',
        'kamhub_money{currency="RUB",state="paid_day"} 0.0',
        'kamhub_cases_open{kind="late_payment_revived"} 0.0',
        "kamhub_refunds_oldest_open_seconds 0.0",
    ):
        assert line in text.splitlines(), "an alert ends with a nought, not with silence"


async def test_seats_and_bookings(till: Till, database: Database, clock: ManualClock) -> None:
    departure = till.world.departure(capacity=2)
    till.world.departure(capacity=3)
    till.world.departure(departs_in=timedelta(days=8))
    till.world.departure(status="cancelled")
    await till.held(departure)
    clock.advance(timedelta(minutes=20))
    await till.held(departure, 2)
    await till.booked(till.world.departure(operator=till.world.other))
    clock.advance(timedelta(minutes=1))
    figures = told(await look(database, clock))
    assert figures == {
        "bookings_held on_hold": 1,
        "bookings_held pending": 1,
        "bookings_day pending": 1,
        "departures_week on_sale": 2,
        "departures_week sold_out": 1,
        "leg_seats_week taken": 9,
        "leg_seats_week free": 18,
    }


async def test_a_hold_that_nobody_tidies_is_told_with_its_age(
    till: Till, database: Database, clock: ManualClock
) -> None:
    await till.held()
    clock.advance(timedelta(minutes=5))
    await till.held()
    clock.advance(timedelta(minutes=12))
    figures = told(await look(database, clock))
    assert (figures["bookings_held on_hold"], figures["bookings_held lapsed"]) == (1, 1)
    assert figures["bookings_lapsed_oldest_seconds"] == 120


async def test_money_and_cases(till: Till, database: Database, clock: ManualClock) -> None:
    booking, late = await till.booked(), await till.booked()
    await till.tell("fail", booking, TransactionId="1000")
    await till.tell("pay", booking)
    await bookings.cancel(till.hub, access(booking), None)
    clock.advance(timedelta(minutes=20))
    await till.tell("pay", late, TransactionId="1002")
    clock.advance(timedelta(minutes=10))
    figures = told(await look(database, clock))
    money = {name: value for name, value in figures.items() if name.startswith(("money", "cases", "refunds"))}
    assert money == {
        "money RUB paid_day": 5_000,
        "money RUB declined_day": 2_500,
        "money RUB to_return": 2_500,
        "money_movements RUB paid_day": 2,
        "money_movements RUB declined_day": 1,
        "money_movements RUB to_return": 1,
        "refunds_oldest_open_seconds": 1_800,
        "cases_open late_payment_revived": 1,
        "cases_oldest_open_seconds": 600,
    }
    till.world.execute("UPDATE refunds SET status = 'completed', settled_at = %s", clock.now())
    till.world.execute("UPDATE cases SET closed_at = %s, closed_by = NULL", clock.now())
    till.world.execute("UPDATE payments SET status = 'authorized' WHERE transaction_id = 1002")
    figures = told(await look(database, clock))
    money = {name: value for name, value in figures.items() if name.startswith(("money ", "cases", "refunds"))}
    assert money == {
        "money RUB paid_day": 2_500,
        "money RUB declined_day": 2_500,
        "money RUB set_aside": 2_500,
        "money RUB returned_day": 2_500,
    }
    clock.advance(timedelta(hours=25))
    figures = told(await look(database, clock))
    assert {name: value for name, value in figures.items() if name.startswith("money ")} == {
        "money RUB set_aside": 2_500
    }


# Indexes by query. Asked with every other way made dear: that there is one which is bounded. Of departures the planner may also
# take the one of those on sale, route by route.
BOUNDED = {
    "held": {"bookings_lapsing"},
    "named": {"bookings_contact_age"},
    "departures": {"departures_by_day", "departures_on_sale"},
    "payments": {"payments_by_time"},
    "set aside": {"payments_authorized", "payments_unusual"},
    "refunds": {"refunds_by_time"},
    "cases": {"cases_open"},
}


async def test_every_look_is_bounded_by_an_index(database: Database, world: World) -> None:
    assert BOUNDED.keys() == store.QUERIES.keys() - {"currencies"}
    otherwise: dict[str, Any] = {}
    async with database.system() as connection:
        await connection.execute("SET LOCAL enable_seqscan = off")
        await connection.execute("SET LOCAL enable_bitmapscan = off")
        for name, indexes in BOUNDED.items():
            explained = Explained(connection)
            await explained.execute(store.QUERIES[name], store.moments(NOW))
            walked = {node["Index Name"] for node in explained.nodes if "Index Name" in node}
            tables = {node["Relation Name"] for node in explained.nodes if node["Node Type"] == "Seq Scan"}
            if not walked & indexes or tables:
                otherwise[name] = (walked, tables)
    assert otherwise == {}
