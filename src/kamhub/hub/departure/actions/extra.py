"""A departure beside the timetable."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

import psycopg

from kamhub.hub.departure import rules
from kamhub.hub.departure.actions import read
from kamhub.hub.departure.actions.assign import conflict_with, require_rested
from kamhub.hub.departure.store import extra as extra_store
from kamhub.hub.departure.store import staff as store
from kamhub.hub.departure.store.staff import RouteStops
from kamhub.hub.departure.types import (
    Choice,
    DepartureEvent,
    DriverUnknown,
    ExtraDeparture,
    Resource,
    RouteUnknown,
    StaffDeparture,
    TariffUnknown,
    VehicleUnknown,
)
from kamhub.hub.price.store import insert_tariff
from kamhub.hub.price.types import TariffPrice
from kamhub.hub.services import Hub
from kamhub.hub.timetable.rules import complete_prices
from kamhub.kit.ids import new_id
from kamhub.kit.text import mark
from kamhub.platform.audit import actions as audit
from kamhub.platform.database.pool import Connection
from kamhub.platform.person.types import Staff
from kamhub.platform.web.problems import FieldError, InputInvalid

# No departure has this id.
NOWHERE = UUID(int=0)
_NOT_A_STRETCH = mark("This is not a stretch of the route, or it is here twice")
_PRICES_MISSING = mark("Every pair of stops in order needs a price")
_NO_TARIFF = mark("This route has no prices yet; give them")
_PAST = mark("This time has passed")
_FAR = mark("This is too far ahead")
_BUSY: dict[str, Resource] = {"departures_vehicle_free": "vehicle", "departures_driver_free": "driver"}


async def add(hub: Hub, staff: Staff, wanted: ExtraDeparture) -> StaffDeparture:
    """Make a single departure, on sale at once.

    Raises ``RouteUnknown``, ``VehicleUnknown``, ``DriverUnknown``, ``TariffUnknown``, ``Conflict``, and ``InputInvalid``
    for a time that has passed and for prices that do not fit the route.
    """
    number = new_id()
    try:
        async with hub.database.tenant(staff.organisation_id) as connection:
            return await _add(hub, connection, staff, number, wanted)
    except psycopg.errors.ExclusionViolation as busy:
        what = _BUSY[busy.diag.constraint_name or ""]
    async with hub.database.tenant(staff.organisation_id) as connection:
        stops = await route_stops(connection, staff.organisation_id, wanted.route_id)
        end = wanted.departs_at + timedelta(minutes=stops[-1][4])
        raise await conflict_with(
            connection, staff.organisation_id, wanted.assignment, wanted.departs_at, end, number, what
        )


async def _add(hub: Hub, connection: Connection, staff: Staff, number: UUID, wanted: ExtraDeparture) -> StaffDeparture:
    now, organisation = hub.clock.now(), staff.organisation_id
    stops = await route_stops(connection, organisation, wanted.route_id)
    vehicle = await store.vehicle(connection, organisation, wanted.assignment.vehicle_id)
    if vehicle is None:
        raise VehicleUnknown
    driver_id = wanted.assignment.driver_id
    if driver_id is not None and await store.driver_works(connection, organisation, driver_id) is None:
        raise DriverUnknown
    _require_time(wanted.departs_at, now)
    tariff_id = await _tariff(connection, organisation, wanted, stops)
    end = wanted.departs_at + timedelta(minutes=stops[-1][4])
    await require_rested(connection, organisation, wanted.assignment, wanted.departs_at, end, number)
    capacity = vehicle[0]
    await extra_store.insert(connection, organisation, number, wanted, tariff_id, end, capacity, len(stops) - 1)
    event = DepartureEvent(now, "created", None, wanted.departs_at.isoformat(), staff.trail.actor, None)
    await store.add_event(connection, organisation, number, event)
    facts = {
        "route_id": str(wanted.route_id),
        "vehicle_id": str(wanted.assignment.vehicle_id),
        "driver_id": str(wanted.assignment.driver_id) if wanted.assignment.driver_id else None,
        "departs_at": wanted.departs_at.isoformat(),
    }
    await audit.record(
        connection, organisation, staff.trail, "departure.created", "departure", number, now, after=facts
    )
    return await read.require(connection, staff, number, now)


def _require_time(departs_at: datetime, now: datetime) -> None:
    if departs_at <= now:
        raise InputInvalid([FieldError("departs_at", _PAST, "past")])
    if departs_at > now + rules.MOST_AHEAD:
        raise InputInvalid([FieldError("departs_at", _FAR, "too_far")])


async def route_stops(connection: Connection, organisation_id: UUID, route_id: UUID) -> RouteStops:
    """The stops of a route in use. Raises ``RouteUnknown``."""
    if not await extra_store.route_in_use(connection, organisation_id, route_id):
        raise RouteUnknown
    return (await store.stops_of_routes(connection, organisation_id, {route_id}))[route_id]


async def _tariff(connection: Connection, organisation_id: UUID, wanted: ExtraDeparture, stops: RouteStops) -> UUID:
    if wanted.tariff_id is not None:
        if not await extra_store.tariff_of_route(connection, organisation_id, wanted.route_id, wanted.tariff_id):
            raise TariffUnknown
        return wanted.tariff_id
    if not wanted.prices:
        newest = await extra_store.newest_tariff(connection, organisation_id, wanted.route_id)
        if newest is None:
            raise InputInvalid([FieldError("prices", _NO_TARIFF, "missing")])
        return newest
    places = {place_id: position for position, (place_id, *_) in enumerate(stops)}
    known, wrong = rules.positions_of(wanted.prices, places)
    if wrong:
        raise InputInvalid([FieldError(f"prices.{number}", _NOT_A_STRETCH, "not_a_stretch") for number in wrong])
    given = [
        TariffPrice(start, end, price.amount, price.child_amount, price.infant_amount)
        for (start, end), price in sorted(known.items())
    ]
    prices, missing = complete_prices(len(stops), given)
    if missing:
        raise InputInvalid([FieldError("prices", _PRICES_MISSING, "missing")])
    return await insert_tariff(connection, organisation_id, wanted.route_id, "RUB", prices, [])


async def offered(hub: Hub, staff: Staff) -> tuple[list[tuple[UUID, str]], list[Choice], list[Choice]]:
    """Routes, vehicles and drivers in use, to choose from."""
    now = hub.clock.now()
    async with hub.database.tenant(staff.organisation_id) as connection:
        return (
            await extra_store.routes_in_use(connection, staff.organisation_id),
            await store.vehicle_choices(connection, staff.organisation_id, now, now, NOWHERE),
            await store.driver_choices(connection, staff.organisation_id, now, now, NOWHERE),
        )
