"""How the list of bookings feels with a hundred thousand and a million bookings of one operator, every filter by itself."""

from __future__ import annotations

import asyncio
import statistics
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import cast
from uuid import UUID

import psycopg
from rich.console import Console
from rich.table import Table

from bench.seed import _line as line
from bench.servers import scratch_database
from kamhub.hub.booking_office import rules
from kamhub.hub.booking_office.actions import lists
from kamhub.hub.booking_office.types import BookingFilter
from kamhub.hub.services import Hub
from kamhub.kit.clock import SystemClock
from kamhub.platform.audit.types import Trail
from kamhub.platform.database.pool import Database
from kamhub.platform.person.types import Staff

SIZES = (100_000, 1_000_000)
REPEATS = 15
PER_DEPARTURE = 12
_NAMES = ["Анна", "Иван", "Ольга", "Пётр", "Мария", "Сергей", "Елена", "Дмитрий", "Наталья", "Алексей"]
_SURNAMES = 5_000  # as many as a country has that are at all common


@dataclass(frozen=True, slots=True)
class _Only:
    """The services that lists use."""

    database: Database
    clock: SystemClock


@dataclass(frozen=True, slots=True)
class _Seeded:
    """One operator, its route, and a phone and a code of one of its bookings."""

    organisation: UUID
    route: UUID
    phone: str
    code: str


def seed(url: str, bookings: int) -> _Seeded:
    """One operator with that many bookings of three years.

    Two of twelve were never named, one of twenty was cancelled, one of a thousand rejected.
    """
    departures = bookings // PER_DEPARTURE
    with psycopg.connect(url) as connection:
        organisation, route, tariff, vehicle = line(connection, "desk", 3)
        connection.execute(
            "INSERT INTO departures (organisation_id, id, route_id, tariff_id, vehicle_id, departs_at, sales_close_at, "
            "capacity, taken) SELECT %s, uuidv7(), %s, %s, %s, at, at - interval '30 minutes', 50, '{0,0}' "
            "FROM generate_series(1, %s::int) AS n, LATERAL (SELECT date_trunc('hour', now()) - interval '1000 days' "
            "+ n * (interval '1100 days' / %s::int) AS at) d",
            (organisation, route, tariff, vehicle, departures, departures),
        )
        connection.execute(
            """INSERT INTO bookings (organisation_id, id, code, departure_id, from_position, to_position, passengers, status,
                 price_per_seat, total, currency, expires_at, channel, contact_name, contact_phone, contact_email,
                 contact_locale, created_at)
               SELECT d.organisation_id, uuidv7(), lpad(upper(to_hex((row_number() OVER () * 2654435761) %% 4294967296)), 8, '0'), d.id, 0, 2, 1,
                 CASE WHEN n = 1 THEN 'expired' WHEN d.departs_at > now() THEN 'confirmed'
                      WHEN r < 0.001 THEN 'rejected' WHEN r < 0.05 THEN 'cancelled' ELSE 'redeemed' END,
                 100000, 100000, 'RUB', d.departs_at, CASE WHEN r < 0.3 THEN 'staff' ELSE 'page' END,
                 CASE WHEN n > 2 THEN (%s::text[])[1 + (r * 1e6)::int %% 10] || ' ' || 'Фамилия' || (r * 1e9)::int %% %s END,
                 CASE WHEN n > 2 THEN '+79' || lpad(((r * 1e9)::bigint %% 1000000000)::text, 9, '0') END,
                 CASE WHEN n > 2 THEN 'person' || (r * 1e8)::int || '@example.org' END,
                 CASE WHEN n > 2 THEN 'ru' END, d.departs_at - interval '10 days'
               FROM departures d, generate_series(1, %s) AS n, LATERAL (SELECT abs(hashtext(d.id::text || n)) / 2147483648.0 AS r) x
               ORDER BY d.departs_at, n""",
            (_NAMES, _SURNAMES, PER_DEPARTURE),
        )
        connection.execute(
            """INSERT INTO booking_passengers (organisation_id, booking_id, position, name, kind)
               SELECT organisation_id, id, 0, 'Пассажир ' || right(id::text, 4), 'adult' FROM bookings WHERE contact_name IS NOT NULL"""
        )
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")
        row = connection.execute(
            "SELECT contact_phone, code FROM bookings WHERE contact_phone IS NOT NULL LIMIT 1"
        ).fetchone()
    assert row is not None
    return _Seeded(organisation, route, *row)


