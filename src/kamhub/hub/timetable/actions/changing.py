"""Changing and ending a timetable: what nobody has bought follows it, what is sold stays and is told."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import date, datetime
from uuid import UUID

from kamhub.hub.price import store as prices
from kamhub.hub.services import Hub
from kamhub.hub.timetable.actions import planning, resolving
from kamhub.hub.timetable.actions.facts import facts
from kamhub.hub.timetable.actions.planning import State
from kamhub.hub.timetable.store import departures, network, timetables
from kamhub.hub.timetable.types import (
    DayException,
    ExceptionNotFound,
    Outcome,
    Pattern,
    Timetable,
    TimetableArchived,
    TimetableChange,
    TimetableNotFound,
)
from kamhub.kit.text import mark
from kamhub.platform.audit import actions as audit
from kamhub.platform.database.pool import Connection
from kamhub.platform.person.types import Staff
from kamhub.platform.web.problems import FieldError, InputInvalid
from kamhub.platform.web.versions import require_version

Asked = frozenset[str] | int | None
_Step = Callable[[Connection, State, datetime], Awaitable[State]]
_OUTSIDE = mark("This date is not in the season of the timetable.")


async def change(hub: Hub, staff: Staff, timetable_id: UUID, wanted: TimetableChange, asked: Asked) -> Outcome:
    """Change a timetable; unsold departures follow, sold ones stay as they are and are told.

    Raises ``TimetableNotFound``, ``VersionStale``, ``TimetableArchived``, ``InputInvalid``, ``PricesMissing``,
    ``TimetableBusy``.
    """
    repriced = wanted.fields <= {"prices", "rules"}

    async def step(connection: Connection, state: State, _: datetime) -> State:
        return await _changed(connection, state, wanted)

    return await _apply(
        hub, staff, timetable_id, asked, step, "timetable.repriced" if repriced else "timetable.changed"
    )


async def preview_change(hub: Hub, staff: Staff, timetable_id: UUID, wanted: TimetableChange) -> Outcome:
    """What ``change`` would do. Nothing is written but that somebody asked. Raises what ``change`` raises."""
    now, organisation = hub.clock.now(), staff.organisation_id
    async with hub.database.tenant(organisation) as connection:
        before = await _open(connection, organisation, timetable_id, None)
        after = await _changed(connection, before, wanted, dry=True)
        existing = await departures.existing(connection, organisation, timetable_id, now)
        planned = await planning.plan(connection, before, after, existing, now)
        told = {"moved": len(planned.moved), "created": len(planned.created), "removed": len(planned.removed)}
        await audit.record(
            connection, organisation, staff.trail, "timetable.previewed", "timetable", timetable_id, now, after=told
        )
        outside = await planning.outside_hours(connection, after, now)
    return Outcome(None, planned, after.line.zone, outside)


async def except_date(hub: Hub, staff: Staff, timetable_id: UUID, exception: DayException, asked: Asked) -> Outcome:
    """Let other times hold on one date. Raises what ``change`` raises."""

    async def step(connection: Connection, state: State, _: datetime) -> State:
        timetable = state.timetable
        if not timetable.pattern.valid_from <= exception.on_date <= timetable.pattern.valid_to:
            raise InputInvalid([FieldError("date", _OUTSIDE, "outside_season")])
        await timetables.put_exception(connection, timetable.organisation_id, timetable_id, exception)
        others = [one for one in timetable.exceptions if one.on_date != exception.on_date]
        return replace(state, timetable=replace(timetable, exceptions=(*others, exception)))

    told: dict[str, object] = {
        "date": exception.on_date.isoformat(),
        "times": [f"{at:%H:%M}" for at in exception.times],
    }
    return await _apply(hub, staff, timetable_id, asked, step, "timetable.date_excepted", told)


async def keep_date(hub: Hub, staff: Staff, timetable_id: UUID, day: date, asked: Asked) -> Outcome:
    """Let the pattern hold on a date again. Raises ``ExceptionNotFound`` and what ``change`` raises."""

    async def step(connection: Connection, state: State, _: datetime) -> State:
        timetable = state.timetable
        if not await timetables.delete_exception(connection, timetable.organisation_id, timetable_id, day):
            raise ExceptionNotFound
        others = tuple(one for one in timetable.exceptions if one.on_date != day)
        return replace(state, timetable=replace(timetable, exceptions=others))

    told: dict[str, object] = {"date": day.isoformat()}
    return await _apply(hub, staff, timetable_id, asked, step, "timetable.date_kept", told)


async def archive(hub: Hub, staff: Staff, timetable_id: UUID, asked: Asked) -> Outcome:
    """End a timetable: unsold departures go, sold ones run and are told. One that has ended stays so.

    Raises ``TimetableNotFound``, ``VersionStale``, ``TimetableBusy``.
    """

    async def step(_: Connection, state: State, now: datetime) -> State:
        return replace(state, timetable=replace(state.timetable, archived_at=state.timetable.archived_at or now))

    return await _apply(hub, staff, timetable_id, asked, step, "timetable.archived", ended=True)


async def _apply(
    hub: Hub,
    staff: Staff,
    timetable_id: UUID,
    asked: Asked,
    step: _Step,
    action: str,
    told: dict[str, object] | None = None,
    *,
    ended: bool = False,
) -> Outcome:
    """Lock the timetable, take the step, lock its departures and let them follow."""
    organisation = staff.organisation_id

    async def work() -> Outcome:
        now = hub.clock.now()
        async with hub.database.tenant(organisation) as connection:
            before = await _open(connection, organisation, timetable_id, asked, lock=True, ended=ended)
            after = await step(connection, before, now)
            await timetables.update(connection, after.timetable)
            existing = await planning.lock_departures(connection, before, now)
            planned = await planning.plan(connection, before, after, existing, now)
            done = await planning.carry_out(connection, after, planned, now, staff.trail.actor)
            counts = {"created": len(done.created), "moved": len(done.moved), "removed": len(done.removed)}
            await audit.record(
                connection, organisation, staff.trail, action, "timetable", timetable_id, now,
                before=facts(before), after=facts(after) | counts | (told or {}),
            )  # fmt: skip
            view = await timetables.view(connection, organisation, timetable_id, now)
            outside = await planning.outside_hours(connection, after, now)
        return Outcome(view, done, after.line.zone, outside)

    return await planning.undisturbed(work)


async def _open(
    connection: Connection,
    organisation_id: UUID,
    timetable_id: UUID,
    asked: Asked,
    *,
    lock: bool = False,
    ended: bool = False,
) -> State:
    """The timetable as it is. Raises ``TimetableNotFound``, ``VersionStale``; ``TimetableArchived`` unless ``ended``."""
    timetable = await timetables.find(connection, organisation_id, timetable_id, lock=lock)
    if timetable is None:
        raise TimetableNotFound
    require_version(asked, timetable.version)
    if timetable.archived_at is not None and not ended:
        raise TimetableArchived
    return await state_of(connection, timetable)


async def state_of(connection: Connection, timetable: Timetable) -> State:
    """The timetable with its route and vehicle, archived or not."""
    lines = await network.routes(connection, timetable.organisation_id, [timetable.route_id])
    found = await network.vehicle(connection, timetable.organisation_id, timetable.vehicle_id)
    if found is None:
        raise LookupError("a timetable has its vehicle")
    return State(timetable, lines[timetable.route_id], found[0])


async def _changed(connection: Connection, state: State, wanted: TimetableChange, *, dry: bool = False) -> State:
    """The timetable as it is to be. A new tariff is written unless ``dry``."""
    timetable, vehicle = state.timetable, state.vehicle
    fields, old, organisation = wanted.fields, timetable.pattern, timetable.organisation_id
    # What a season that is over had may be archived by now; whoever prolongs it needs all of it again.
    prolonged = wanted.valid_to is not None and wanted.valid_to > old.valid_to
    if prolonged:
        await resolving.route(connection, organisation, timetable.route_id)
    vehicle_id = wanted.vehicle_id if "vehicle_id" in fields else vehicle.id
    if prolonged or vehicle_id != vehicle.id:
        vehicle = await resolving.vehicle(connection, organisation, vehicle_id)
    driver = wanted.driver_id if "driver_id" in fields else timetable.driver_id
    if prolonged or driver != timetable.driver_id:
        await resolving.driver(connection, organisation, driver)
    elif driver is not None:
        await network.lock_driver(connection, driver)
    pattern = Pattern(
        wanted.weekdays if "weekdays" in fields else old.weekdays,
        wanted.times if "times" in fields else old.times,
        wanted.valid_from or old.valid_from,
        wanted.valid_to or old.valid_to,
    )
    resolving.require_season(pattern)
    cutoff = wanted.sales_cutoff_minutes if "sales_cutoff_minutes" in fields else None
    changed = replace(
        timetable,
        vehicle_id=vehicle.id,
        driver_id=driver,
        pattern=pattern,
        sales_cutoff_minutes=timetable.sales_cutoff_minutes if cutoff is None else cutoff,
        tariff_id=await _tariff(connection, state, wanted, dry=dry),
    )
    return State(changed, state.line, vehicle)


async def _tariff(connection: Connection, state: State, wanted: TimetableChange, *, dry: bool) -> UUID:
    """The tariff of the prices and rules that are wanted: the one there is when they are the same."""
    timetable = state.timetable
    if not wanted.fields & {"prices", "rules"}:
        return timetable.tariff_id
    present = await prices.load_tariff(connection, timetable.organisation_id, timetable.tariff_id)
    if present is None:
        raise LookupError("a timetable has its tariff")
    priced = resolving.priced(state.line, wanted.prices) if "prices" in wanted.fields else present.prices
    ruled = wanted.rules if "rules" in wanted.fields else present.rules
    if (priced, ruled) == (present.prices, present.rules) or dry:
        return timetable.tariff_id
    return await prices.insert_tariff(
        connection, timetable.organisation_id, timetable.route_id, present.currency, priced, ruled
    )
