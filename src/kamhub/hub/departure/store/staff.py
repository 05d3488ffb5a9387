"""SQL of departures as their operator sees and changes them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from kamhub.hub.departure.types import (
    Assignment,
    Choice,
    DayLoad,
    DepartureEvent,
    DepartureQuery,
    Reach,
    SoldParty,
    StaffDeparture,
    StaffStop,
)
from kamhub.hub.seats.rules import give_back
from kamhub.hub.seats.types import SeatsTaken
from kamhub.kit.text import Names
from kamhub.platform.database.pool import Connection

# Counting stops here: nobody reads on which of a million they are.
MOST_COUNTED = 10_000

# Seats lapsed but not yet swept come along as (from, to, passengers) triples: they are free for the next buyer.
_COLUMNS = """d.organisation_id, d.id, d.route_id, r.name, d.tariff_id, d.timetable_id, d.vehicle_id, v.type, v.model, v.plate,
       d.driver_id, w.name, w.phone, d.departs_at, d.sales_close_at, d.status, d.capacity, d.taken, d.version,
       ARRAY(SELECT unnest(ARRAY[b.from_position, b.to_position, b.passengers]) FROM bookings b
             WHERE b.departure_id = d.id AND b.status IN ('on_hold', 'pending') AND b.expires_at <= %(now)s)"""
_JOINED = """JOIN routes r ON r.organisation_id = d.organisation_id AND r.id = d.route_id
JOIN vehicles v ON v.organisation_id = d.organisation_id AND v.id = d.vehicle_id
LEFT JOIN drivers w ON w.organisation_id = d.organisation_id AND w.id = d.driver_id"""
_WITHIN = """d.organisation_id = %(organisation)s AND (%(everything)s OR d.driver_id = %(reach)s)
  AND (%(since)s::timestamptz IS NULL OR d.departs_at >= %(since)s)
  AND (%(until)s::timestamptz IS NULL OR d.departs_at < %(until)s)
  AND (%(route)s::uuid IS NULL OR d.route_id = %(route)s) AND (%(status)s::text IS NULL OR d.status = %(status)s)
  AND (%(vehicle)s::uuid IS NULL OR d.vehicle_id = %(vehicle)s) AND (%(driver)s::uuid IS NULL OR d.driver_id = %(driver)s)"""
# First the page, then what is beside its rows: not beside all those before it.
_LIST = f"""WITH page AS (
  SELECT d.* FROM departures d WHERE {_WITHIN} ORDER BY d.departs_at, d.id OFFSET %(offset)s LIMIT %(limit)s)
