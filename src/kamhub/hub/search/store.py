"""SQL of the search: places by name, offers of a day, the nearest days."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from kamhub.hub.departure import store as departures
from kamhub.hub.departure.types import DepartureStatus, Offer, Stop, Stretch
from kamhub.hub.price.rules import seat_parts, seat_price
from kamhub.hub.price.store import load_rules
from kamhub.hub.price.types import PriceRule
from kamhub.hub.search.types import Place, SearchQuery
from kamhub.hub.seats.rules import free_seats, give_back
from kamhub.hub.seats.types import SeatsTaken
from kamhub.kit.money import Money
from kamhub.kit.text import Names
from kamhub.platform.database.pool import Connection

MAX_OFFERS = 200

# By tariff; they never change.
PriceRules = dict[UUID, tuple[PriceRule, ...]]


@dataclass(frozen=True, slots=True)
class Sold:
    """How a departure sells this moment; ``taken`` by leg, without what has lapsed. It leaves its first stop at that time."""

    capacity: int
    taken: tuple[int, ...]
    status: DepartureStatus
    sales_close_at: datetime
    departs_at: datetime


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
       d.tariff_id, price.amount, tariff.currency, d.capacity, d.taken, d.status, d.sales_close_at, {LAPSED}
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
  AND (%(max_price)s::bigint IS NULL OR price.amount <= %(max_price)s OR EXISTS (
    SELECT FROM tariff_rules r WHERE r.organisation_id = d.organisation_id AND r.tariff_id = d.tariff_id))
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

# Two kinds of likeness: of the whole name, and of a word in it; and the beginning of any word counts as a hit. An operator's
# own places are found once a route stops there.
_PLACES = f"""
WITH wanted AS (SELECT unnest(%(words)s::text[]) AS word),
candidate AS (
  SELECT {", ".join(f"p.{column}" for column in _PLACE.split(", "))}, lower(replace(p.name_ru || ' ' || p.name_en || ' ' || replace(p.slug, '-', ' '), 'ё', 'е')) AS haystack FROM places p
  WHERE p.archived_at IS NULL AND (p.organisation_id = '00000000-0000-0000-0000-000000000000' OR EXISTS (
    SELECT FROM route_stops s JOIN routes r ON r.organisation_id = s.organisation_id AND r.id = s.route_id
    WHERE s.place_organisation_id = p.organisation_id AND s.place_id = p.id AND r.archived_at IS NULL))
),
scored AS (
  SELECT {", ".join(f"c.{column}" for column in _PLACE.split(", "))}, max(greatest(word_similarity(w.word, c.haystack), strict_word_similarity(w.word, c.haystack),
                  CASE WHEN (' ' || c.haystack) LIKE '%% ' || replace(replace(w.word, '%%', ''), '_', '') || '%%' THEN 1 ELSE 0 END)) AS score
  FROM candidate c CROSS JOIN wanted w
  GROUP BY {", ".join(f"c.{column}" for column in _PLACE.split(", "))}, c.haystack
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
        JOIN routes r ON r.organisation_id = s.organisation_id AND r.id = s.route_id
        WHERE p.archived_at IS NULL AND r.archived_at IS NULL
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
    query = f"SELECT {_PLACE} FROM places WHERE slug = %s ORDER BY archived_at IS NOT NULL, organisation_id LIMIT 1"
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
    connection: Connection,
    origin: Place,
    destination: Place,
    parameters: dict[str, object],
    asked: SearchQuery,
    rules: PriceRules,
) -> list[Offer]:
    """Offers of a day at the price of this moment, in order of departure. Rules not met before are read into ``rules``."""
    cursor = await connection.execute(OFFERS.encode(), parameters, binary=True)
    rows = await cursor.fetchall()
    await learn_rules(connection, {(row[2], row[-8]) for row in rows}, rules)
    offers = [_offer(row, origin, destination, asked.passengers, rules, parameters["now"]) for row in rows]
    if not any(rules[row[-8]] for row in rows):
        return offers
    if asked.max_price is not None:
        offers = [offer for offer in offers if offer.price_per_seat.amount <= asked.max_price]
    return sorted(
        offers,
        key=lambda offer: (offer.stretch.departs_at, offer.price_per_seat.amount, offer.stretch.departure_id),
    )


async def learn_rules(connection: Connection, tariffs: set[tuple[UUID, UUID]], rules: PriceRules) -> None:
    """Read the rules of the tariffs (organisation, id) that are not among these yet."""
    if unknown := [tariff for tariff in tariffs if tariff[1] not in rules]:
        rules.update(await load_rules(connection, unknown))


def _offer(
    row: Sequence[Any], origin: Place, destination: Place, passengers: int, rules: PriceRules, now: Any
) -> Offer:
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
    tariff_id, amount, currency, capacity, taken, status, sales_close_at, lapsed = row[-8:]
    sold = Sold(capacity, counters(taken, lapsed), status, sales_close_at, row[1])
    return make_offer(stretch, Money(amount, currency), rules[tariff_id], sold, passengers, now)


def _stop(place: Place, position: int, departs_at: datetime, offset_minutes: int) -> Stop:
    at = (departs_at + timedelta(minutes=offset_minutes)).astimezone(ZoneInfo(place.time_zone))
    return Stop(position, place.id, place.slug, place.name, place.meeting_point, place.latitude, place.longitude, at)


def counters(taken: Sequence[int], lapsed: Sequence[int]) -> tuple[int, ...]:
    """Seats taken by leg once the lapsed triples are given back."""
    triples = zip(lapsed[::3], lapsed[1::3], lapsed[2::3], strict=True)
    return give_back(taken, (SeatsTaken(*triple) for triple in triples))


def make_offer(
    stretch: Stretch, base: Money, rules: tuple[PriceRule, ...], sold: Sold, passengers: int, now: datetime
) -> Offer:
    """An offer with the seats free on its stretch, at the price that a hold would get at that moment."""
    capacity = sold.capacity
    free = free_seats(sold.taken, capacity, stretch.origin.position, stretch.destination.position)
    price = seat_price(
        base.amount,
        rules,
        departs_at=sold.departs_at,
        now=now,
        taken_fullest=capacity - free,
        capacity=capacity,
        passengers=passengers,
    )
    return Offer(
        stretch,
        Money(price.amount, base.currency),
        free,
        capacity,
        sold.status,
        sold.sales_close_at,
        seat_parts(price.amount, price.parts),
    )


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
