"""Making a timetable, with the departures it calls for."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from kamhub.hub.price import store as prices
from kamhub.hub.price.types import TariffPrice
from kamhub.hub.services import Hub
from kamhub.hub.timetable.actions import planning, resolving
from kamhub.hub.timetable.actions.facts import facts
from kamhub.hub.timetable.actions.planning import State
from kamhub.hub.timetable.store import network, timetables
from kamhub.hub.timetable.types import DayException, Outcome, Timetable, TimetableWanted
from kamhub.kit.ids import new_id
from kamhub.platform.audit import actions as audit
from kamhub.platform.database.pool import Connection
from kamhub.platform.person.types import Staff

_NONE_YET = UUID(int=0)


async def preview(hub: Hub, staff: Staff, wanted: TimetableWanted) -> Outcome:
    """What ``create`` would make. Nothing is written but that somebody asked. Raises what ``create`` raises."""
    now, organisation = hub.clock.now(), staff.organisation_id
    async with hub.database.tenant(organisation) as connection:
        state, _ = await _state(connection, organisation, wanted, now)
        planned = await planning.plan(connection, state, state, (), now)
        told = {"route_id": str(wanted.route_id), "created": len(planned.created), "conflicts": len(planned.conflicts)}
        await audit.record(
            connection, organisation, staff.trail, "timetable.previewed", "route", wanted.route_id, now, after=told
        )
        outside = await planning.outside_hours(connection, state, now)
    return Outcome(None, planned, state.line.zone, outside)


async def create(hub: Hub, staff: Staff, wanted: TimetableWanted) -> Outcome:
    """Make a timetable and its departures from now to the horizon; those that cannot be are told as conflicts.

    Raises ``InputInvalid``, ``PricesMissing``, ``TimetableBusy``.
    """

    async def work() -> Outcome:
        async with hub.database.tenant(staff.organisation_id) as connection:
            return await create_in(connection, staff, wanted, hub.clock.now())

    return await planning.undisturbed(work)


async def create_in(
    connection: Connection,
    staff: Staff,
    wanted: TimetableWanted,
    now: datetime,
    exceptions: tuple[DayException, ...] = (),
) -> Outcome:
    """The same in the caller's transaction, with dates of their own from the beginning."""
    organisation = staff.organisation_id
    state, priced = await _state(connection, organisation, wanted, now)
    tariff_id = await prices.insert_tariff(
        connection, organisation, wanted.route_id, resolving.CURRENCY, priced, wanted.rules
    )
    state = replace(state, timetable=replace(state.timetable, tariff_id=tariff_id, exceptions=exceptions))
    await timetables.insert(connection, state.timetable)
    for exception in exceptions:
        await timetables.put_exception(connection, organisation, state.timetable.id, exception)
    planned = await planning.plan(connection, state, state, (), now)
    done = await planning.carry_out(connection, state, planned, now, staff.trail.actor)
    told = facts(state) | {"created": len(done.created), "conflicts": len(done.conflicts)}
    await audit.record(
        connection, organisation, staff.trail, "timetable.created", "timetable", state.timetable.id, now, after=told
    )
    view = await timetables.view(connection, organisation, state.timetable.id, now)
    return Outcome(view, done, state.line.zone, await planning.outside_hours(connection, state, now))


async def _state(
    connection: Connection, organisation_id: UUID, wanted: TimetableWanted, now: datetime
) -> tuple[State, tuple[TariffPrice, ...]]:
    """The timetable as it would be, still without a tariff, and the prices of that."""
    line = await resolving.route(connection, organisation_id, wanted.route_id)
    vehicle = await resolving.vehicle(connection, organisation_id, wanted.vehicle_id)
    await resolving.driver(connection, organisation_id, wanted.driver_id)
    resolving.require_season(wanted.pattern)
    priced = resolving.priced(line, wanted.prices)
    _, usual_cutoff = await network.operating_rules(connection, organisation_id)
    cutoff = usual_cutoff if wanted.sales_cutoff_minutes is None else wanted.sales_cutoff_minutes
    timetable = Timetable(
        organisation_id,
        new_id(),
        line.id,
        _NONE_YET,
        vehicle.id,
        wanted.driver_id,
        wanted.pattern,
        cutoff,
        1,
        now,
        None,
    )
    return State(timetable, line, vehicle), priced
