"""Departures as staff may see them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from kamhub.hub.departure.store import staff as store
from kamhub.hub.departure.types import (
    DayLoad,
    DepartureEvent,
    DepartureNotFound,
    DepartureQuery,
    Reach,
    SoldParty,
    StaffDeparture,
)
from kamhub.hub.driver.rules import works_then
from kamhub.hub.fleet_document import actions as documents
from kamhub.hub.fleet_document.types import DocumentWarning
from kamhub.hub.services import Hub
from kamhub.platform.database.pool import Connection
from kamhub.platform.organisation import store as organisations
from kamhub.platform.person.types import Staff

EVERYTHING = "departures.all"


async def reach_of(connection: Connection, staff: Staff) -> Reach:
    """Which departures they may see: whoever lacks the right to all of them sees those they drive."""
    if EVERYTHING in staff.permissions:
        return Reach(everything=True)
    return Reach(False, await store.reach_of_person(connection, staff.organisation_id, staff.person_id))


async def require(connection: Connection, staff: Staff, departure_id: UUID, now: datetime) -> StaffDeparture:
    """That departure, as they may see it. Raises ``DepartureNotFound``."""
    reach = await reach_of(connection, staff)
    found = await store.departure(connection, staff.organisation_id, reach, departure_id, now)
    if found is None:
        raise DepartureNotFound
    return found


async def find(hub: Hub, staff: Staff, departure_id: UUID) -> StaffDeparture:
    """The same, in a transaction of its own."""
    async with hub.database.tenant(staff.organisation_id) as connection:
        return await require(connection, staff, departure_id, hub.clock.now())


async def list_departures(
    hub: Hub, staff: Staff, query: DepartureQuery, *, offset: int = 0, limit: int = 200
) -> tuple[list[StaffDeparture], int]:
    """A page of those they may see, the first to leave first, and how many there are (``MOST_COUNTED`` at most)."""
    now = hub.clock.now()
    async with hub.database.tenant(staff.organisation_id) as connection:
        reach = await reach_of(connection, staff)
        found = await store.departures(connection, staff.organisation_id, reach, query, now, offset=offset, limit=limit)
        return found, await store.count(connection, staff.organisation_id, reach, query, now)


async def calendar(hub: Hub, staff: Staff, since: datetime, until: datetime, zone: ZoneInfo) -> list[DayLoad]:
    """What runs on each day of that time."""
    async with hub.database.tenant(staff.organisation_id) as connection:
        reach = await reach_of(connection, staff)
        return await store.days(connection, staff.organisation_id, reach, since, until, zone)


async def history(hub: Hub, staff: Staff, departure_id: UUID) -> tuple[list[DepartureEvent], dict[str, str]]:
    """What people have changed on it, the newest first, and the names of the vehicles and drivers in it by their ids."""
    async with hub.database.tenant(staff.organisation_id) as connection:
        events = await store.events(connection, staff.organisation_id, departure_id)
        numbers = {number for event in events for number in (event.before, event.after) if number}
        return events, await store.names(connection, staff.organisation_id, numbers)


async def sold(hub: Hub, staff: Staff, departure_id: UUID) -> tuple[SoldParty, ...]:
    """Bookings with seats on it, the oldest first."""
    async with hub.database.tenant(staff.organisation_id) as connection:
        return await store.parties(connection, staff.organisation_id, departure_id, hub.clock.now())


async def zone(hub: Hub, staff: Staff) -> ZoneInfo:
    """The zone whose times the organisation's people read."""
    async with hub.database.tenant(staff.organisation_id) as connection:
        return await organisations.zone(connection, staff.organisation_id)


async def warnings_of(
    hub: Hub, staff: Staff, departures: Sequence[StaffDeparture]
) -> dict[UUID, list[DocumentWarning]]:
    """Documents of the vehicle and the driver of each that are, or will be on its day, not in order."""
    async with hub.database.tenant(staff.organisation_id) as connection:
        return {one.id: await warnings(connection, one) for one in departures}


async def warnings(connection: Connection, departure: StaffDeparture) -> list[DocumentWarning]:
    """The same of one departure."""
    return await documents.warnings(
        connection,
        departure.organisation_id,
        departure.vehicle_id,
        departure.driver_id,
        departure.stops[0].at.date(),
    )


async def outside_hours(hub: Hub, staff: Staff, departure: StaffDeparture) -> bool:
    """Whether its driver would drive outside their hours, which is said and not forbidden."""
    if departure.driver_id is None:
        return False
    async with hub.database.tenant(staff.organisation_id) as connection:
        hours = await store.driver_works(connection, staff.organisation_id, departure.driver_id)
    return hours is not None and not works_then(*hours, departure.departs_at, departure.arrives_at, departure.zone)
