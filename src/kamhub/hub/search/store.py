"""SQL of the search: places by name, offers of a day, the nearest days."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from kamhub.hub.departure import store as departures
from kamhub.hub.departure.types import Offer, Stop, Stretch
from kamhub.hub.search.types import Place, SearchQuery
from kamhub.hub.seats.rules import free_seats, give_back
from kamhub.hub.seats.types import SeatsTaken
from kamhub.kit.money import Money
from kamhub.kit.text import Names
from kamhub.platform.database.pool import Connection

MAX_OFFERS = 200

_PLACE = (
    "id, organisation_id, slug, name_ru, name_en, meeting_point_ru, meeting_point_en, latitude, longitude, time_zone"
)

# Seats lapsed but not yet swept come along as (from, to, passengers) triples: they are free for the next buyer.
LAPSED = """ARRAY(SELECT unnest(ARRAY[b.from_position, b.to_position, b.passengers]) FROM bookings b
    WHERE b.departure_id = d.id AND b.status IN ('on_hold', 'pending') AND b.expires_at <= %(now)s)"""

OFFERS = f"""
WITH pair AS (
  SELECT f.organisation_id, f.route_id, f.position AS from_position, f.offset_minutes AS from_offset,
         t.position AS to_position, t.offset_minutes AS to_offset
  FROM route_stops f JOIN route_stops t USING (organisation_id, route_id)
  WHERE f.place_id = %(from)s AND t.place_id = %(to)s AND f.position < t.position
)
SELECT d.id, d.departs_at, {departures.OPERATOR}, {departures.VEHICLE},
       pair.from_position, pair.from_offset, pair.to_position, pair.to_offset,
       price.amount, tariff.currency, d.capacity, d.taken, d.status, d.sales_close_at, {LAPSED}
FROM pair
JOIN departures d ON d.organisation_id = pair.organisation_id AND d.route_id = pair.route_id AND d.status = 'open'
  AND d.departs_at >= %(start)s - make_interval(mins => pair.from_offset)
  AND d.departs_at < %(end)s - make_interval(mins => pair.from_offset)
JOIN tariffs tariff ON tariff.organisation_id = d.organisation_id AND tariff.id = d.tariff_id
JOIN tariff_prices price ON price.organisation_id = d.organisation_id AND price.tariff_id = d.tariff_id
  AND price.from_position = pair.from_position AND price.to_position = pair.to_position
JOIN organisations o ON o.id = d.organisation_id
JOIN vehicles v ON v.organisation_id = d.organisation_id AND v.id = d.vehicle_id
WHERE d.sales_close_at > %(now)s
  AND (%(vehicle_type)s::text IS NULL OR v.type = %(vehicle_type)s)
  AND (%(max_price)s::bigint IS NULL OR price.amount <= %(max_price)s)
  AND v.features @> %(features)s::text[]
ORDER BY d.departs_at + make_interval(mins => pair.from_offset), price.amount, d.id
LIMIT {MAX_OFFERS}"""

NEAR_DATES = """
WITH pair AS (
  SELECT f.organisation_id, f.route_id, f.offset_minutes
  FROM route_stops f JOIN route_stops t USING (organisation_id, route_id)
  WHERE f.place_id = %(from)s AND t.place_id = %(to)s AND f.position < t.position
)
SELECT DISTINCT ((d.departs_at + make_interval(mins => pair.offset_minutes)) AT TIME ZONE %(zone)s)::date
FROM pair JOIN departures d ON d.organisation_id = pair.organisation_id AND d.route_id = pair.route_id AND d.status = 'open'
WHERE d.departs_at BETWEEN %(start)s::timestamptz - interval '14 days' AND %(start)s::timestamptz + interval '14 days'
  AND d.sales_close_at > %(now)s"""

DEPARTURE = f"""
SELECT d.organisation_id, d.route_id, d.tariff_id, d.departs_at, d.sales_close_at, d.status, d.capacity, d.taken, {LAPSED}
FROM departures d WHERE d.id = %(id)s"""

# Two kinds of likeness: of the whole name, and of a word in it; and the beginning of any word counts as a hit.
_PLACES = f"""
WITH wanted AS (SELECT unnest(%(words)s::text[]) AS word),
candidate AS (
  SELECT p.*, lower(replace(p.name_ru || ' ' || p.name_en || ' ' || replace(p.slug, '-', ' '), 'ё', 'е')) AS haystack FROM places p
),
scored AS (
  SELECT c.*, max(greatest(word_similarity(w.word, c.haystack), strict_word_similarity(w.word, c.haystack),
                  CASE WHEN (' ' || c.haystack) LIKE '%% ' || replace(replace(w.word, '%%', ''), '_', '') || '%%' THEN 1 ELSE 0 END)) AS score
  FROM candidate c CROSS JOIN wanted w
  GROUP BY {", ".join(f"c.{column}" for column in _PLACE.split(", "))}, c.created_at, c.archived_at, c.haystack
)
SELECT {_PLACE} FROM scored WHERE score >= 0.35
ORDER BY score DESC, organisation_id, name_ru LIMIT %(limit)s"""


def _place(row: Sequence[Any]) -> Place:
    meeting = Names(row[5], row[6] or row[5]) if row[5] else None
    return Place(row[0], row[1], row[2], Names(row[3], row[4]), meeting, row[7], row[8], row[9])


async def find_places(connection: Connection, words: list[str], limit: int) -> list[Place]:
    """Places whose name in either language is like any of the words, the likest first."""
    rows = await (await connection.execute(_PLACES, {"words": words, "limit": limit})).fetchall()
    return [_place(row) for row in rows]


async def all_places(connection: Connection, limit: int) -> list[Place]:
    """Places some departure serves, the most served first."""
    query = f"""SELECT {", ".join(f"p.{column}" for column in _PLACE.split(", "))}
        FROM places p JOIN route_stops s ON s.place_organisation_id = p.organisation_id AND s.place_id = p.id
        GROUP BY p.organisation_id, p.id ORDER BY count(*) DESC, p.name_ru LIMIT %s"""
    rows = await (await connection.execute(query.encode(), (limit,))).fetchall()
    return [_place(row) for row in rows]


async def place_by_id(connection: Connection, place_id: UUID) -> Place | None:
    """The place with that id, or None."""
    query = f"SELECT {_PLACE} FROM places WHERE id = %s LIMIT 1"
    row = await (await connection.execute(query.encode(), (place_id,))).fetchone()
    return _place(row) if row else None


async def place_by_slug(connection: Connection, slug: str) -> Place | None:
    """The place with that slug; the shared catalogue goes before an organisation's own."""
    query = f"SELECT {_PLACE} FROM places WHERE slug = %s ORDER BY organisation_id LIMIT 1"
    row = await (await connection.execute(query.encode(), (slug,))).fetchone()
    return _place(row) if row else None


