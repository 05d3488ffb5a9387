"""SQL of routes and their stops. In the tenant scope."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.errors import ForeignKeyViolation

from kamhub.hub.place.types import CATALOGUE
from kamhub.hub.route.types import Route, RouteQuery, RouteStop, StopWanted
from kamhub.kit.text import Names
from kamhub.platform.database.pool import Connection

_IN_USE = " OR ".join(
    f"EXISTS (SELECT FROM {table} u WHERE u.organisation_id = r.organisation_id AND u.route_id = r.id)"
    for table in ("departures", "timetables", "tariffs")
)
_ROUTE = f"SELECT r.id, r.name, r.version, r.created_at, r.archived_at, ({_IN_USE}) FROM routes r"
_WANTED = """
WHERE r.organisation_id = %(organisation)s AND (%(archived)s OR r.archived_at IS NULL)
  AND (%(text)s::text IS NULL OR position(lower(%(text)s) IN lower(r.name)) > 0 OR EXISTS (
    SELECT FROM route_stops s JOIN places p ON p.organisation_id = s.place_organisation_id AND p.id = s.place_id
    WHERE s.organisation_id = r.organisation_id AND s.route_id = r.id
      AND position(lower(%(text)s) IN lower(p.name_ru || ' ' || p.name_en)) > 0))"""
_STOPS = """
SELECT s.route_id, s.position, s.place_id, p.slug, p.name_ru, p.name_en, s.offset_minutes, p.time_zone
FROM route_stops s JOIN places p ON p.organisation_id = s.place_organisation_id AND p.id = s.place_id
WHERE s.organisation_id = %s AND s.route_id = ANY (%s) ORDER BY s.route_id, s.position"""
# A place is of the organisation or of the catalogue; which, the place itself says.
_INSERT_STOPS = """
INSERT INTO route_stops (organisation_id, route_id, position, place_organisation_id, place_id, offset_minutes)
SELECT %s, %s, w.position - 1, p.organisation_id, p.id, w.minutes
FROM unnest(%s::uuid[], %s::integer[]) WITH ORDINALITY AS w (place_id, minutes, position)
JOIN places p ON p.id = w.place_id AND p.organisation_id = ANY (%s)"""


async def routes(
    connection: Connection, organisation_id: UUID, query: RouteQuery, *, offset: int, limit: int
) -> tuple[list[Route], int]:
    """A page of the routes with their stops, the archived ones last, and how many there are."""
    wanted = {
        "organisation": organisation_id,
        "archived": query.archived,
        "text": query.text,
        "offset": offset,
        "limit": limit,
    }
    order = "ORDER BY r.archived_at IS NOT NULL, r.name, r.id OFFSET %(offset)s LIMIT %(limit)s"
    rows = await (await connection.execute(f"{_ROUTE} {_WANTED} {order}".encode(), wanted)).fetchall()
    counted = await connection.execute(f"SELECT count(*) FROM routes r {_WANTED}".encode(), wanted)
    total = await counted.fetchone()
    stops = await _stops(connection, organisation_id, [row[0] for row in rows])
    return [_route(row, stops) for row in rows], total[0] if total else 0


async def find(connection: Connection, organisation_id: UUID, route_id: UUID) -> Route | None:
    """One of them."""
    return await _find(connection, organisation_id, route_id, "")


async def lock(connection: Connection, organisation_id: UUID, route_id: UUID) -> Route | None:
    """The same, locked: nothing comes to refer to it until the transaction ends."""
    return await _find(connection, organisation_id, route_id, " FOR UPDATE OF r")


async def _find(connection: Connection, organisation_id: UUID, route_id: UUID, locked: str) -> Route | None:
    rows = await connection.execute(
        f"{_ROUTE} WHERE r.organisation_id = %s AND r.id = %s{locked}".encode(), (organisation_id, route_id)
    )
    row = await rows.fetchone()
    return _route(row, await _stops(connection, organisation_id, [route_id])) if row else None


async def in_use(connection: Connection, organisation_id: UUID, route_id: UUID) -> bool:
    """Whether departures, timetables or prices refer to a (locked) route this moment."""
    rows = await connection.execute(
        f"SELECT {_IN_USE} FROM routes r WHERE r.organisation_id = %s AND r.id = %s".encode(),
        (organisation_id, route_id),
    )
    row = await rows.fetchone()
    return bool(row and row[0])


async def insert(connection: Connection, organisation_id: UUID, route_id: UUID, name: str, now: datetime) -> None:
    """Add a route without stops."""
    await connection.execute(
        "INSERT INTO routes (organisation_id, id, name, created_at) VALUES (%s, %s, %s, %s)",
        (organisation_id, route_id, name, now),
    )


async def replace_stops(
    connection: Connection, organisation_id: UUID, route_id: UUID, stops: Sequence[StopWanted]
) -> None:
    """Write the stops of a route to which nothing refers, in place of those there were."""
    of_it = (organisation_id, route_id)
    await connection.execute("DELETE FROM route_stops WHERE organisation_id = %s AND route_id = %s", of_it)
    places, minutes = [stop.place_id for stop in stops], [stop.offset_minutes for stop in stops]
    await connection.execute(_INSERT_STOPS, (*of_it, places, minutes, [organisation_id, CATALOGUE]))


async def update(
    connection: Connection, organisation_id: UUID, route_id: UUID, name: str, archived_at: datetime | None
) -> None:
    """Write a changed route as its next version."""
    await connection.execute(
        "UPDATE routes SET name = %s, archived_at = %s, version = version + 1 WHERE organisation_id = %s AND id = %s",
        (name, archived_at, organisation_id, route_id),
    )


async def remove(connection: Connection, organisation_id: UUID, route_id: UUID) -> bool:
    """Delete a route with its stops when nothing refers to it; False, with nothing done, when something does."""
    of_it = (organisation_id, route_id)
    try:
        async with connection.transaction():
            await connection.execute("DELETE FROM route_stops WHERE organisation_id = %s AND route_id = %s", of_it)
            await connection.execute("DELETE FROM routes WHERE organisation_id = %s AND id = %s", of_it)
    except ForeignKeyViolation:
        return False
    return True


async def usable_places(connection: Connection, organisation_id: UUID, places: Sequence[UUID]) -> set[UUID]:
    """Those of the places where a route of the organisation may stop: its own and the catalogue's, not archived.

    They stay so until the transaction ends, unless they are the catalogue's, which nobody here can change.
    """
    rows = await connection.execute(
        "SELECT id FROM places WHERE organisation_id = %s AND id = ANY (%s) AND archived_at IS NULL FOR KEY SHARE",
        (organisation_id, list(places)),
    )
    own = {row[0] for row in await rows.fetchall()}
    rows = await connection.execute(
        "SELECT id FROM places WHERE organisation_id = %s AND id = ANY (%s) AND archived_at IS NULL",
        (CATALOGUE, list(places)),
    )
    return own | {row[0] for row in await rows.fetchall()}


async def _stops(connection: Connection, organisation_id: UUID, routes: Sequence[UUID]) -> dict[UUID, list[RouteStop]]:
    rows = await connection.execute(_STOPS, (organisation_id, list(routes)))
    found: dict[UUID, list[RouteStop]] = {route: [] for route in routes}
    for route_id, position, place_id, slug, name_ru, name_en, minutes, zone in await rows.fetchall():
        found[route_id].append(RouteStop(position, place_id, slug, Names(name_ru, name_en), minutes, zone))
    return found


def _route(row: Sequence[Any], stops: dict[UUID, list[RouteStop]]) -> Route:
    route_id, name, version, created_at, archived_at, used = row
    return Route(route_id, name, tuple(stops[route_id]), version, created_at, archived_at, used)
