"""SQL of what a timetable is made of: routes with their stops, vehicles, drivers, the organisation's rules."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from kamhub.hub.timetable.types import RouteLine, RouteStop, VehicleSeats
from kamhub.kit.text import Names
from kamhub.platform.database.pool import Connection

_STOPS = """
SELECT r.id, r.name, s.position, s.place_id, p.name_ru, p.name_en, s.offset_minutes, p.time_zone
FROM routes r
JOIN route_stops s ON s.organisation_id = r.organisation_id AND s.route_id = r.id
JOIN places p ON p.organisation_id = s.place_organisation_id AND p.id = s.place_id
WHERE r.organisation_id = %s AND {which} ORDER BY r.name, r.id, s.position"""


async def routes(
    connection: Connection, organisation_id: UUID, route_ids: Iterable[UUID] | None = None
) -> dict[UUID, RouteLine]:
    """These routes with their stops; without ids every route that is not archived."""
    if route_ids is None:
        query, values = _STOPS.format(which="r.archived_at IS NULL"), (organisation_id,)
    else:
        query, values = _STOPS.format(which="r.id = ANY(%s)"), (organisation_id, list(route_ids))  # type: ignore[assignment]
    rows = await (await connection.execute(query.encode(), values)).fetchall()
    found: dict[UUID, tuple[str, str, list[RouteStop]]] = {}
    for route_id, name, position, place_id, name_ru, name_en, offset, zone in rows:
        stops = found.setdefault(route_id, (name, zone, []))[2]
        stops.append(RouteStop(position, place_id, Names(name_ru, name_en), offset))
    return {
        route_id: RouteLine(route_id, name, tuple(stops), ZoneInfo(zone))
        for route_id, (name, zone, stops) in found.items()
    }


async def route_archived(connection: Connection, organisation_id: UUID, route_id: UUID) -> bool | None:
    """Whether that route is archived, None when there is none; its stops stay as they are until the transaction ends."""
    rows = await connection.execute(
        "SELECT archived_at IS NOT NULL FROM routes WHERE organisation_id = %s AND id = %s FOR KEY SHARE",
        (organisation_id, route_id),
    )
    row = await rows.fetchone()
    return None if row is None else bool(row[0])


async def vehicles(connection: Connection, organisation_id: UUID) -> list[VehicleSeats]:
    """Every vehicle that is not archived."""
    rows = await connection.execute(
        "SELECT id, model, plate, capacity FROM vehicles WHERE organisation_id = %s AND archived_at IS NULL "
        "ORDER BY model, plate",
        (organisation_id,),
    )
    return [VehicleSeats(*row) for row in await rows.fetchall()]


async def vehicle(connection: Connection, organisation_id: UUID, vehicle_id: UUID) -> tuple[VehicleSeats, bool] | None:
    """A vehicle, and whether it is archived; it stays so until the transaction ends."""
    rows = await connection.execute(
        "SELECT id, model, plate, capacity, archived_at IS NOT NULL FROM vehicles WHERE organisation_id = %s AND id = %s "
        "FOR KEY SHARE",
        (organisation_id, vehicle_id),
    )
    row = await rows.fetchone()
    return (VehicleSeats(*row[:4]), row[4]) if row else None


async def drivers(connection: Connection, organisation_id: UUID) -> list[tuple[UUID, str]]:
    """Every driver that is not archived, by name."""
    rows = await connection.execute(
        "SELECT id, name FROM drivers WHERE organisation_id = %s AND archived_at IS NULL ORDER BY name, id",
        (organisation_id,),
    )
    return [(row[0], row[1]) for row in await rows.fetchall()]


async def driver_archived(connection: Connection, organisation_id: UUID, driver_id: UUID) -> bool | None:
    """Whether that driver is archived, None when there is none; it stays so until the transaction ends."""
    rows = await connection.execute(
        "SELECT archived_at IS NOT NULL FROM drivers WHERE organisation_id = %s AND id = %s FOR KEY SHARE",
        (organisation_id, driver_id),
    )
    row = await rows.fetchone()
    return None if row is None else bool(row[0])


async def driver_hours(connection: Connection, organisation_id: UUID, driver_id: UUID) -> tuple[time, time] | None:
    """From when to when a driver works; None when it was not written down."""
    rows = await connection.execute(
        "SELECT works_from, works_to FROM drivers WHERE organisation_id = %s AND id = %s AND works_from IS NOT NULL",
        (organisation_id, driver_id),
    )
    row = await rows.fetchone()
    return (row[0], row[1]) if row else None


async def lock_driver(connection: Connection, driver_id: UUID) -> None:
    """Whoever gives that driver a departure waits for the end of this transaction: the rest between two departures is no
    constraint that the database could keep."""
    await connection.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 5))", (f"driver:{driver_id}",))


async def operating_rules(connection: Connection, organisation_id: UUID) -> tuple[timedelta, int]:
    """How long a driver rests between departures, and after how many minutes before departure sales close."""
    rows = await connection.execute(
        "SELECT rest_minutes, sales_cutoff_minutes FROM organisations WHERE id = %s", (organisation_id,)
    )
    row = await rows.fetchone()
    return (timedelta(minutes=row[0]), row[1]) if row else (timedelta(0), 0)


async def places(connection: Connection, organisation_id: UUID) -> list[tuple[UUID, UUID, str, Names]]:
    """Owner, id, slug and name of the organisation's own places and the shared ones; of one slug its own comes first."""
    rows = await connection.execute(
        "SELECT organisation_id, id, slug, name_ru, name_en FROM places WHERE archived_at IS NULL "
        "ORDER BY organisation_id = %s DESC, slug",
        (organisation_id,),
    )
    return [(row[0], row[1], row[2], Names(row[3], row[4])) for row in await rows.fetchall()]
