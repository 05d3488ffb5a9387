"""How the other lists of the office feel with what a million bookings leave behind: every filter by itself, first page and last."""

from __future__ import annotations

import asyncio
import contextlib
import statistics
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID

import psycopg
from rich.console import Console
from rich.table import Table

from bench import lists
from bench.office import seed_office
from bench.servers import scratch_database
from kamhub.hub.departure.store import staff as departures
from kamhub.hub.departure.types import DepartureQuery, Reach
from kamhub.hub.ledger import store as ledger
from kamhub.hub.ledger.types import EntryQuery, Period
from kamhub.hub.money import store as money
from kamhub.hub.money.types import MoneyQuery
from kamhub.hub.notice.store import log
from kamhub.hub.notice.types import MessageQuery
from kamhub.hub.review import store as reviews
from kamhub.hub.review.types import ReviewQuery
from kamhub.platform.database.pool import Connection, Database

SIZE = 1_000_000
REPEATS = 9
PAGE = 50
LAST = 10_000 - PAGE
_EVERYTHING = Reach(everything=True)

Ask = Callable[[Connection], Awaitable[object]]


def _money(organisation: UUID, code: str) -> dict[str, Ask]:
    now = datetime.now(UTC)
    year = now - timedelta(days=365)

    def of(name: str, list_of: Callable[..., Awaitable[object]], query: MoneyQuery, offset: int = 0) -> tuple[str, Ask]:
        return name, lambda connection: list_of(connection, organisation, query, offset=offset, limit=PAGE)

    return dict(
        [
            of("payments", money.payments, MoneyQuery()),
            of("payments, the last page", money.payments, MoneyQuery(), LAST),
            of("payments: declined, one of a hundred", money.payments, MoneyQuery(status="declined")),
            of("payments: authorized, none", money.payments, MoneyQuery(status="authorized")),
            of("payments: a year", money.payments, MoneyQuery(since=year - timedelta(days=365), until=year)),
            of("payments: a code", money.payments, MoneyQuery(text=code)),
            of("payments: a number of the provider", money.payments, MoneyQuery(text="12345")),
            of("payments: a text nobody has", money.payments, MoneyQuery(text="nobody")),
            of("refunds", money.refunds, MoneyQuery()),
            of("refunds: refused, none", money.refunds, MoneyQuery(status="refused")),
            of("refunds: requested, none", money.refunds, MoneyQuery(status="requested")),
            of("cases", money.cases, MoneyQuery()),
            of("cases, the last page", money.cases, MoneyQuery(), LAST),
            of("cases: open", money.cases, MoneyQuery(status="open")),
            of("cases: closed", money.cases, MoneyQuery(status="closed")),
            of("cases: of a rare kind", money.cases, MoneyQuery(kind="chargeback")),
            of("cases: closed of a kind", money.cases, MoneyQuery(status="closed", kind="wrong_amount")),
            ("cases: how many wait", lambda connection: money.open_cases(connection, organisation)),
        ]
    )


def _messages(organisation: UUID, code: str) -> dict[str, Ask]:
    def of(name: str, query: MessageQuery, offset: int = 0) -> tuple[str, Ask]:
        return name, lambda connection: log.messages(connection, organisation, query, offset=offset, limit=PAGE)

    return dict(
        [
            of("messages", MessageQuery()),
            of("messages, the last page", MessageQuery(), LAST),
            of("messages: waiting", MessageQuery(status="waiting")),
            of("messages: failed", MessageQuery(status="failed")),
            of("messages: sent", MessageQuery(status="sent")),
            of("messages: of a kind", MessageQuery(kind="reminder_day")),
            of("messages: of a kind nobody got", MessageQuery(kind="rejected")),
            of("messages: sms, one of fifty", MessageQuery(channel="sms")),
            of("messages: telegram, none", MessageQuery(channel="telegram")),
            of("messages: failed by sms, none", MessageQuery(status="failed", channel="sms")),
            of("messages: of a booking", MessageQuery(booking=code)),
        ]
    )


