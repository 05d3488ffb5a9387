"""Looking: places, offers, one departure."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from kamhub.hub.departure import store as departure_store
from kamhub.hub.departure.types import DepartureDetails, DepartureNotFound, Leg, Stop
from kamhub.hub.search import rules, store
from kamhub.hub.search.types import Place, PlaceNotFound, SearchQuery, SearchResult
from kamhub.hub.seats.types import StretchNotServed
from kamhub.hub.services import Hub
from kamhub.kit.text import clean_line
from kamhub.platform.database.pool import Connection

NEAR_DATES_SHOWN = 6


async def find_places(hub: Hub, text: str, limit: int = 10) -> list[Place]:
    """Places by name, Russian or English, forgiving typing; all served places for an empty text."""
    async with hub.database.public() as connection:
        if not text.strip():
            return await store.all_places(connection, limit)
        return await store.find_places(connection, rules.spellings(text), limit)


async def popular_places(hub: Hub) -> list[Place]:
    """The places most departures serve."""
    return await find_places(hub, "", 20)


async def resolve_place(connection: Connection, reference: str) -> Place:
    """A place by id or slug. Raises ``PlaceNotFound``."""
    try:
        place = await store.place_by_id(connection, UUID(reference))
    except ValueError:
        place = await store.place_by_slug(connection, clean_line(reference))
    if place is None:
        raise PlaceNotFound
    return place


async def known_place(hub: Hub, reference: str) -> Place:
    """The same, remembered for some seconds: places hardly change and every search asks for two."""

    async def ask() -> Place:
        async with hub.database.public() as connection:
            return await resolve_place(connection, reference)

    return hub.places.peek(reference) or await hub.places.get(reference, ask)


async def find_offers(hub: Hub, query: SearchQuery) -> SearchResult:
    """Departures of a day with seats free this moment (at most a second old). Raises ``PlaceNotFound``."""
    return await hub.searches.get(query, lambda: _find_offers(hub, query))


async def _find_offers(hub: Hub, query: SearchQuery) -> SearchResult:
    now = hub.clock.now()
    origin = await known_place(hub, query.origin)
    destination = await known_place(hub, query.destination)
    bounds = rules.day_bounds(query.day, origin.time_zone)
    async with hub.database.public() as connection:
        parameters = store.offer_parameters(query, origin.id, destination.id, bounds, now)
        offers = await store.find_offers(connection, origin, destination, parameters, query, hub.price_rules)
        near: list[date] = []
        if not offers:
            near = await store.near_dates(connection, {**parameters, "zone": origin.time_zone})
    nearest = sorted(near, key=lambda day: abs(day - query.day))[:NEAR_DATES_SHOWN]
    return SearchResult(origin, destination, tuple(offers), tuple(sorted(nearest)))


async def departure_details(
    hub: Hub, departure_id: UUID, origin: str | None = None, destination: str | None = None, passengers: int = 1
) -> DepartureDetails:
    """One departure with all its stops and seats, at the price for so many passengers; the stretch defaults to its first and
    last stop.

    Raises ``DepartureNotFound``, ``PlaceNotFound``, ``StretchNotServed``.
    """
    now = hub.clock.now()
    async with hub.database.public() as connection:
        cursor = await connection.execute(store.DEPARTURE.encode(), {"id": departure_id, "now": now})
        row = await cursor.fetchone()
        if row is None:
            raise DepartureNotFound
        organisation_id, route_id, tariff_id, departs_at, sales_close_at, status, capacity, taken, lapsed = row
        stops = await departure_store.load_stops(connection, organisation_id, route_id, departs_at)
        start = await _stop_for(connection, stops, origin, stops[0])
        end = await _stop_for(connection, stops, destination, stops[-1])
        if start.position >= end.position:
            raise StretchNotServed
        stretch = await departure_store.load_stretch(
            connection, organisation_id, departure_id, start.position, end.position
        )
        base = await store.price_between(connection, organisation_id, tariff_id, start.position, end.position)
        await store.learn_rules(connection, {(organisation_id, tariff_id)}, hub.price_rules)
    if stretch is None or base is None:
        raise StretchNotServed
    sold = store.Sold(capacity, store.counters(taken, lapsed), status, sales_close_at, departs_at)
    offer = store.make_offer(stretch, base, hub.price_rules[tariff_id], sold, passengers, now)
    legs = tuple(Leg(n, n + 1, count, capacity - count) for n, count in enumerate(sold.taken))
    return DepartureDetails(offer, stops, legs)


async def _stop_for(connection: Connection, stops: tuple[Stop, ...], reference: str | None, default: Stop) -> Stop:
    if reference is None:
        return default
    place = await resolve_place(connection, reference)
    for stop in stops:
        if stop.place_id == place.id:
            return stop
    raise StretchNotServed