SELECT {_COLUMNS} FROM page d {_JOINED} ORDER BY d.departs_at, d.id"""
_COUNT = f"SELECT count(*) FROM (SELECT FROM departures d WHERE {_WITHIN} LIMIT {MOST_COUNTED}) AS found"
_ONE = f"""SELECT {_COLUMNS} FROM departures d {_JOINED}
WHERE d.organisation_id = %(organisation)s AND d.id = %(id)s AND (%(everything)s OR d.driver_id = %(reach)s)"""
_STOPS = """SELECT s.route_id, p.id, p.slug, p.name_ru, p.name_en, p.time_zone, s.offset_minutes
FROM route_stops s JOIN places p ON p.organisation_id = s.place_organisation_id AND p.id = s.place_id
WHERE s.organisation_id = %s AND s.route_id = ANY(%s) ORDER BY s.route_id, s.position"""

RouteStops = list[tuple[UUID, str, Names, ZoneInfo, int]]


async def reach_of_person(connection: Connection, organisation_id: UUID, person_id: UUID | None) -> UUID | None:
    """The driver that this member is, if they are one."""
    row = await _one(
        connection,
        "SELECT id FROM drivers WHERE organisation_id = %s AND person_id = %s AND archived_at IS NULL",
        organisation_id,
        person_id,
    )
    return row[0] if row else None


def _parameters(organisation_id: UUID, reach: Reach, query: DepartureQuery, now: datetime) -> dict[str, object]:
    return {
        "organisation": organisation_id,
        "everything": reach.everything,
        "reach": reach.driver_id,
        "now": now,
        "since": query.since,
        "until": query.until,
        "route": query.route_id,
        "status": query.status,
        "vehicle": query.vehicle_id,
        "driver": query.driver_id,
    }


async def departures(
    connection: Connection,
    organisation_id: UUID,
    reach: Reach,
    query: DepartureQuery,
    now: datetime,
    *,
    offset: int,
    limit: int,
) -> list[StaffDeparture]:
    """A page of those departures, the first to leave first."""
    parameters = _parameters(organisation_id, reach, query, now) | {"offset": offset, "limit": limit}
    # Not prepared: the best plan depends on what is asked for.
    rows = await (await connection.execute(_LIST.encode(), parameters, prepare=False)).fetchall()
    return await _assembled(connection, organisation_id, rows)


async def count(
    connection: Connection, organisation_id: UUID, reach: Reach, query: DepartureQuery, now: datetime
) -> int:
    """How many those are, ``MOST_COUNTED`` at most."""
    values = _parameters(organisation_id, reach, query, now)
    row = await (await connection.execute(_COUNT.encode(), values, prepare=False)).fetchone()
    return row[0] if row else 0


async def departure(
    connection: Connection, organisation_id: UUID, reach: Reach, departure_id: UUID, now: datetime
) -> StaffDeparture | None:
    """One of them."""
    parameters = _parameters(organisation_id, reach, DepartureQuery(), now) | {"id": departure_id}
    rows = await (await connection.execute(_ONE.encode(), parameters)).fetchall()
    return next(iter(await _assembled(connection, organisation_id, rows)), None)


async def _assembled(
    connection: Connection, organisation_id: UUID, rows: Sequence[Sequence[Any]]
) -> list[StaffDeparture]:
    stops = await stops_of_routes(connection, organisation_id, {row[2] for row in rows}) if rows else {}
    return [_departure(row, stops[row[2]]) for row in rows]


def _departure(row: Sequence[Any], stops: RouteStops) -> StaffDeparture:
    *columns, taken, version, lapsed = row
    triples = zip(lapsed[::3], lapsed[1::3], lapsed[2::3], strict=True)
    counters = give_back(taken, (SeatsTaken(*triple) for triple in triples))
    departs_at: datetime = row[13]
    timed = tuple(
        StaffStop(place_id, slug, name, (departs_at + timedelta(minutes=minutes)).astimezone(zone))
        for place_id, slug, name, zone, minutes in stops
    )
    fields: tuple[Any, ...] = (*columns, counters, version, timed)
    return StaffDeparture(*fields)


async def stops_of_routes(
    connection: Connection, organisation_id: UUID, route_ids: set[UUID]
) -> dict[UUID, RouteStops]:
    """Stops of each route in order: place, slug, names, zone, minutes from the first one."""
    rows = await (await connection.execute(_STOPS, (organisation_id, list(route_ids)))).fetchall()
    found: dict[UUID, RouteStops] = {route_id: [] for route_id in route_ids}
    for route_id, place_id, slug, ru, en, zone, minutes in rows:
        found[route_id].append((place_id, slug, Names(ru, en), ZoneInfo(zone), minutes))
    return found


async def parties(
    connection: Connection, organisation_id: UUID, departure_id: UUID, now: datetime
) -> tuple[SoldParty, ...]:
    """Bookings that have seats on the departure, the oldest first."""
    rows = await connection.execute(
        "SELECT id, code, passengers, from_position, to_position, created_at, status, contact_name FROM bookings "
        "WHERE organisation_id = %s AND departure_id = %s AND (status IN ('confirmed', 'redeemed') "
        "OR status IN ('on_hold', 'pending') AND expires_at > %s) ORDER BY created_at, id",
        (organisation_id, departure_id, now),
    )
    return tuple(SoldParty(*row) for row in await rows.fetchall())


async def told_of_changes(connection: Connection, organisation_id: UUID, departure_id: UUID) -> list[UUID]:
    """Confirmed bookings of the departure with somebody to write to."""
    rows = await connection.execute(
        "SELECT id FROM bookings WHERE organisation_id = %s AND departure_id = %s AND status = 'confirmed' "
        "AND contact_email IS NOT NULL ORDER BY id",
        (organisation_id, departure_id),
    )
    return [row[0] for row in await rows.fetchall()]


async def vehicle(connection: Connection, organisation_id: UUID, vehicle_id: UUID) -> tuple[int, str] | None:
    """Seats of a vehicle in use and what it is called; None for another's or an archived one."""
    row = await _one(
        connection,
        "SELECT capacity, model || ' ' || plate FROM vehicles "
        "WHERE organisation_id = %s AND id = %s AND archived_at IS NULL FOR SHARE",
        organisation_id,
        vehicle_id,
    )
    return (row[0], row[1]) if row else None


