"""SQL of what is read and written as files: the places of routes, the operator as an agency, tariffs to borrow prices from."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from kamhub.hub.timetable.exchange.types import Agency, StopPoint
from kamhub.kit.text import Names
from kamhub.platform.database.pool import Connection


async def agency(connection: Connection, organisation_id: UUID, url: str) -> Agency:
    """The organisation as an agency. Raises ``LookupError``."""
    rows = await connection.execute(
        "SELECT name_ru, time_zone, phone, email FROM organisations WHERE id = %s", (organisation_id,)
    )
    row = await rows.fetchone()
    if row is None:
        raise LookupError(f"no organisation {organisation_id}")
    return Agency(organisation_id, row[0], row[1], row[2], row[3], url)


async def stop_points(connection: Connection, organisation_id: UUID, route_ids: Iterable[UUID]) -> list[StopPoint]:
    """The places where these routes stop, each once, by slug."""
    rows = await connection.execute(
        "SELECT DISTINCT ON (p.slug) p.id, p.slug, p.name_ru, p.name_en, p.latitude, p.longitude, p.time_zone "
        "FROM route_stops s JOIN places p ON p.organisation_id = s.place_organisation_id AND p.id = s.place_id "
        "WHERE s.organisation_id = %s AND s.route_id = ANY(%s) ORDER BY p.slug, p.id",
        (organisation_id, list(route_ids)),
    )
    return [StopPoint(row[0], row[1], Names(row[2], row[3]), row[4], row[5], row[6]) for row in await rows.fetchall()]


async def newest_tariffs(connection: Connection, organisation_id: UUID) -> dict[UUID, UUID]:
    """The newest tariff of every route that has one."""
    rows = await connection.execute(
        "SELECT DISTINCT ON (route_id) route_id, id FROM tariffs WHERE organisation_id = %s "
        "ORDER BY route_id, created_at DESC, id DESC",
        (organisation_id,),
    )
    return {row[0]: row[1] for row in await rows.fetchall()}
