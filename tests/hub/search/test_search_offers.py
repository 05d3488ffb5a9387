"""The search against the database: by index, fresh, with lapsed seats free and every door closed in time."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from kamhub.hub.booking import actions as bookings
from kamhub.hub.departure.types import DepartureNotFound
from kamhub.hub.search import actions, rules, store
from kamhub.hub.search.types import PlaceNotFound, SearchQuery
from kamhub.hub.seats.types import StretchNotServed
from kamhub.hub.services import Hub
from kamhub.kit.cache import FreshCache
from kamhub.kit.clock import ManualClock
from tests.builders import World

DAY = date(2026, 11, 27)
QUERY = SearchQuery("airport", "springs", DAY)


def nodes(plan: dict[str, Any]) -> list[dict[str, Any]]:
    return [plan, *(found for part in plan.get("Plans", ()) for found in nodes(part))]


def test_offers_are_read_by_their_index(world: World) -> None:
    for operator in (world.main, world.other):
        world.execute(
            "INSERT INTO departures (organisation_id, id, route_id, tariff_id, vehicle_id, departs_at, sales_close_at, status, capacity, taken) "
            "SELECT %s, gen_random_uuid(), %s, %s, %s, %s + n * interval '9 minutes', %s + n * interval '9 minutes', "
            "CASE WHEN n %% 10 = 0 THEN 'closed' ELSE 'open' END, 16, '{0,0,0}' FROM generate_series(1, 10000) n",
            *(operator.id, operator.route, operator.tariff, operator.vehicle, world.now, world.now),
        )
    world.execute("ANALYZE")
    bounds = rules.day_bounds(DAY, "Asia/Kamchatka")
    parameters = store.offer_parameters(QUERY, world.places["airport"], world.places["springs"], bounds, world.now)
    with psycopg.connect(world.owner_url) as connection:
        connection.execute("SET ROLE kamhub_public")
        row = connection.execute(("EXPLAIN (FORMAT JSON) " + store.OFFERS).encode(), parameters).fetchone()
    assert row is not None
    plan = nodes((row[0] if isinstance(row[0], list) else json.loads(row[0]))[0]["Plan"])
    ways = [(node["Node Type"], node.get("Index Name")) for node in plan if node.get("Relation Name") == "departures"]
    indexes = {node.get("Index Name") for node in plan}
    assert "departures_on_sale" in indexes, ways
    assert not any(kind == "Seq Scan" for kind, _ in ways), ways


async def test_lapsed_holds_are_seats(hub: Hub, world: World, clock: ManualClock) -> None:
    departure = world.departure(capacity=4)
    uncached = replace(hub, searches=FreshCache(seconds=0))
    held = await bookings.hold(hub, departure_id=departure, passengers=4, channel="api")
    assert [offer.seats_available for offer in (await actions.find_offers(uncached, QUERY)).offers] == [0]
    assert held.booking.expires_at is not None
    clock.advance(held.booking.expires_at - clock.now() - timedelta(seconds=1))
    assert [offer.seats_available for offer in (await actions.find_offers(uncached, QUERY)).offers] == [0]
    clock.advance(timedelta(seconds=1))
    assert [offer.seats_available for offer in (await actions.find_offers(uncached, QUERY)).offers] == [4]
    details = await actions.departure_details(uncached, departure)
    assert [leg.free for leg in details.legs] == [4, 4, 4]


async def test_a_search_is_never_older_than_two_seconds(hub: Hub, world: World) -> None:
    departure = world.departure(capacity=4)
    assert (await actions.find_offers(hub, QUERY)).offers[0].seats_available == 4
    await bookings.hold(hub, departure_id=departure, passengers=3, channel="api")
    loop = asyncio.get_running_loop()
    sold_at = loop.time()
    while (await actions.find_offers(hub, QUERY)).offers[0].seats_available == 4:
        assert loop.time() - sold_at < 2
        await asyncio.sleep(0.05)


async def test_what_is_not_on_sale_is_not_shown(hub: Hub, world: World, clock: ManualClock) -> None:
    for status in ("closed", "cancelled"):
        world.departure(status=status)
    last = world.departure()
    uncached = replace(hub, searches=FreshCache(seconds=0))
    clock.advance(timedelta(days=3, minutes=-31))
    assert [offer.stretch.departure_id for offer in (await actions.find_offers(uncached, QUERY)).offers] == [last]
    clock.advance(timedelta(minutes=1))
    assert (await actions.find_offers(uncached, QUERY)).offers == ()


async def test_the_nearest_days_come_in_order(hub: Hub, world: World) -> None:
    for days in (1, 2, 5, 6, 7, 8, 9, 12, 40):
        world.departure(departs_in=timedelta(days=days))
    found = await actions.find_offers(hub, QUERY)
    assert [day.day for day in found.near_dates] == [25, 26, 29, 30, 1, 2]


async def test_the_day_is_that_of_the_stop_one_boards_at(hub: Hub, world: World) -> None:
    world.departure(
        departs_in=timedelta(days=3, hours=11, minutes=30)
    )  # 23:30 in Kamchatka; springs-bound past midnight
    assert len((await actions.find_offers(hub, QUERY)).offers) == 1
    late = SearchQuery("city", "springs", DAY)
    assert (await actions.find_offers(hub, late)).offers == ()
    (offer,) = (await actions.find_offers(hub, replace(late, day=DAY + timedelta(days=1)))).offers
    assert offer.stretch.departs_at.isoformat() == "2026-11-28T00:20:00+12:00"


async def test_one_departure_and_its_stretches(hub: Hub, world: World) -> None:
    departure = world.departure()
    details = await actions.departure_details(hub, departure, "town", str(world.places["city"]))
    assert (details.offer.stretch.origin.slug, details.offer.stretch.destination.slug) == ("town", "city")
    assert details.offer.price_per_seat.amount == 120_000
    assert [stop.slug for stop in details.stops] == ["airport", "town", "city", "springs"]
    with pytest.raises(DepartureNotFound):
        await actions.departure_details(hub, uuid4())
    with pytest.raises(PlaceNotFound):
        await actions.departure_details(hub, departure, "moon")
    with pytest.raises(PlaceNotFound):
        await actions.departure_details(hub, departure, "air\x00port")
    for start, end in (("city", "town"), ("town", "town")):
        with pytest.raises(StretchNotServed):
            await actions.departure_details(hub, departure, start, end)