async def driver_works(connection: Connection, organisation_id: UUID, driver_id: UUID) -> tuple[Any, Any] | None:
    """The hours of a driver in use; None for another's or an archived one."""
    row = await _one(
        connection,
        "SELECT works_from, works_to FROM drivers "
        "WHERE organisation_id = %s AND id = %s AND archived_at IS NULL FOR SHARE",
        organisation_id,
        driver_id,
    )
    return (row[0], row[1]) if row else None


async def lock_driver(connection: Connection, driver_id: UUID) -> None:
    """One assignment of a driver at a time: two at once would both find them rested."""
    await connection.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 5))", (f"driver:{driver_id}",))


async def rest_minutes(connection: Connection, organisation_id: UUID) -> int:
    """How long a driver of the organisation rests between two departures."""
    row = await _one(connection, "SELECT rest_minutes FROM organisations WHERE id = %s", organisation_id)
    return row[0] if row else 0


async def in_the_way(
    connection: Connection,
    organisation_id: UUID,
    assignment: Assignment,
    start: datetime,
    end: datetime,
    beside: UUID,
    rest: int = 0,
) -> list[tuple[UUID, datetime, bool, bool]]:
    """Departures of that vehicle within the time or of that driver within it and their rest, without ``beside``.

    Each as id, time, whether it is the vehicle's, whether it is the driver's.
    """
    rows = await connection.execute(
        "SELECT id, departs_at, vehicle_id = %(vehicle)s AND on_road && tstzrange(%(start)s, %(end)s), "
        "  coalesce(driver_id = %(driver)s, false) "
        "FROM departures WHERE organisation_id = %(organisation)s AND id <> %(beside)s AND status <> 'cancelled' AND ("
        "  vehicle_id = %(vehicle)s AND on_road && tstzrange(%(start)s, %(end)s) "
        "  OR driver_id = %(driver)s AND on_road && tstzrange(%(start)s - %(rest)s, %(end)s + %(rest)s)) "
        "ORDER BY departs_at, id",
        {
            "organisation": organisation_id,
            "vehicle": assignment.vehicle_id,
            "driver": assignment.driver_id,
            "start": start,
            "end": end,
            "beside": beside,
            "rest": timedelta(minutes=rest),
        },
    )
    return [(row[0], row[1], bool(row[2]), bool(row[3])) for row in await rows.fetchall()]


async def assign(
    connection: Connection, organisation_id: UUID, departure_id: UUID, assignment: Assignment, ends_at: datetime
) -> None:
    """Put vehicle and driver on a locked departure, which takes the road until ``ends_at``."""
    await connection.execute(
        "UPDATE departures SET vehicle_id = %s, driver_id = %s, on_road = tstzrange(departs_at, %s, '[)'), "
        "version = version + 1 WHERE organisation_id = %s AND id = %s",
        (assignment.vehicle_id, assignment.driver_id, ends_at, organisation_id, departure_id),
    )


async def set_status(connection: Connection, organisation_id: UUID, departure_id: UUID, status: str) -> None:
    """Change the state of a locked departure."""
    await connection.execute(
        "UPDATE departures SET status = %s, version = version + 1 WHERE organisation_id = %s AND id = %s",
        (status, organisation_id, departure_id),
    )


async def add_event(connection: Connection, organisation_id: UUID, departure_id: UUID, event: DepartureEvent) -> None:
    """Append to the history of the departure."""
    await connection.execute(
        "INSERT INTO departure_events (organisation_id, departure_id, at, what, before, after, actor, reason) "
        "VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
        (
            organisation_id,
            departure_id,
            event.at,
            event.what,
            event.before,
            event.after,
            event.actor,
            event.reason,
        ),
    )


