"""Keeping vehicles: adding, changing, archiving them and bringing them back."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from kamhub.hub.services import Hub
from kamhub.hub.timetable.store import timetables
from kamhub.hub.vehicle import store
from kamhub.hub.vehicle.types import Vehicle, VehicleChange, VehicleFacts, VehicleInUse, VehicleNotFound, VehicleQuery
from kamhub.kit.ids import new_id
from kamhub.platform.audit import actions as audit
from kamhub.platform.database.pool import Connection
from kamhub.platform.organisation import store as organisation_store
from kamhub.platform.person.types import Staff
from kamhub.platform.web.versions import AskedVersion, require_version

MOST_NAMED = 20


async def vehicles(
    hub: Hub, staff: Staff, query: VehicleQuery, *, offset: int = 0, limit: int = 200
) -> tuple[list[Vehicle], int]:
    """A page of the vehicles, and how many there are."""
    async with hub.database.tenant(staff.organisation_id) as connection:
        return await store.vehicles(connection, staff.organisation_id, query, offset=offset, limit=limit)


async def vehicle(hub: Hub, staff: Staff, vehicle_id: UUID) -> Vehicle:
    """One of them. Raises ``VehicleNotFound``."""
    async with hub.database.tenant(staff.organisation_id) as connection:
        found = await store.find(connection, staff.organisation_id, vehicle_id)
    if found is None:
        raise VehicleNotFound
    return found


async def add(hub: Hub, staff: Staff, facts: VehicleFacts) -> Vehicle:
    """Add a vehicle. Raises ``PlateTaken``."""
    organisation, now, vehicle_id = staff.organisation_id, hub.clock.now(), new_id()
    async with hub.database.tenant(organisation) as connection:
        await store.insert(connection, organisation, vehicle_id, facts, now)
        await audit.record(
            connection, organisation, staff.trail, "vehicle.added", "vehicle", vehicle_id, now, after=facts.as_json()
        )
    return Vehicle(vehicle_id, facts, 1, now)


async def change(hub: Hub, staff: Staff, vehicle_id: UUID, wanted: VehicleChange, asked: AskedVersion) -> Vehicle:
    """Change a vehicle; its departures keep the capacity they were made with.

    Raises ``VehicleNotFound``, ``VersionStale``, ``PlateTaken``, and ``VehicleInUse`` as ``archive``.
    """
    organisation, now = staff.organisation_id, hub.clock.now()
    async with hub.database.tenant(organisation) as connection:
        present = await _lock(connection, organisation, vehicle_id, asked)
        facts = wanted.facts(present.facts)
        archived_at = present.archived_at
        if wanted.archived is not None and wanted.archived is (archived_at is None):
            if wanted.archived:
                await _require_idle(connection, organisation, vehicle_id, now)
            archived_at = now if wanted.archived else None
        if (facts, archived_at) == (present.facts, present.archived_at):
            return present
        await store.update(connection, organisation, vehicle_id, facts, archived_at)
        await audit.record(
            connection,
            organisation,
            staff.trail,
            "vehicle.changed",
            "vehicle",
            vehicle_id,
            now,
            before=present.facts.as_json() | {"archived": present.archived_at is not None},
            after=facts.as_json() | {"archived": archived_at is not None},
        )
    return Vehicle(vehicle_id, facts, present.version + 1, present.created_at, archived_at)


async def archive(hub: Hub, staff: Staff, vehicle_id: UUID, asked: AskedVersion) -> None:
    """Put a vehicle away; one that nothing refers to is removed for good. May be said twice of an archived one.

    Raises ``VehicleNotFound``, ``VersionStale``, and ``VehicleInUse`` while it has departures or timetables ahead.
    """
    organisation, now = staff.organisation_id, hub.clock.now()
    async with hub.database.tenant(organisation) as connection:
        present = await _lock(connection, organisation, vehicle_id, asked)
        if present.archived_at is not None:
            return
        await _require_idle(connection, organisation, vehicle_id, now)
        if not await store.remove(connection, organisation, vehicle_id):
            await store.update(connection, organisation, vehicle_id, present.facts, now)
        await audit.record(
            connection,
            organisation,
            staff.trail,
            "vehicle.archived",
            "vehicle",
            vehicle_id,
            now,
            before=present.facts.as_json(),
        )


async def _lock(connection: Connection, organisation_id: UUID, vehicle_id: UUID, asked: AskedVersion) -> Vehicle:
    present = await store.lock(connection, organisation_id, vehicle_id)
    if present is None:
        raise VehicleNotFound
    require_version(asked, present.version)
    return present


async def _require_idle(connection: Connection, organisation_id: UUID, vehicle_id: UUID, now: datetime) -> None:
    zone = await organisation_store.zone(connection, organisation_id)
    ahead = await store.departures_ahead(connection, organisation_id, vehicle_id, now, zone, MOST_NAMED)
    uses = await timetables.using(connection, organisation_id, now.astimezone(zone).date(), vehicle_id=vehicle_id)
    if ahead or uses:
        raise VehicleInUse(ahead, uses)