def offer_parameters(
    query: SearchQuery, origin: UUID, destination: UUID, bounds: tuple[datetime, datetime], now: datetime
) -> dict[str, object]:
    """Parameters of ``OFFERS``."""
    return {
        "from": origin,
        "to": destination,
        "start": bounds[0],
        "end": bounds[1],
        "now": now,
        "vehicle_type": query.vehicle_type,
        "max_price": query.max_price,
        "features": list(query.features),
    }


async def find_offers(
    connection: Connection, origin: Place, destination: Place, parameters: dict[str, object]
) -> list[Offer]:
    """Offers of a day, in order of departure."""
    cursor = await connection.execute(OFFERS.encode(), parameters, binary=True)
    return [_offer(row, origin, destination) for row in await cursor.fetchall()]


def _offer(row: Sequence[Any], origin: Place, destination: Place) -> Offer:
    operator_end = 2 + departures.OPERATOR_WIDTH
    vehicle_end = operator_end + departures.VEHICLE_WIDTH
    operator = departures.operator_from(row[2:operator_end])
    from_position, from_offset, to_position, to_offset = row[vehicle_end : vehicle_end + 4]
    stretch = Stretch(
        departure_id=row[0],
        organisation_id=operator.id,
        operator=operator,
        origin=_stop(origin, from_position, row[1], from_offset),
        destination=_stop(destination, to_position, row[1], to_offset),
        vehicle=departures.vehicle_from(row[operator_end:vehicle_end]),
    )
    amount, currency, capacity, taken, status, sales_close_at, lapsed = row[-7:]
    return make_offer(stretch, Money(amount, currency), capacity, counters(taken, lapsed), status, sales_close_at)


def _stop(place: Place, position: int, departs_at: datetime, offset_minutes: int) -> Stop:
    at = (departs_at + timedelta(minutes=offset_minutes)).astimezone(ZoneInfo(place.time_zone))
    return Stop(position, place.id, place.slug, place.name, place.meeting_point, place.latitude, place.longitude, at)


def counters(taken: Sequence[int], lapsed: Sequence[int]) -> tuple[int, ...]:
    """Seats taken by leg once the lapsed triples are given back."""
    triples = zip(lapsed[::3], lapsed[1::3], lapsed[2::3], strict=True)
    return give_back(taken, (SeatsTaken(*triple) for triple in triples))


def make_offer(
    stretch: Stretch, price: Money, capacity: int, taken: tuple[int, ...], status: Any, sales_close_at: datetime
) -> Offer:
    """An offer with the seats free on its stretch."""
    free = free_seats(taken, capacity, stretch.origin.position, stretch.destination.position)
    return Offer(stretch, price, free, capacity, status, sales_close_at)


async def near_dates(connection: Connection, parameters: dict[str, object]) -> list[date]:
    """Days within two weeks that have departures on sale."""
    rows = await (await connection.execute(NEAR_DATES, parameters)).fetchall()
    return [row[0] for row in rows]


async def price_between(
    connection: Connection, organisation_id: UUID, tariff_id: UUID, from_position: int, to_position: int
) -> Money | None:
    """Price of a seat between two stops of a tariff's route, or None when that stretch is not sold."""
    query = """SELECT p.amount, t.currency FROM tariff_prices p
        JOIN tariffs t ON t.organisation_id = p.organisation_id AND t.id = p.tariff_id
        WHERE p.organisation_id = %s AND p.tariff_id = %s AND p.from_position = %s AND p.to_position = %s"""
    row = await (await connection.execute(query, (organisation_id, tariff_id, from_position, to_position))).fetchone()
    return Money(row[0], row[1]) if row else None