def asked(route: UUID, phone: str, code: str) -> dict[str, tuple[BookingFilter, int]]:
    """What is measured: a name, the filter, how many bookings lie before the page."""
    now = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    day, past = timedelta(days=1), now - timedelta(days=500)

    def text(typed: str) -> BookingFilter:
        return BookingFilter(text=rules.read_text(typed))

    return {
        "everything, the first page": (BookingFilter(), 0),
        "everything, the last page": (BookingFilter(), rules.MOST_COUNTED - 50),
        "with a name": (BookingFilter(named=True), 0),
        "status: confirmed": (BookingFilter(status="confirmed"), 0),
        "status: cancelled": (BookingFilter(status="cancelled"), 0),
        "status: rejected, one of a thousand": (BookingFilter(status="rejected"), 0),
        "status: pending, none": (BookingFilter(status="pending"), 0),
        "status: expired": (BookingFilter(status="expired"), 0),
        "a day": (BookingFilter(start=now, end=now + day), 0),
        "a day and a status": (BookingFilter(start=past, end=past + day, status="cancelled"), 0),
        "a year": (BookingFilter(start=past, end=past + 365 * day), 0),
        "a year, the last page": (BookingFilter(start=past, end=past + 365 * day), rules.MOST_COUNTED - 50),
        "a year and a rare status": (BookingFilter(start=past, end=past + 365 * day, status="rejected"), 0),
        "a route": (BookingFilter(routes=(route,)), 0),
        "a route and a rare status": (BookingFilter(routes=(route,), status="rejected"), 0),
        "channel": (BookingFilter(channel="staff"), 0),
        "a channel nobody used": (BookingFilter(channel="octo"), 0),
        "text: code": (text(code), 0),
        "text: phone": (text(phone), 0),
        "text: last digits": (text(phone[-5:]), 0),
        "text: a surname": (text("фамилия4321"), 0),
        "text: a name of one in ten": (text("ольга"), 0),
        "text: name and surname": (text("фамилия432 пётр"), 0),
        "text: a passenger": (text("пассажир a1b2"), 0),
        "text: nobody": (text("несуществующий"), 0),
        "text: two letters": (text("пё"), 0),
        "text and a status": (BookingFilter(status="cancelled", text=rules.read_text("ольга")), 0),
        "text and a day": (BookingFilter(start=past, end=past + day, text=rules.read_text("ольга")), 0),
    }


async def measure(url: str, seeded: _Seeded) -> list[tuple[str, float, float, int]]:
    """``name, median ms, worst ms, total`` of each."""
    staff = Staff(seeded.organisation, frozenset({"bookings.read"}), Trail("system", None, "bench"))
    results = []
    async with Database(url, application="bench") as database:
        hub = cast("Hub", _Only(database, SystemClock()))
        for name, (wanted, offset) in asked(seeded.route, seeded.phone, seeded.code).items():
            times, total = [], 0
            for _ in range(REPEATS):
                begun = time.perf_counter()
                total = (await lists.bookings(hub, staff, wanted, offset=offset, limit=50)).total
                times.append((time.perf_counter() - begun) * 1000)
            results.append((name, statistics.median(times), max(times[1:]), total))
    return results


def run(console: Console, sizes: tuple[int, ...] = SIZES) -> None:
    """Print the table of each size."""
    for size in sizes:
        with scratch_database() as (_, address):
            seeded = seed(address.owner_url, size)
            table = Table(
                "list of bookings", "median ms", "worst ms", "total", title=f"{size:,} bookings of one operator"
            )
            for name, median, worst, total in asyncio.run(measure(address.app_url, seeded)):
                table.add_row(name, f"{median:.1f}", f"{worst:.1f}", f"{total:,}")
            console.print(table)


if __name__ == "__main__":
    run(Console(width=140))
