"""SQL of single departures beside the timetable."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from kamhub.hub.departure.types import ExtraDeparture
from kamhub.platform.database.pool import Connection


async def insert(
    connection: Connection,
    organisation_id: UUID,
    departure_id: UUID,
    wanted: ExtraDeparture,
    tariff_id: UUID,
    ends_at: datetime,
    capacity: int,
    legs: int,
) -> None:
    """Write a departure, on sale until the organisation's cut-off."""
    await connection.execute(
        "INSERT INTO departures (organisation_id, id, route_id, tariff_id, vehicle_id, driver_id, departs_at, "
        "  sales_close_at, capacity, taken, on_road) "
        "SELECT o.id, %s, %s, %s, %s, %s, at, at - o.sales_cutoff_minutes * interval '1 minute', %s, "
        "  array_fill(0, ARRAY[%s]), tstzrange(at, %s, '[)') "
        "FROM organisations o, (VALUES (%s::timestamptz)) AS given(at) WHERE o.id = %s",
        (
            departure_id,
            wanted.route_id,
            tariff_id,
            wanted.assignment.vehicle_id,
            wanted.assignment.driver_id,
            capacity,
            legs,
            ends_at,
            wanted.departs_at,
            organisation_id,
        ),
    )


async def routes_in_use(connection: Connection, organisation_id: UUID) -> list[tuple[UUID, str]]:
    """Routes that are not archived, by name."""
    rows = await connection.execute(
        "SELECT id, name FROM routes WHERE organisation_id = %s AND archived_at IS NULL ORDER BY name, id",
        (organisation_id,),
    )
    return [(row[0], row[1]) for row in await rows.fetchall()]


async def route_in_use(connection: Connection, organisation_id: UUID, route_id: UUID) -> bool:
    """Whether the organisation has that route and has not archived it."""
    return await _exists(
        connection,
        "SELECT FROM routes WHERE organisation_id = %s AND id = %s AND archived_at IS NULL",
        organisation_id,
        route_id,
    )


async def tariff_of_route(connection: Connection, organisation_id: UUID, route_id: UUID, tariff_id: UUID) -> bool:
    """Whether that is a tariff of that route."""
    return await _exists(
        connection,
        "SELECT FROM tariffs WHERE organisation_id = %s AND route_id = %s AND id = %s",
        organisation_id,
        route_id,
        tariff_id,
    )


async def newest_tariff(connection: Connection, organisation_id: UUID, route_id: UUID) -> UUID | None:
    """The tariff of the route's newest departure, or its newest tariff while it has none."""
    rows = await connection.execute(
        "SELECT coalesce((SELECT tariff_id FROM departures WHERE organisation_id = %(organisation)s "
        "    AND route_id = %(route)s ORDER BY created_at DESC, id DESC LIMIT 1), "
        "  (SELECT id FROM tariffs WHERE organisation_id = %(organisation)s AND route_id = %(route)s "
        "    ORDER BY created_at DESC, id DESC LIMIT 1))",
        {"organisation": organisation_id, "route": route_id},
    )
    row = await rows.fetchone()
    return row[0] if row else None


async def _exists(connection: Connection, query: str, *parameters: object) -> bool:
    rows = await connection.execute(f"SELECT EXISTS ({query})".encode(), parameters)
    row = await rows.fetchone()
    return bool(row and row[0])
