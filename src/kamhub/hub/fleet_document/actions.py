"""Adding, listing and removing papers, and warning of those that run out."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID

from kamhub.hub.driver import store as driver_store
from kamhub.hub.driver.types import DriverNotFound
from kamhub.hub.fleet_document import rules, store
from kamhub.hub.fleet_document.types import (
    DocumentFacts,
    DocumentNotFound,
    DocumentWarning,
    Due,
    FleetDocument,
    Subject,
)
from kamhub.hub.services import Hub
from kamhub.hub.vehicle import store as vehicle_store
from kamhub.hub.vehicle.types import VehicleNotFound
from kamhub.kit.ids import new_id
from kamhub.platform.audit import actions as audit
from kamhub.platform.database.pool import Connection
from kamhub.platform.organisation import store as organisation_store
from kamhub.platform.person.types import Staff

READ = "fleet.read"


async def warnings(
    connection: Connection, organisation_id: UUID, vehicle_id: UUID | None, driver_id: UUID | None, on: date
) -> list[DocumentWarning]:
    """What to say of the papers of a vehicle and a driver that are to run on that day, the worst first."""
    vehicles = [] if vehicle_id is None else [vehicle_id]
    drivers = [] if driver_id is None else [driver_id]
    return rules.warnings_of(await store.documents_of(connection, organisation_id, vehicles, drivers), on)


async def today(connection: Connection, hub: Hub, organisation_id: UUID) -> date:
    """The day it is for the organisation."""
    return hub.clock.now().astimezone(await organisation_store.zone(connection, organisation_id)).date()


async def documents(
    hub: Hub, staff: Staff, within: timedelta | None, *, offset: int = 0, limit: int = 200
) -> tuple[list[FleetDocument], int, date]:
    """A page of the papers, how many there are, and the day by which they are judged.

    With ``within`` those alone that end in that time or have ended, and were not renewed.
    """
    async with hub.database.tenant(staff.organisation_id) as connection:
        day = await today(connection, hub, staff.organisation_id)
        until = None if within is None else day + within
        found, total = await store.documents(connection, staff.organisation_id, until, offset=offset, limit=limit)
    return found, total, day


async def due(hub: Hub, staff: Staff) -> Due | None:
    """How many papers of the fleet are to be renewed; None for people whom the fleet is none of their business."""
    if READ not in staff.permissions:
        return None
    async with hub.database.tenant(staff.organisation_id) as connection:
        day = await today(connection, hub, staff.organisation_id)
        return await store.due(connection, staff.organisation_id, day, day + rules.EXPIRING)


async def documents_of(hub: Hub, staff: Staff, subject: Subject, subject_id: UUID) -> tuple[list[FleetDocument], date]:
    """The papers of one vehicle or driver, and the day by which they are judged. Raises as ``require``."""
    async with hub.database.tenant(staff.organisation_id) as connection:
        await _require(connection, staff.organisation_id, subject, subject_id)
        found = await store.documents_of(connection, staff.organisation_id, [subject_id], [subject_id])
        return found, await today(connection, hub, staff.organisation_id)


async def require(hub: Hub, staff: Staff, subject: Subject, subject_id: UUID) -> None:
    """Raise ``VehicleNotFound`` or ``DriverNotFound`` unless the owner of a paper is the organisation's."""
    async with hub.database.tenant(staff.organisation_id) as connection:
        await _require(connection, staff.organisation_id, subject, subject_id)


async def add(hub: Hub, staff: Staff, subject: Subject, subject_id: UUID, facts: DocumentFacts) -> UUID:
    """Add a paper; returns its id. Raises as ``require``. What is on it stays out of the log."""
    organisation, now, document_id = staff.organisation_id, hub.clock.now(), new_id()
    async with hub.database.tenant(organisation) as connection:
        owner = await _require(connection, organisation, subject, subject_id)
        await store.insert(connection, organisation, document_id, subject, subject_id, facts, now)
        await audit.record(
            connection,
            organisation,
            staff.trail,
            "fleet_document.added",
            "fleet_document",
            document_id,
            now,
            after=_told(owner, facts),
        )
    return document_id


async def remove(hub: Hub, staff: Staff, subject: Subject, subject_id: UUID, document_id: UUID) -> None:
    """Take a paper away for good. Raises ``DocumentNotFound``."""
    organisation, now = staff.organisation_id, hub.clock.now()
    async with hub.database.tenant(organisation) as connection:
        found = await store.lock(connection, organisation, document_id)
        if found is None or (found.subject, found.subject_id) != (subject, subject_id):
            raise DocumentNotFound
        await store.delete(connection, organisation, document_id)
        await audit.record(
            connection,
            organisation,
            staff.trail,
            "fleet_document.removed",
            "fleet_document",
            document_id,
            now,
            before=_told(found.owner, found.facts),
        )


def _told(owner: str, facts: DocumentFacts) -> dict[str, object]:
    return {
        "name": owner,
        "kind": facts.kind,
        "expires_on": None if facts.expires_on is None else facts.expires_on.isoformat(),
    }


async def _require(connection: Connection, organisation_id: UUID, subject: Subject, subject_id: UUID) -> str:
    """What the owner is called. Raises ``VehicleNotFound``, ``DriverNotFound``."""
    if subject == "vehicle":
        vehicle = await vehicle_store.find(connection, organisation_id, subject_id)
        if vehicle is None:
            raise VehicleNotFound
        return f"{vehicle.facts.model} {vehicle.facts.plate}"
    driver = await driver_store.find(connection, organisation_id, subject_id)
    if driver is None:
        raise DriverNotFound
    return driver.facts.name
