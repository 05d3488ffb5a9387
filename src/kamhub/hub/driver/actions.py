"""Keeping drivers: adding, changing, archiving them and bringing them back."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from kamhub.hub.driver import rules, store
from kamhub.hub.driver.types import Driver, DriverChange, DriverFacts, DriverInUse, DriverNotFound, DriverQuery
from kamhub.hub.services import Hub
from kamhub.hub.timetable.store import timetables
from kamhub.kit.ids import new_id
from kamhub.platform.audit import actions as audit
from kamhub.platform.database.pool import Connection
from kamhub.platform.organisation import store as organisation_store
from kamhub.platform.organisation.types import Member, MemberNotFound
from kamhub.platform.person.types import Staff
from kamhub.platform.web.versions import AskedVersion, require_version

MOST_NAMED = 20
_MOST_MEMBERS = 500


async def drivers(
    hub: Hub, staff: Staff, query: DriverQuery, *, offset: int = 0, limit: int = 200
) -> tuple[list[Driver], int]:
    """A page of the drivers, and how many there are."""
    async with hub.database.tenant(staff.organisation_id) as connection:
        return await store.drivers(connection, staff.organisation_id, query, offset=offset, limit=limit)


async def driver(hub: Hub, staff: Staff, driver_id: UUID) -> Driver:
    """One of them. Raises ``DriverNotFound``."""
    async with hub.database.tenant(staff.organisation_id) as connection:
        found = await store.find(connection, staff.organisation_id, driver_id)
    if found is None:
        raise DriverNotFound
    return found


async def members(hub: Hub, staff: Staff) -> list[Member]:
    """Everybody who may sign in as a driver."""
    async with hub.database.tenant(staff.organisation_id) as connection:
        found, _ = await organisation_store.members(connection, staff.organisation_id, offset=0, limit=_MOST_MEMBERS)
    return found


async def add(hub: Hub, staff: Staff, facts: DriverFacts) -> Driver:
    """Add a driver. Raises ``MemberNotFound``, ``PersonTaken``, ``InputInvalid``."""
    organisation, now, driver_id = staff.organisation_id, hub.clock.now(), new_id()
    async with hub.database.tenant(organisation) as connection:
        await _require_sound(connection, organisation, facts)
        await store.insert(connection, organisation, driver_id, facts, now)
        await audit.record(
            connection, organisation, staff.trail, "driver.added", "driver", driver_id, now, after=facts.as_json()
        )
    return Driver(driver_id, facts, 1, now)


async def change(hub: Hub, staff: Staff, driver_id: UUID, wanted: DriverChange, asked: AskedVersion) -> Driver:
    """Change a driver.

    Raises ``DriverNotFound``, ``VersionStale``, ``MemberNotFound``, ``PersonTaken``, ``InputInvalid``, and ``DriverInUse``
    as ``archive``.
    """
    organisation, now = staff.organisation_id, hub.clock.now()
    async with hub.database.tenant(organisation) as connection:
        present = await _lock(connection, organisation, driver_id, asked)
        facts = wanted.facts(present.facts)
        archived_at = present.archived_at
        if wanted.archived is not None and wanted.archived is (archived_at is None):
            if wanted.archived:
                await _require_idle(connection, organisation, driver_id, now)
            archived_at = now if wanted.archived else None
        if (facts, archived_at) == (present.facts, present.archived_at):
            return present
        await _require_sound(connection, organisation, facts)
        await store.update(connection, organisation, driver_id, facts, archived_at)
        await audit.record(
            connection,
            organisation,
            staff.trail,
            "driver.changed",
            "driver",
            driver_id,
            now,
            before=present.facts.as_json() | {"archived": present.archived_at is not None},
            after=facts.as_json() | {"archived": archived_at is not None},
        )
    return Driver(driver_id, facts, present.version + 1, present.created_at, archived_at)


async def archive(hub: Hub, staff: Staff, driver_id: UUID, asked: AskedVersion) -> None:
    """Put a driver away; one that nothing refers to is removed for good. May be said twice of an archived one.

    Raises ``DriverNotFound``, ``VersionStale``, and ``DriverInUse`` while there are departures or timetables ahead.
    """
    organisation, now = staff.organisation_id, hub.clock.now()
    async with hub.database.tenant(organisation) as connection:
        present = await _lock(connection, organisation, driver_id, asked)
        if present.archived_at is not None:
            return
        await _require_idle(connection, organisation, driver_id, now)
        if not await store.remove(connection, organisation, driver_id):
            await store.update(connection, organisation, driver_id, present.facts, now)
        await audit.record(
            connection,
            organisation,
            staff.trail,
            "driver.archived",
            "driver",
            driver_id,
            now,
            before=present.facts.as_json(),
        )


async def _lock(connection: Connection, organisation_id: UUID, driver_id: UUID, asked: AskedVersion) -> Driver:
    present = await store.lock(connection, organisation_id, driver_id)
    if present is None:
        raise DriverNotFound
    require_version(asked, present.version)
    return present


async def _require_sound(connection: Connection, organisation_id: UUID, facts: DriverFacts) -> None:
    person_id = facts.person_id
    if person_id is not None and await organisation_store.member(connection, organisation_id, person_id) is None:
        raise MemberNotFound
    rules.require_whole_hours(facts)


async def _require_idle(connection: Connection, organisation_id: UUID, driver_id: UUID, now: datetime) -> None:
    zone = await organisation_store.zone(connection, organisation_id)
    ahead = await store.departures_ahead(connection, organisation_id, driver_id, now, zone, MOST_NAMED)
    uses = await timetables.using(connection, organisation_id, now.astimezone(zone).date(), driver_id=driver_id)
    if ahead or uses:
        raise DriverInUse(ahead, uses)
