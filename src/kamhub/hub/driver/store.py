"""SQL of drivers. In the tenant scope."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from psycopg.errors import ForeignKeyViolation, UniqueViolation

from kamhub.hub.driver.types import Driver, DriverFacts, DriverQuery, PersonTaken
from kamhub.hub.vehicle.types import DepartureAhead
from kamhub.platform.database.pool import Connection

PERSON_ONCE = "drivers_person_once"
_DRIVER = (
    "SELECT id, name, phone, languages, works_from, works_to, person_id, version, created_at, archived_at FROM drivers"
)
# Of a phone its digits count, however it was typed.
_WANTED = """
WHERE organisation_id = %(organisation)s AND (%(archived)s OR archived_at IS NULL)
  AND (%(text)s::text IS NULL OR position(lower(%(text)s) IN lower(name)) > 0
    OR (length(%(digits)s) >= 3 AND position(%(digits)s IN phone) > 0))"""
_AHEAD = """
SELECT d.id, d.departs_at, r.name FROM departures d
JOIN routes r ON r.organisation_id = d.organisation_id AND r.id = d.route_id
WHERE d.organisation_id = %(organisation)s AND d.driver_id = %(id)s AND d.status <> 'cancelled'
  AND d.departs_at > %(now)s - interval '14 days' -- no route is longer
  AND coalesce(upper(d.on_road), d.departs_at) > %(now)s
ORDER BY d.departs_at, d.id LIMIT %(most)s"""


async def drivers(
    connection: Connection, organisation_id: UUID, query: DriverQuery, *, offset: int, limit: int
) -> tuple[list[Driver], int]:
    """A page of the drivers, the archived ones last, and how many there are."""
    wanted = {
        "organisation": organisation_id,
        "archived": query.archived,
        "text": query.text,
        "digits": "".join(character for character in query.text or "" if character in "0123456789"),
        "offset": offset,
        "limit": limit,
    }
    order = "ORDER BY archived_at IS NOT NULL, name, id OFFSET %(offset)s LIMIT %(limit)s"
    rows = await connection.execute(f"{_DRIVER} {_WANTED} {order}".encode(), wanted)
    found = [_driver(row) for row in await rows.fetchall()]
    row = await (await connection.execute(f"SELECT count(*) FROM drivers {_WANTED}".encode(), wanted)).fetchone()
    return found, row[0] if row else 0


async def find(connection: Connection, organisation_id: UUID, driver_id: UUID) -> Driver | None:
    """One of them."""
    return await _find(connection, organisation_id, driver_id, "")


async def lock(connection: Connection, organisation_id: UUID, driver_id: UUID) -> Driver | None:
    """The same, locked."""
    return await _find(connection, organisation_id, driver_id, " FOR UPDATE")


async def _find(connection: Connection, organisation_id: UUID, driver_id: UUID, locked: str) -> Driver | None:
    rows = await connection.execute(
        f"{_DRIVER} WHERE organisation_id = %s AND id = %s{locked}".encode(), (organisation_id, driver_id)
    )
    row = await rows.fetchone()
    return _driver(row) if row else None


async def driver_of_person(connection: Connection, organisation_id: UUID, person_id: UUID) -> UUID | None:
    """The driver that member signs in as; None when they are none."""
    rows = await connection.execute(
        "SELECT id FROM drivers WHERE organisation_id = %s AND person_id = %s AND archived_at IS NULL",
        (organisation_id, person_id),
    )
    row = await rows.fetchone()
    return row[0] if row else None


async def insert(
    connection: Connection, organisation_id: UUID, driver_id: UUID, facts: DriverFacts, now: datetime
) -> None:
    """Add a driver. Raises ``PersonTaken``."""
    try:
        await connection.execute(
            "INSERT INTO drivers (organisation_id, id, name, phone, languages, works_from, works_to, person_id, created_at) "
            "VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
            (organisation_id, driver_id, *_values(facts), now),
        )
    except UniqueViolation as error:
        _refuse(error)


async def update(
    connection: Connection, organisation_id: UUID, driver_id: UUID, facts: DriverFacts, archived_at: datetime | None
) -> None:
    """Write a changed driver as the next version. Raises ``PersonTaken``."""
    try:
        await connection.execute(
            "UPDATE drivers SET name = %s, phone = %s, languages = %s, works_from = %s, works_to = %s, person_id = %s, "
            "archived_at = %s, version = version + 1 WHERE organisation_id = %s AND id = %s",
            (*_values(facts), archived_at, organisation_id, driver_id),
        )
    except UniqueViolation as error:
        _refuse(error)


async def remove(connection: Connection, organisation_id: UUID, driver_id: UUID) -> bool:
    """Delete a driver with their papers when nothing refers to them; False, with nothing done, when something does."""
    of_them = (organisation_id, driver_id)
    try:
        async with connection.transaction():
            await connection.execute(
                "DELETE FROM fleet_documents WHERE organisation_id = %s AND driver_id = %s", of_them
            )
            await connection.execute("DELETE FROM drivers WHERE organisation_id = %s AND id = %s", of_them)
    except ForeignKeyViolation:
        return False
    return True


async def departures_ahead(
    connection: Connection, organisation_id: UUID, driver_id: UUID, now: datetime, zone: ZoneInfo, most: int
) -> list[DepartureAhead]:
    """The first departures they are on the road with, or still to drive."""
    wanted = {"organisation": organisation_id, "id": driver_id, "now": now, "most": most}
    rows = await connection.execute(_AHEAD, wanted)
    return [DepartureAhead(row[0], row[1].astimezone(zone), row[2]) for row in await rows.fetchall()]


def _refuse(error: UniqueViolation) -> None:
    if error.diag.constraint_name == PERSON_ONCE:
        raise PersonTaken from None
    raise error


def _values(facts: DriverFacts) -> tuple[object, ...]:
    return facts.name, facts.phone, list(facts.languages), facts.works_from, facts.works_to, facts.person_id


def _driver(row: Sequence[Any]) -> Driver:
    driver_id, name, phone, languages, works_from, works_to, person_id, version, created_at, archived_at = row
    facts = DriverFacts(name, phone, tuple(languages), works_from, works_to, person_id)
    return Driver(driver_id, facts, version, created_at, archived_at)