def _departures(organisation: UUID, route: UUID) -> dict[str, Ask]:
    now = datetime.now(UTC)

    def of(name: str, query: DepartureQuery, offset: int = 0) -> tuple[str, Ask]:
        async def ask(connection: Connection) -> object:
            found = await departures.departures(
                connection, organisation, _EVERYTHING, query, now, offset=offset, limit=PAGE
            )
            return found, await departures.count(connection, organisation, _EVERYTHING, query, now)

        return name, ask

    return dict(
        [
            of("departures from now on", DepartureQuery(since=now)),
            of("departures of all times", DepartureQuery()),
            of("departures of all times, the last page", DepartureQuery(), LAST),
            of("departures of a route", DepartureQuery(since=now - timedelta(days=700), route_id=route)),
            of("departures: cancelled, none", DepartureQuery(status="cancelled")),
            of("departures of a driver, none", DepartureQuery(driver_id=organisation)),
            of("departures of a vehicle, none", DepartureQuery(vehicle_id=organisation)),
        ]
    )


def _reviews(organisation: UUID) -> dict[str, Ask]:
    def of(name: str, query: ReviewQuery, offset: int = 0) -> tuple[str, Ask]:
        return name, lambda connection: reviews.reviews(connection, organisation, query, offset=offset, limit=PAGE)

    return dict(
        [
            of("reviews", ReviewQuery()),
            of("reviews, the last page", ReviewQuery(), LAST),
            of("reviews: one star", ReviewQuery(rating=1)),
            of("reviews: unanswered", ReviewQuery(answered=False)),
            of("reviews: one star, answered", ReviewQuery(rating=1, answered=True)),
        ]
    )


def _ledger(organisation: UUID) -> dict[str, Ask]:
    now = datetime.now(UTC)

    def of(name: str, query: EntryQuery, offset: int = 0) -> tuple[str, Ask]:
        async def ask(connection: Connection) -> object:
            found = await ledger.entries(connection, organisation, query, offset=offset, limit=PAGE)
            return found, await ledger.count_entries(connection, organisation, query)

        return name, ask

    month = Period(
        (now - timedelta(days=60)).date(),
        (now - timedelta(days=30)).date(),
        now - timedelta(days=60),
        now - timedelta(days=30),
    )
    return dict(
        [
            of("ledger", EntryQuery()),
            of("ledger, the last page", EntryQuery(), LAST),
            of("ledger: a kind", EntryQuery(kind="commission")),
            of("ledger: a kind, none", EntryQuery(kind="payout")),
            of("ledger: an account", EntryQuery(account="revenue")),
            of("ledger: an account, none", EntryQuery(account="bank")),
            of("ledger: a year", EntryQuery(since=now - timedelta(days=800), until=now - timedelta(days=435))),
            ("ledger: what the accounts hold", lambda connection: ledger.balances(connection, organisation)),
            ("ledger: the statement of a month", lambda connection: ledger.statements(connection, organisation, month)),
        ]
    )


async def measure(url: str, organisation: UUID, route: UUID, code: str) -> list[tuple[str, float, float]]:
    """``name, best ms, median ms`` of each."""
    asked = {
        **_money(organisation, code), **_messages(organisation, code), **_departures(organisation, route),
        **_reviews(organisation), **_ledger(organisation),
    }  # fmt: skip
    results = []
    async with Database(url, application="bench") as database:
        for name, ask in asked.items():
            times = []
            for _ in range(REPEATS):
                begun = time.perf_counter()
                with contextlib.suppress(psycopg.errors.QueryCanceled):  # the database's own limit of time
                    async with database.tenant(organisation) as connection:
                        await ask(connection)
                times.append((time.perf_counter() - begun) * 1000)
            results.append((name, min(times), statistics.median(times)))
    return results


def run(console: Console, size: int = SIZE) -> None:
    """Print the table."""
    with scratch_database() as (_, address):
        seeded = lists.seed(address.owner_url, size)
        seed_office(address.owner_url, seeded.organisation)
        table = Table("list", "best ms", "median ms", title=f"what {size:,} bookings of one operator leave behind")
        found = asyncio.run(measure(address.app_url, seeded.organisation, seeded.route, seeded.code))
        for name, best, median in found:
            table.add_row(name, f"{best:.1f}", f"{median:.1f}")
        console.print(table)
