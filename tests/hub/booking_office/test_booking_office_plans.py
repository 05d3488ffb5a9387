"""How the database finds a page of bookings: by walking an index until the page is full, however many there are.

On a small scale, with statistics; ``python -m bench lists`` times the same with a million.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import psycopg
import pytest

from kamhub.hub.booking_office.store import lists
from kamhub.hub.booking_office.types import BookingFilter
from kamhub.kit.ids import new_id
from tests.builders import World

BOOKINGS = 20_000
_SEED = (
    """INSERT INTO departures (organisation_id, id, route_id, tariff_id, vehicle_id, departs_at, sales_close_at, capacity, taken)
       SELECT %(org)s, uuidv7(), %(route)s, %(tariff)s, %(vehicle)s, at, at, 50, '{0,0,0}'
       FROM generate_series(1, 1000) AS n, LATERAL (SELECT %(now)s::timestamptz + (n - 900) * interval '6 hours' AS at) d""",
    """INSERT INTO bookings (organisation_id, id, code, departure_id, from_position, to_position, passengers, status,
         price_per_seat, total, currency, expires_at, channel, contact_name, contact_phone, contact_email, contact_locale, created_at)
       SELECT d.organisation_id, uuidv7(), lpad(to_hex(row_number() OVER ()), 8, 'Z'), d.id, 0, 3, 1,
         CASE WHEN n > 18 THEN 'expired' WHEN n = 18 THEN 'cancelled' ELSE 'confirmed' END, 100, 100, 'RUB', d.departs_at,
         CASE WHEN n %% 2 = 0 THEN 'page' ELSE 'staff' END,
         CASE WHEN n < 19 THEN 'Имя' || n || ' Фамилия' || abs(hashtext(d.id::text)) END,
         CASE WHEN n < 19 THEN '+7914' || lpad((row_number() OVER ())::text, 7, '0') END,
         CASE WHEN n < 19 THEN 'x@example.org' END, CASE WHEN n < 19 THEN 'ru' END, %(now)s
       FROM departures d, generate_series(1, 20) AS n WHERE d.organisation_id = %(org)s ORDER BY d.departs_at, n""",
    """INSERT INTO booking_passengers SELECT organisation_id, id, 0, 'Пассажир ' || id, NULL, 'adult' FROM bookings""",
)


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Every node of a plan."""
    yield plan
    for inner in plan.get("Plans", ()):
        yield from nodes(inner)


@pytest.fixture
def crowded(world: World) -> World:
    """One operator with thousands of bookings, known to the planner."""
    operator = world.main
    named = {
        "org": operator.id,
        "route": operator.route,
        "tariff": operator.tariff,
        "vehicle": operator.vehicle,
        "now": world.now,
    }
    with psycopg.connect(world.owner_url) as connection:
        for statement in _SEED:
            connection.execute(statement.encode(), named)
    with psycopg.connect(world.owner_url, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE bookings, departures, booking_passengers")
    return world


def explain(world: World, statement: str, parameters: dict[str, Any]) -> list[dict[str, Any]]:
    """The nodes of the plan of a statement, as a tenant runs it."""
    with psycopg.connect(world.owner_url) as connection:
        connection.execute("SET ROLE kamhub_tenant")
        connection.execute("SELECT set_config('kamhub.organisation_id', %s, true)", (str(world.main.id),))
        row = connection.execute(f"EXPLAIN (FORMAT JSON) {statement}".encode(), parameters).fetchone()
    assert row is not None
    plan = row[0] if isinstance(row[0], list) else json.loads(row[0])
    return list(nodes(plan[0]["Plan"]))


def filters(world: World) -> dict[str, BookingFilter]:
    """What people ask for."""
    now = world.now
    return {
        "everything": BookingFilter(),
        "named": BookingFilter(named=True),
        "confirmed": BookingFilter(status="confirmed"),
        "cancelled": BookingFilter(status="cancelled"),
        "rejected": BookingFilter(status="rejected"),
        "expired": BookingFilter(status="expired"),
        "pending": BookingFilter(status="pending"),
        "day": BookingFilter(start=now, end=now + timedelta(days=1)),
        "year": BookingFilter(start=now - timedelta(days=300), end=now),
        "route": BookingFilter(routes=(world.main.route,)),
        "departure": BookingFilter(departure_id=new_id()),
        "channel": BookingFilter(channel="staff"),
        "channel of nobody": BookingFilter(channel="octo"),
    }


NAMES = (
    "everything", "named", "confirmed", "cancelled", "rejected", "expired", "pending", "day", "year", "route",
    "departure", "channel", "channel of nobody",
)  # fmt: skip


def test_no_page_reads_every_booking_or_sorts_them(crowded: World) -> None:
    offered = filters(crowded)
    assert tuple(offered) == NAMES
    for name, wanted in offered.items():
        walk = lists.walk(crowded.main.id, wanted, crowded.now)
        bounds = walk.parameters | {"offset": 0, "limit": 50, "reach": 50, "most": 10_000}
        for statement in (walk.page(), walk.count()):
            found = explain(crowded, statement, bounds)
            scans = [
                node for node in found if node["Node Type"] == "Seq Scan" and node.get("Relation Name") == "bookings"
            ]
            assert scans == [] or statement == walk.count(), name  # half of a small table may be counted any way
        sorts = [
            node["Plans"][0]["Plan Rows"]
            for node in explain(crowded, walk.page(), bounds)
            if node["Node Type"] == "Sort"
        ]
        # What is sorted is a page at most, or what a small index holds: never the bookings of the operator.
        assert all(rows <= 200 for rows in sorts), (name, sorts)


def test_rare_words_are_asked_of_the_index(crowded: World) -> None:
    """Run as the owner, as the function runs: row-level security keeps a pattern away from an index."""
    hay = "plain_words(b.contact_name || ' ' || b.contact_email || ' ' || b.contact_phone || ' ' || b.code)"
    queries = {
        "bookings_by_words": f"SELECT b.id FROM bookings b WHERE b.contact_name IS NOT NULL AND {hay} ~ 'фамилия1234'",
        "booking_passengers_by_words": "SELECT booking_id FROM booking_passengers p WHERE plain_words(p.name) ~ 'несуществующий'",
    }
    with psycopg.connect(crowded.owner_url) as connection:
        for index, query in queries.items():
            row = connection.execute(f"EXPLAIN (FORMAT JSON) {query}".encode()).fetchone()
            assert row is not None
            assert index in {node.get("Index Name") for node in nodes(row[0][0]["Plan"])}


@pytest.mark.parametrize("filled", [False, True])
def test_a_check_of_a_foreign_key_takes_the_primary_key(
    world: World, request: pytest.FixtureRequest, *, filled: bool
) -> None:
    """Also without statistics: an index led by the organisation alone would read all of its bookings each time."""
    if filled:
        request.getfixturevalue("crowded")
    with psycopg.connect(world.owner_url) as connection:
        connection.execute("SET plan_cache_mode = force_generic_plan")
        connection.execute(
            "PREPARE checked (uuid, uuid) AS SELECT 1 FROM ONLY bookings x "
            "WHERE organisation_id OPERATOR(pg_catalog.=) $1 AND id OPERATOR(pg_catalog.=) $2 FOR KEY SHARE OF x"
        )
        call = f"EXPLAIN (FORMAT JSON) EXECUTE checked ('{world.main.id}', '{new_id()}')"
        row = connection.execute(call.encode()).fetchone()
    assert row is not None
    used = {node.get("Index Name") for node in nodes(row[0][0]["Plan"])} - {None}
    assert used
    assert used <= {"bookings_pkey", "bookings_by_id"}
