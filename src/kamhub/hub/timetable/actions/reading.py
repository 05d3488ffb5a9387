"""Looking at timetables."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from kamhub.hub.services import Hub
from kamhub.hub.timetable import rules
from kamhub.hub.timetable.actions import planning
from kamhub.hub.timetable.actions.changing import Asked
from kamhub.hub.timetable.actions.planning import State
from kamhub.hub.timetable.store import departures, network, timetables
from kamhub.hub.timetable.types import Choices, KeptSold, OutsideHours, Plan, TimetableNotFound, TimetableView
from kamhub.platform.person.types import Staff
from kamhub.platform.web.versions import require_version


@dataclass(frozen=True, slots=True)
class Details:
    """A timetable with what of it is not as it should be: what cannot be, what could be made, what is sold otherwise."""

    view: TimetableView
    missing: Plan
    misfits: tuple[KeptSold, ...]
    outside_hours: OutsideHours | None


async def timetables_of(
    hub: Hub, staff: Staff, *, archived: bool = False, route_id: UUID | None = None, offset: int = 0, limit: int = 200
) -> tuple[list[TimetableView], int]:
    """A page of the timetables by route and season, and how many there are."""
    async with hub.database.tenant(staff.organisation_id) as connection:
        return await timetables.views(
            connection, staff.organisation_id, hub.clock.now(),
            archived=archived, route_id=route_id, offset=offset, limit=limit,
        )  # fmt: skip


async def require(hub: Hub, staff: Staff, timetable_id: UUID, asked: Asked) -> TimetableView:
    """The timetable in the version asked for. Raises ``TimetableNotFound``, ``VersionStale``: these two refusals go before
    what is wrong with the rest."""
    async with hub.database.tenant(staff.organisation_id) as connection:
        view = await timetables.view(connection, staff.organisation_id, timetable_id, hub.clock.now())
    if view is None:
        raise TimetableNotFound
    require_version(asked, view.timetable.version)
    return view


async def details(hub: Hub, staff: Staff, timetable_id: UUID) -> Details:
    """Everything about a timetable, archived or not. Raises ``TimetableNotFound``."""
    now, organisation = hub.clock.now(), staff.organisation_id
    async with hub.database.tenant(organisation) as connection:
        view = await timetables.view(connection, organisation, timetable_id, now)
        if view is None:
            raise TimetableNotFound
        state = State(view.timetable, view.route, view.vehicle)
        existing = await departures.existing(connection, organisation, timetable_id, now)
        missing = await planning.plan_missing(connection, state, existing, now)
        outside = await planning.outside_hours(connection, state, now)
    sold = [one for one in existing if one.sold]
    return Details(view, missing, tuple(rules.misfits(sold, frozenset(state.wanted(now)), state.terms)), outside)


async def choices(hub: Hub, staff: Staff) -> Choices:
    """The routes, vehicles and drivers that a timetable can be made of."""
    organisation = staff.organisation_id
    async with hub.database.tenant(organisation) as connection:
        lines = await network.routes(connection, organisation)
        return Choices(
            routes=[line for line in lines.values() if line.legs > 0],
            vehicles=await network.vehicles(connection, organisation),
            drivers=await network.drivers(connection, organisation),
        )
