"""Closing and reopening sales."""

from __future__ import annotations

from uuid import UUID

from kamhub.hub.departure import rules
from kamhub.hub.departure.actions import read
from kamhub.hub.departure.store import staff as store
from kamhub.hub.departure.types import DepartureEvent, DepartureNotFound, DepartureStatus, StaffDeparture
from kamhub.hub.seats import actions as seats
from kamhub.hub.services import Hub
from kamhub.platform.audit import actions as audit
from kamhub.platform.person.types import Staff
from kamhub.platform.web.versions import require_version

Version = frozenset[str] | int | None


async def close(
    hub: Hub, staff: Staff, departure_id: UUID, reason: str | None, version: Version = None
) -> StaffDeparture:
    """Sell no more; what is sold stays. May be said twice.

    Raises ``DepartureNotFound``, ``VersionStale``, ``DepartureCancelled``.
    """
    return await _set(hub, staff, departure_id, "closed", reason, version)


async def reopen(
    hub: Hub, staff: Staff, departure_id: UUID, reason: str | None, version: Version = None
) -> StaffDeparture:
    """Sell again, until sales close by themselves. May be said twice.

    Raises ``DepartureNotFound``, ``VersionStale``, ``DepartureCancelled``, ``DepartureGone``.
    """
    return await _set(hub, staff, departure_id, "open", reason, version)


async def _set(
    hub: Hub, staff: Staff, departure_id: UUID, to: DepartureStatus, reason: str | None, version: Version
) -> StaffDeparture:
    now, organisation = hub.clock.now(), staff.organisation_id
    async with hub.database.tenant(organisation) as connection:
        await read.require(connection, staff, departure_id, now)
        try:
            locked = await seats.lock(connection, departure_id, now)
        except LookupError:
            raise DepartureNotFound from None
        found = await read.require(connection, staff, departure_id, now)
        require_version(version, found.version)
        rules.require_running(found.status)
        if to == "open":
            rules.require_ahead(found.departs_at, now)
        if found.status == to:
            return found
        await seats.sweep(connection, locked, now)
        await store.set_status(connection, organisation, departure_id, to)
        what = "closed" if to == "closed" else "reopened"
        event = DepartureEvent(now, what, found.status, to, staff.trail.actor, reason)
        await store.add_event(connection, organisation, departure_id, event)
        await audit.record(
            connection,
            organisation,
            staff.trail,
            f"departure.{what}",
            "departure",
            departure_id,
            now,
            before={"status": found.status},
            after={"status": to, "reason": reason},
        )
        return await read.require(connection, staff, departure_id, now)
