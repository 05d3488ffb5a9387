"""SQL of vehicles. In the tenant scope."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from psycopg.errors import ForeignKeyViolation, UniqueViolation

from kamhub.hub.vehicle.types import DepartureAhead, PlateTaken, Vehicle, VehicleFacts, VehicleQuery
from kamhub.platform.database.pool import Connection

PLATE_KEY = "vehicles_plate_key"
_VEHICLE = "SELECT id, type, model, capacity, plate, features, version, created_at, archived_at FROM vehicles"
_WANTED = """
WHERE organisation_id = %(organisation)s AND (%(archived)s OR archived_at IS NULL)
  AND (%(type)s::text IS NULL OR type = %(type)s)
  AND (%(text)s::text IS NULL OR position(lower(%(text)s) IN lower(model || ' ' || plate)) > 0)"""
_AHEAD = """
SELECT d.id, d.departs_at, r.name FROM departures d
JOIN routes r ON r.organisation_id = d.organisation_id AND r.id = d.route_id
WHERE d.organisation_id = %(organisation)s AND d.vehicle_id = %(id)s AND d.status <> 'cancelled'
  AND d.departs_at > %(now)s - interval '14 days' -- no route is longer
  AND coalesce(upper(d.on_road), d.departs_at) > %(now)s
ORDER BY d.departs_at, d.id LIMIT %(most)s"""


async def vehicles(
    connection: Connection, organisation_id: UUID, query: VehicleQuery, *, offset: int, limit: int
) -> tuple[list[Vehicle], int]:
    """A page of the vehicles, the archived ones last, and how many there are."""
    wanted = {
        "organisation": organisation_id,
        "archived": query.archived,
        "type": query.type,
        "text": query.text,
        "offset": offset,
        "limit": limit,
    }
    order = "ORDER BY archived_at IS NOT NULL, model, plate, id OFFSET %(offset)s LIMIT %(limit)s"
    rows = await connection.execute(f"{_VEHICLE} {_WANTED} {order}".encode(), wanted)
    found = [_vehicle(row) for row in await rows.fetchall()]
    row = await (await connection.execute(f"SELECT count(*) FROM vehicles {_WANTED}".encode(), wanted)).fetchone()
    return found, row[0] if row else 0


async def find(connection: Connection, organisation_id: UUID, vehicle_id: UUID) -> Vehicle | None:
    """One of them."""
    return await _find(connection, organisation_id, vehicle_id, "")


async def lock(connection: Connection, organisation_id: UUID, vehicle_id: UUID) -> Vehicle | None:
    """The same, locked."""
    return await _find(connection, organisation_id, vehicle_id, " FOR UPDATE")


async def _find(connection: Connection, organisation_id: UUID, vehicle_id: UUID, locked: str) -> Vehicle | None:
    rows = await connection.execute(
        f"{_VEHICLE} WHERE organisation_id = %s AND id = %s{locked}".encode(), (organisation_id, vehicle_id)
    )
    row = await rows.fetchone()
    return _vehicle(row) if row else None


async def insert(
    connection: Connection, organisation_id: UUID, vehicle_id: UUID, facts: VehicleFacts, now: datetime
) -> None:
    """Add a vehicle. Raises ``PlateTaken``."""
    try:
        await connection.execute(
            "INSERT INTO vehicles (organisation_id, id, type, model, capacity, plate, features, created_at) "
            "VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
            (organisation_id, vehicle_id, *_values(facts), now),
        )
    except UniqueViolation as error:
        _refuse(error)


async def update(
    connection: Connection, organisation_id: UUID, vehicle_id: UUID, facts: VehicleFacts, archived_at: datetime | None
) -> None:
    """Write a changed vehicle as its next version. Raises ``PlateTaken``."""
    try:
        await connection.execute(
            "UPDATE vehicles SET type = %s, model = %s, capacity = %s, plate = %s, features = %s, archived_at = %s, "
            "version = version + 1 WHERE organisation_id = %s AND id = %s",
            (*_values(facts), archived_at, organisation_id, vehicle_id),
        )
    except UniqueViolation as error:
        _refuse(error)


async def remove(connection: Connection, organisation_id: UUID, vehicle_id: UUID) -> bool:
    """Delete a vehicle with its papers when nothing refers to it; False, with nothing done, when something does."""
    of_it = (organisation_id, vehicle_id)
    try:
        async with connection.transaction():
            await connection.execute(
                "DELETE FROM fleet_documents WHERE organisation_id = %s AND vehicle_id = %s", of_it
            )
            await connection.execute("DELETE FROM vehicles WHERE organisation_id = %s AND id = %s", of_it)
    except ForeignKeyViolation:
        return False
    return True


async def departures_ahead(
    connection: Connection, organisation_id: UUID, vehicle_id: UUID, now: datetime, zone: ZoneInfo, most: int
) -> list[DepartureAhead]:
    """The first departures it is on the road with, or still to run."""
    wanted = {"organisation": organisation_id, "id": vehicle_id, "now": now, "most": most}
    rows = await connection.execute(_AHEAD, wanted)
    return [DepartureAhead(row[0], row[1].astimezone(zone), row[2]) for row in await rows.fetchall()]


def _refuse(error: UniqueViolation) -> None:
    if error.diag.constraint_name == PLATE_KEY:
        raise PlateTaken from None
    raise error


def _values(facts: VehicleFacts) -> tuple[object, ...]:
    return facts.type, facts.model, facts.capacity, facts.plate, list(facts.features)


def _vehicle(row: Sequence[Any]) -> Vehicle:
    vehicle_id, kind, model, capacity, plate, features, version, created_at, archived_at = row
    facts = VehicleFacts(kind, model, capacity, plate, tuple(features))
    return Vehicle(vehicle_id, facts, version, created_at, archived_at)