async def events(connection: Connection, organisation_id: UUID, departure_id: UUID) -> list[DepartureEvent]:
    """The history of the departure, the newest first."""
    rows = await connection.execute(
        "SELECT at, what, before, after, actor, reason FROM departure_events "
        "WHERE organisation_id = %s AND departure_id = %s ORDER BY id DESC LIMIT 200",
        (organisation_id, departure_id),
    )
    return [DepartureEvent(*row) for row in await rows.fetchall()]


async def names(connection: Connection, organisation_id: UUID, numbers: Collection[str]) -> dict[str, str]:
    """What the vehicles and drivers with these ids are called, also archived ones."""
    rows = await connection.execute(
        "SELECT id::text, model || ' ' || plate FROM vehicles WHERE organisation_id = %(organisation)s AND id::text = ANY(%(ids)s) "
        "UNION ALL SELECT id::text, name FROM drivers WHERE organisation_id = %(organisation)s AND id::text = ANY(%(ids)s)",
        {"organisation": organisation_id, "ids": list(numbers)},
    )
    return {row[0]: row[1] for row in await rows.fetchall()}


async def vehicle_choices(
    connection: Connection, organisation_id: UUID, start: datetime, end: datetime, beside: UUID
) -> list[Choice]:
    """Vehicles in use, and which of them are on another departure then."""
    return await _choices(connection, "vehicle", organisation_id, start, end, beside)


async def driver_choices(
    connection: Connection, organisation_id: UUID, start: datetime, end: datetime, beside: UUID
) -> list[Choice]:
    """Drivers in use, and which of them are on another departure then."""
    return await _choices(connection, "driver", organisation_id, start, end, beside)


async def _choices(
    connection: Connection, what: str, organisation_id: UUID, start: datetime, end: datetime, beside: UUID
) -> list[Choice]:
    label, seats = ("x.model || ' ' || x.plate", "x.capacity") if what == "vehicle" else ("x.name", "0")
    rows = await connection.execute(
        f"SELECT x.id, {label}, {seats}, EXISTS (SELECT FROM departures d WHERE d.organisation_id = x.organisation_id "
        f"AND d.{what}_id = x.id AND d.id <> %s AND d.status <> 'cancelled' AND d.on_road && tstzrange(%s, %s)) "
        f"FROM {what}s x WHERE x.organisation_id = %s AND x.archived_at IS NULL ORDER BY 2, x.id".encode(),
        (beside, start, end, organisation_id),
    )
    return [Choice(*row) for row in await rows.fetchall()]


async def days(
    connection: Connection, organisation_id: UUID, reach: Reach, since: datetime, until: datetime, zone: ZoneInfo
) -> list[DayLoad]:
    """What runs on each day of that time that has departures."""
    rows = await connection.execute(
        "SELECT (departs_at AT TIME ZONE %(zone)s)::date, count(*) FILTER (WHERE status <> 'cancelled'), "
        "  count(*) FILTER (WHERE status = 'cancelled'), coalesce(sum(capacity) FILTER (WHERE status <> 'cancelled'), 0), "
        "  coalesce(sum((SELECT max(seats) FROM unnest(taken) AS seats)) FILTER (WHERE status <> 'cancelled'), 0) "
        "FROM departures WHERE organisation_id = %(organisation)s AND departs_at >= %(since)s AND departs_at < %(until)s "
        "AND (%(everything)s OR driver_id = %(reach)s) GROUP BY 1 ORDER BY 1",
        {
            "zone": zone.key,
            "organisation": organisation_id,
            "since": since,
            "until": until,
            "everything": reach.everything,
            "reach": reach.driver_id,
        },
    )
    return [_load(*row) for row in await rows.fetchall()]


def _load(day: date, running: int, cancelled: int, capacity: int, taken: int) -> DayLoad:
    return DayLoad(day, running, cancelled, int(capacity), int(taken))


async def _one(connection: Connection, query: str, *parameters: object) -> Sequence[Any] | None:
    return await (await connection.execute(query.encode(), parameters)).fetchone()
