"""The price of this moment: a hold gets it, the search and the departure's page show the same."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from kamhub.hub.booking import actions as bookings
from kamhub.hub.price.types import PricePart, PriceRule
from kamhub.hub.search import actions as search
from kamhub.hub.search.types import SearchQuery
from kamhub.hub.services import Hub
from kamhub.kit.cache import FreshCache
from kamhub.kit.clock import ManualClock
from kamhub.kit.money import Money
from tests.asgi import Web
from tests.builders import World
from tests.hub.price.support import FULL, goes_by

DAYS_AHEAD = timedelta(days=3)


@pytest.fixture
def uncached(hub: Hub) -> Hub:
    return replace(hub, searches=FreshCache(seconds=0.0))


async def shown(hub: Hub, world: World, departure: UUID, passengers: int) -> tuple[Money, ...]:
    """The price of a seat by the search and by the departure's page."""
    day = (world.now + DAYS_AHEAD + timedelta(hours=12)).date()
    query = SearchQuery("airport", "springs", day, passengers)
    found = [
        offer for offer in (await search.find_offers(hub, query)).offers if offer.stretch.departure_id == departure
    ]
    details = await search.departure_details(hub, departure, passengers=passengers)
    return (*(offer.price_per_seat for offer in found), details.offer.price_per_seat)


async def held(hub: Hub, departure: UUID, passengers: int) -> Money:
    made = await bookings.hold(hub, departure_id=departure, passengers=passengers, channel="api")
    return made.booking.price_per_seat


async def test_what_is_shown_is_what_a_hold_gets(uncached: Hub, world: World, clock: ManualClock) -> None:
    departure = world.departure(capacity=8, departs_in=DAYS_AHEAD)
    await goes_by(uncached, world, departure)
    for passengers, expected in ((1, 225_000), (3, 212_500), (1, 262_500), (3, 250_000)):
        price = Money(expected, "RUB")
        assert await shown(uncached, world, departure, passengers) == (price, price)
        assert await held(uncached, departure, passengers) == price
    clock.advance(timedelta(days=2))  # those holds have lapsed, and it is not early any more
    assert await shown(uncached, world, departure, 1) == (Money(250_000, "RUB"),) * 2
    assert await held(uncached, departure, 1) == Money(250_000, "RUB")


async def test_the_last_minute_of_the_departure_not_of_the_stop(uncached: Hub, world: World) -> None:
    departure = world.departure(departs_in=timedelta(hours=3))
    await goes_by(uncached, world, departure)
    details = await search.departure_details(uncached, departure, "city", "springs")
    made = await bookings.hold(
        uncached,
        departure_id=departure,
        passengers=1,
        from_place=world.places["city"],
        to_place=world.places["springs"],
        channel="api",
    )
    assert details.offer.price_per_seat == made.booking.price_per_seat == Money(156_000, "RUB")


async def test_the_load_is_that_of_the_stretch(uncached: Hub, world: World) -> None:
    departure = world.departure(capacity=4)
    await goes_by(uncached, world, departure, [FULL])
    await bookings.hold(
        uncached,
        departure_id=departure,
        passengers=2,
        from_place=world.places["airport"],
        to_place=world.places["town"],
        channel="api",
    )
    whole, rest = [await search.departure_details(uncached, departure, start) for start in ("airport", "town")]
    assert whole.offer.price_per_seat == Money(287_500, "RUB")
    assert rest.offer.price_per_seat == Money(220_000, "RUB")


async def test_a_hold_says_how_its_price_came_about_and_keeps_it(hub: Hub, world: World, clock: ManualClock) -> None:
    departure = world.departure()
    await goes_by(hub, world, departure)
    made = await bookings.hold(hub, departure_id=departure, passengers=1, channel="api")
    assert made.booking.price.seat_parts == (PricePart("base", 250_000), PricePart("early", -25_000))
    clock.advance(timedelta(minutes=10))
    assert await bookings.load(hub, made.access) == made.booking
    assert world.rows("SELECT price_parts, total FROM bookings WHERE id = %s", made.booking.id) == [
        ("base:250000|early:-25000", 225_000)
    ]


async def test_parties_of_one_round_see_the_load_that_those_before_them_left(hub: Hub, world: World) -> None:
    departure = world.departure(capacity=4)
    await goes_by(hub, world, departure, [PriceRule("load", 25, 10), PriceRule("load", 75, 40)])
    made = await asyncio.gather(
        *(bookings.hold(hub, departure_id=departure, passengers=1, channel="api") for _ in range(4))
    )
    assert sorted(one.booking.total.amount for one in made) == [250_000, 275_000, 275_000, 350_000]


async def test_the_filter_by_price_knows_the_price_of_the_moment(uncached: Hub, world: World) -> None:
    dear, cheap = world.departure(), world.departure()
    await goes_by(uncached, world, cheap)
    day = (world.now + DAYS_AHEAD + timedelta(hours=12)).date()
    found = await search.find_offers(uncached, SearchQuery("airport", "springs", day, max_price=230_000))
    assert [offer.stretch.departure_id for offer in found.offers] == [cheap]
    both = await search.find_offers(uncached, SearchQuery("airport", "springs", day))
    assert [offer.stretch.departure_id for offer in both.offers] == [cheap, dear], "of one time the cheaper first"


async def test_the_page_shows_how_the_price_came_about(web: Web, world: World) -> None:
    departure = world.departure()
    await goes_by(web.hub, world, departure)
    page = await web.client.get(f"/departures/{departure}", headers={"Accept-Language": "en"})
    text = re.sub(r"<[^>]+>|\s+", " ", page.text).replace("&nbsp;", " ")
    text = re.sub(r"\s+", " ", text)
    assert "Base price 2,500 ₽ Booked early −10 % −250 ₽ Price per seat 2,250 ₽" in text
    plain = await web.client.get(f"/departures/{world.departure()}", headers={"Accept-Language": "en"})
    assert "Base price" not in plain.text
