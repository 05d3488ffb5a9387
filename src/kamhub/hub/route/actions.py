"""Keeping routes: adding, changing, copying, archiving them and bringing them back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from kamhub.hub.route import rules, store
from kamhub.hub.route.types import (
    Route,
    RouteChange,
    RouteHasTimetables,
    RouteInUse,
    RouteNotFound,
    RouteQuery,
    StopPlaceUnknown,
    StopWanted,
)
from kamhub.hub.services import Hub
from kamhub.hub.timetable.store import timetables
from kamhub.kit.ids import new_id
from kamhub.platform.audit import actions as audit
from kamhub.platform.database.pool import Connection
from kamhub.platform.organisation import store as organisations
from kamhub.platform.person.types import Staff
from kamhub.platform.web.versions import AskedVersion, require_version


async def routes(
    hub: Hub, staff: Staff, query: RouteQuery, *, offset: int = 0, limit: int = 200
) -> tuple[list[Route], int]:
    """A page of the routes, and how many there are."""
    async with hub.database.tenant(staff.organisation_id) as connection:
        return await store.routes(connection, staff.organisation_id, query, offset=offset, limit=limit)


async def route(hub: Hub, staff: Staff, route_id: UUID) -> Route:
    """One of them. Raises ``RouteNotFound``."""
    async with hub.database.tenant(staff.organisation_id) as connection:
        return await _found(connection, staff.organisation_id, route_id)


async def add(hub: Hub, staff: Staff, name: str, stops: Sequence[StopWanted]) -> Route:
    """Add a route. Raises ``InputInvalid`` for stops it may not have, ``StopPlaceUnknown``."""
    rules.require_sound(stops)
    organisation, now, route_id = staff.organisation_id, hub.clock.now(), new_id()
    async with hub.database.tenant(organisation) as connection:
        await _require_places(connection, organisation, stops)
        await store.insert(connection, organisation, route_id, name, now)
        await store.replace_stops(connection, organisation, route_id, stops)
        made = await _found(connection, organisation, route_id)
        await audit.record(
            connection, organisation, staff.trail, "route.added", "route", route_id, now, after=_told(made)
        )
    return made


async def change(hub: Hub, staff: Staff, route_id: UUID, wanted: RouteChange, asked: AskedVersion) -> Route:
    """Rename a route, or give it other stops while nothing refers to it.

    Raises ``RouteNotFound``, ``VersionStale``, ``InputInvalid``, ``RouteInUse``, ``StopPlaceUnknown``, and ``RouteHasTimetables``
    as ``archive``.
    """
    organisation, now = staff.organisation_id, hub.clock.now()
    async with hub.database.tenant(organisation) as connection:
        present = await _lock(connection, organisation, route_id, asked)
        name = present.name if wanted.name is None else wanted.name
        archived_at = present.archived_at
        if wanted.archived is not None and wanted.archived is (archived_at is None):
            if wanted.archived:
                await _require_idle(connection, organisation, route_id, now)
            archived_at = now if wanted.archived else None
        stops = tuple(stop.wanted() for stop in present.stops)
        others = wanted.stops if wanted.stops is not None and wanted.stops != stops else None
        if others is None and (name, archived_at) == (present.name, present.archived_at):
            return present
        if others is not None:
            await _replace_stops(connection, organisation, present, others)
        await store.update(connection, organisation, route_id, name, archived_at)
        changed = await _found(connection, organisation, route_id)
        await audit.record(
            connection,
            organisation,
            staff.trail,
            "route.changed",
            "route",
            route_id,
            now,
            before=_told(present),
            after=_told(changed),
        )
    return changed


async def copy(hub: Hub, staff: Staff, route_id: UUID, name: str) -> Route:
    """A new route with the stops of that one, free to be changed. Raises ``RouteNotFound``, ``StopPlaceUnknown``."""
    present = await route(hub, staff, route_id)
    return await add(hub, staff, name, [stop.wanted() for stop in present.stops])


async def archive(hub: Hub, staff: Staff, route_id: UUID, asked: AskedVersion) -> None:
    """Put a route away: its departures go on, it is offered for no new ones. One that nothing refers to is removed for good.

    May be said twice of an archived one. Raises ``RouteNotFound``, ``VersionStale``, ``RouteHasTimetables``.
    """
    organisation, now = staff.organisation_id, hub.clock.now()
    async with hub.database.tenant(organisation) as connection:
        present = await _lock(connection, organisation, route_id, asked)
        if present.archived_at is not None:
            return
        await _require_idle(connection, organisation, route_id, now)
        if not await store.remove(connection, organisation, route_id):
            await store.update(connection, organisation, route_id, present.name, now)
        await audit.record(
            connection, organisation, staff.trail, "route.archived", "route", route_id, now, before=_told(present)
        )


async def _found(connection: Connection, organisation_id: UUID, route_id: UUID) -> Route:
    found = await store.find(connection, organisation_id, route_id)
    if found is None:
        raise RouteNotFound
    return found


async def _lock(connection: Connection, organisation_id: UUID, route_id: UUID, asked: AskedVersion) -> Route:
    present = await store.lock(connection, organisation_id, route_id)
    if present is None:
        raise RouteNotFound
    require_version(asked, present.version)
    return present


async def _require_idle(connection: Connection, organisation_id: UUID, route_id: UUID, now: datetime) -> None:
    today = now.astimezone(await organisations.zone(connection, organisation_id)).date()
    uses = await timetables.using(connection, organisation_id, today, route_id=route_id)
    if uses:
        raise RouteHasTimetables(uses)


async def _replace_stops(
    connection: Connection, organisation_id: UUID, present: Route, stops: Sequence[StopWanted]
) -> None:
    rules.require_sound(stops)
    # Asked once the lock is held: somebody may have begun to use it meanwhile.
    if await store.in_use(connection, organisation_id, present.id):
        raise RouteInUse
    # Where it stops already it may go on stopping, even if the place was archived since.
    kept = {stop.place_id for stop in present.stops}
    await _require_places(connection, organisation_id, [stop for stop in stops if stop.place_id not in kept])
    await store.replace_stops(connection, organisation_id, present.id, stops)


async def _require_places(connection: Connection, organisation_id: UUID, stops: Sequence[StopWanted]) -> None:
    """Raise ``StopPlaceUnknown`` for a place where the organisation's routes may not stop."""
    usable = await store.usable_places(connection, organisation_id, [stop.place_id for stop in stops])
    for stop in stops:
        if stop.place_id not in usable:
            raise StopPlaceUnknown(stop.place_id)


def _told(route: Route) -> dict[str, object]:
    stops = [f"{stop.offset_minutes} {stop.slug}" for stop in route.stops]
    return {"name": route.name, "stops": stops, "archived": route.archived_at is not None}
