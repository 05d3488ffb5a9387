"""Letting the horizon move on."""

from __future__ import annotations

from uuid import UUID

from kamhub.hub.services import Hub
from kamhub.hub.timetable.actions import planning
from kamhub.hub.timetable.actions.changing import state_of
from kamhub.hub.timetable.store import departures, network, timetables
from kamhub.hub.timetable.types import Outcome, Plan, TimetableArchived, TimetableNotFound
from kamhub.platform.audit import actions as audit
from kamhub.platform.database.pool import Connection
from kamhub.platform.person.types import Staff

_BY_ITSELF = "system"


async def extend(hub: Hub, staff: Staff, timetable_id: UUID) -> Outcome:
    """Make the departures that the timetable calls for and that are missing: those that could not be before.

    Raises ``TimetableNotFound``, ``TimetableArchived``, ``TimetableBusy``.
    """

    async def work() -> Outcome:
        organisation, now = staff.organisation_id, hub.clock.now()
        async with hub.database.tenant(organisation) as connection:
            done = await _extend(hub, connection, organisation, timetable_id, staff.trail.actor)
            view = await timetables.view(connection, organisation, timetable_id, now)
            if done is None or view is None:
                raise TimetableNotFound
            if view.timetable.archived_at is not None:
                raise TimetableArchived
            told = {"created": len(done.created), "conflicts": len(done.conflicts)}
            await audit.record(
                connection, organisation, staff.trail, "timetable.extended", "timetable", timetable_id, now, after=told
            )
        return Outcome(view, done, view.route.zone)

    return await planning.undisturbed(work)


async def extend_all(hub: Hub) -> int:
    """Make what the live timetables of every operator call for by now; returns how many departures that were.

    Each timetable is a transaction of its own, and asks again for what is there: it may be done twice.
    """
    async with hub.database.system() as connection:
        live = await timetables.live(connection, hub.clock.now().date())
    made = 0
    for organisation_id, timetable_id in live:
        made += await planning.undisturbed(lambda ids=(organisation_id, timetable_id): _extend_one(hub, *ids))  # type: ignore[misc]
    return made


async def _extend_one(hub: Hub, organisation_id: UUID, timetable_id: UUID) -> int:
    async with hub.database.tenant(organisation_id) as connection:
        done = await _extend(hub, connection, organisation_id, timetable_id, _BY_ITSELF)
    return len(done.created) if done else 0


async def _extend(
    hub: Hub, connection: Connection, organisation_id: UUID, timetable_id: UUID, actor: str
) -> Plan | None:
    """What is missing, made; what is there stays as it is, whatever anybody has done to it. None without a timetable."""
    now = hub.clock.now()
    timetable = await timetables.find(connection, organisation_id, timetable_id, lock=True)
    if timetable is None:
        return None
    if timetable.archived_at is not None:
        return Plan()
    state = await state_of(connection, timetable)
    if timetable.driver_id is not None:
        await network.lock_driver(connection, timetable.driver_id)
    existing = await departures.existing(connection, organisation_id, timetable_id, now)
    planned = await planning.plan_missing(connection, state, existing, now)
    return await planning.carry_out(connection, state, planned, now, actor)
