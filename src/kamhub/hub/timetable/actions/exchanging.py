"""Timetables in and out as files: first a report of what an import would make, then all of it or nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from kamhub.hub.place import store as places
from kamhub.hub.place.rules import slug_from
from kamhub.hub.place.types import PlaceFacts
from kamhub.hub.price import store as prices
from kamhub.hub.price.types import Tariff
from kamhub.hub.route import store as routes
from kamhub.hub.route.types import StopWanted
from kamhub.hub.services import Hub
from kamhub.hub.timetable.actions import planning
from kamhub.hub.timetable.actions.creating import create_in
from kamhub.hub.timetable.actions.resolving import PricesMissing, priced, require_season
from kamhub.hub.timetable.exchange import gtfs_write
from kamhub.hub.timetable.exchange.types import Feed, FeedFault, FeedPlace, FeedRoute, FeedTimetable, ImportRefused
from kamhub.hub.timetable.store import exchange, network, timetables
from kamhub.hub.timetable.types import (
    Outcome,
    PriceGiven,
    RouteLine,
    RouteStop,
    TimetableView,
    TimetableWanted,
    VehicleSeats,
)
from kamhub.kit.ids import new_id
from kamhub.kit.text import Names, mark
from kamhub.platform.audit import actions as audit
from kamhub.platform.database.pool import Connection
from kamhub.platform.person.types import Staff
from kamhub.platform.web.problems import InputInvalid

_MOST_VIEWS = 1_000
_NO_PLACE = mark("There is no place with this name, and a table adds none.")
_NO_COORDINATES = mark("This place is new and has no coordinates.")
_NO_ROUTE = mark("There is no route of this name. Give its stops.")
_NO_VEHICLE = mark("There is no vehicle with this plate. Choose one for those that have none.")
_NO_DRIVER = mark("There is no driver of this name.")
_NO_PRICE = mark("There are no prices. Give a price for a leg.")
_SEASON = mark("The season ends before it begins, or is longer than two years.")
_PRICES = mark("The prices do not cover every pair of stops, or are not of this route.")


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """What a file does not say: the vehicle of those that name none, the price of a leg where there is none (minor units)."""

    vehicle_id: UUID | None = None
    leg_price: int | None = None


@dataclass(frozen=True, slots=True)
class ImportItem:
    """A timetable of a file: to be made, there already, or over. ``route`` is a new one when its id is not known yet."""

    told: FeedTimetable
    route: RouteLine
    wanted: TimetableWanted
    vehicle: VehicleSeats
    known: bool = False
    over: bool = False


@dataclass(slots=True)
class ImportReport:
    """What an import would make, or has made."""

    kind: str
    new_places: list[tuple[FeedPlace, UUID, str]] = field(default_factory=list)
    known_places: int = 0
    new_routes: list[RouteLine] = field(default_factory=list)
    known_routes: int = 0
    items: list[ImportItem] = field(default_factory=list)
    faults: list[FeedFault] = field(default_factory=list)
    outcomes: list[Outcome] = field(default_factory=list)

    @property
    def to_make(self) -> list[ImportItem]:
        """The timetables that are new."""
        return [item for item in self.items if not item.known and not item.over]


async def import_preview(hub: Hub, staff: Staff, feed: Feed, options: ImportOptions) -> ImportReport:
    """What an import of that file would make. Nothing is written but that somebody asked."""
    organisation = staff.organisation_id
    async with hub.database.tenant(organisation) as connection:
        report = await _report(connection, hub, organisation, feed, options)
        told = {"kind": report.kind, "timetables": len(report.to_make), "faults": len(report.faults)}
        await audit.record(
            connection, organisation, staff.trail, "timetable.previewed", "organisation", organisation, hub.clock.now(),
            after=told,
        )  # fmt: skip
        return report


async def import_feed(hub: Hub, staff: Staff, feed: Feed, options: ImportOptions) -> ImportReport:
    """Make the places, routes and timetables of a file, all or none. Raises ``ImportRefused``, ``TimetableBusy``."""

    async def work() -> ImportReport:
        organisation, now = staff.organisation_id, hub.clock.now()
        async with hub.database.tenant(organisation) as connection:
            report = await _report(connection, hub, organisation, feed, options)
            if report.faults:
                raise ImportRefused(extra={"errors": [fault_json(fault) for fault in report.faults]})
            for place, number, slug in report.new_places:
                await places.insert(connection, organisation, number, _facts(place, slug, feed), now)
            for line in report.new_routes:
                await routes.insert(connection, organisation, line.id, line.name, now)
                stops = [StopWanted(stop.place_id, stop.offset_minutes) for stop in line.stops]
                await routes.replace_stops(connection, organisation, line.id, stops)
            for item in report.to_make:
                made = await create_in(connection, staff, item.wanted, now, item.told.exceptions)
                report.outcomes.append(made)
            told = {
                "kind": report.kind,
                "places": len(report.new_places),
                "routes": len(report.new_routes),
                "timetables": len(report.outcomes),
            }
            await audit.record(
                connection,
                organisation,
                staff.trail,
                "timetable.imported",
                "organisation",
                organisation,
                now,
                after=told,
            )
        return report

    return await planning.undisturbed(work)


async def export_gtfs(hub: Hub, staff: Staff) -> bytes:
    """The timetables that run, as a GTFS feed."""
    organisation = staff.organisation_id
    async with hub.database.tenant(organisation) as connection:
        now = hub.clock.now()
        views, _ = await timetables.views(connection, organisation, now, limit=_MOST_VIEWS)
        agency = await exchange.agency(connection, organisation, hub.public_url)
        stops = await exchange.stop_points(connection, organisation, {view.route.id for view in views})
    return await asyncio.to_thread(gtfs_write.write, agency, stops, views, now)


def fault_json(fault: FeedFault) -> dict[str, str]:
    """A fault as the API tells it, in English."""
    return {"source": fault.source, "code": fault.code, "message": fault.text, "about": fault.about}


@dataclass(slots=True)
class _World:
    """What the organisation has that a file may speak of."""

    today: date
    by_slug: dict[str, UUID]
    by_name: dict[str, UUID]
    names: dict[UUID, Names]
    lines: dict[UUID, RouteLine]
    vehicles: dict[str, VehicleSeats]
    by_id: dict[UUID, VehicleSeats]
    drivers: dict[str, UUID]
    tariffs: Mapping[UUID, Tariff]
    views: Sequence[TimetableView]
    zone: ZoneInfo
    places: dict[str, UUID] = field(default_factory=dict)


async def _world(connection: Connection, hub: Hub, organisation_id: UUID, feed: Feed) -> _World:
    known = await network.places(connection, organisation_id)
    vehicles = await network.vehicles(connection, organisation_id)
    newest = await exchange.newest_tariffs(connection, organisation_id)
    loaded = await prices.load_tariffs(connection, organisation_id, newest.values())
    now = hub.clock.now()
    agency = await exchange.agency(connection, organisation_id, hub.public_url)
    zone = _zone(feed.zone) or ZoneInfo(agency.zone)
    views, _ = await timetables.views(connection, organisation_id, now, limit=_MOST_VIEWS)
    return _World(
        today=now.astimezone(zone).date(),
        # Own ones come first in the list and last here, so that they win.
        by_slug={slug: number for _, number, slug, _ in reversed(known)},
        by_name={name.casefold(): number for _, number, _, names in reversed(known) for name in (names.ru, names.en)},
        names={number: names for _, number, _, names in known},
        lines=await network.routes(connection, organisation_id),
        vehicles={_plate(one.plate): one for one in vehicles},
        by_id={one.id: one for one in vehicles},
        drivers={name.casefold(): number for number, name in await network.drivers(connection, organisation_id)},
        tariffs={route: loaded[tariff] for route, tariff in newest.items()},
        views=views,
        zone=zone,
    )


async def _report(
    connection: Connection, hub: Hub, organisation_id: UUID, feed: Feed, options: ImportOptions
) -> ImportReport:
    world = await _world(connection, hub, organisation_id, feed)
    report = ImportReport(feed.kind, faults=list(feed.faults))
    _find_places(world, feed, report)
    found = {key: _route(world, route, report) for key, route in feed.routes.items()}
    for told in feed.timetables:
        line = found[told.route_key]
        if line is not None and (item := _item(world, told, line, options, report)) is not None:
            report.items.append(item)
    used = {item.route.id for item in report.to_make}
    report.new_routes = [line for line in report.new_routes if line.id in used]
    stops = {stop.place_id for line in report.new_routes for stop in line.stops}
    report.new_places = [place for place in report.new_places if place[1] in stops]
    report.known_routes = len({line.id for line in found.values() if line and line.id in world.lines})
    return report


def _find_places(world: _World, feed: Feed, report: ImportReport) -> None:
    taken = set(world.by_slug)
    for key, place in feed.places.items():
        number = world.by_slug.get(key) or world.by_name.get(place.name.ru.casefold())
        if number is not None:
            world.places[key] = number
            report.known_places += 1
        elif not _on_earth(place):
            table = feed.kind == "csv"
            code, text = ("place_unknown", _NO_PLACE) if table else ("no_coordinates", _NO_COORDINATES)
            report.faults.append(FeedFault(key, code, text, place.name.ru))
        else:
            slug = _free_slug(slug_from(key) or slug_from(place.name.en) or "stop", taken)
            taken.add(slug)
            world.places[key] = new_id()
            world.names[world.places[key]] = place.name
            report.new_places.append((place, world.places[key], slug))


def _on_earth(place: FeedPlace) -> bool:
    return (
        place.latitude is not None
        and place.longitude is not None
        and -90 <= place.latitude <= 90
        and -180 <= place.longitude <= 180
    )


def _free_slug(wanted: str, taken: set[str]) -> str:
    slug, number = wanted, 2
    while slug in taken:
        slug, number = f"{wanted}-{number}", number + 1
    return slug


def _route(world: _World, route: FeedRoute, report: ImportReport) -> RouteLine | None:
    """A route of ours with these stops at these minutes, or of this name when none are given; else a new one."""
    if not route.stops:
        named = [
            line for line in world.lines.values() if line.name.casefold() == route.name.casefold() and line.legs > 0
        ]
        if not named:
            report.faults.append(FeedFault(route.name, "route_unknown", _NO_ROUTE, route.name))
            return None
        return named[0]
    if any(key not in world.places for key, _ in route.stops):
        return None
    wanted = [(world.places[key], minutes) for key, minutes in route.stops]
    for line in (*world.lines.values(), *report.new_routes):
        if [(stop.place_id, stop.offset_minutes) for stop in line.stops] == wanted:
            return line
    stops = tuple(RouteStop(n, number, world.names[number], minutes) for n, (number, minutes) in enumerate(wanted))
    line = RouteLine(new_id(), route.name, stops, world.zone)
    report.new_routes.append(line)
    return line


def _item(
    world: _World, told: FeedTimetable, line: RouteLine, options: ImportOptions, report: ImportReport
) -> ImportItem | None:
    faults: list[FeedFault] = []
    vehicle = world.vehicles.get(_plate(told.plate)) if told.plate else None
    if vehicle is None and (not told.plate or report.kind == "gtfs") and options.vehicle_id:
        vehicle = world.by_id.get(options.vehicle_id)
    if vehicle is None:
        faults.append(FeedFault(told.source, "vehicle_unknown", _NO_VEHICLE, told.plate or ""))
    driver = world.drivers.get(told.driver.casefold()) if told.driver else None
    if told.driver and driver is None:
        faults.append(FeedFault(told.source, "driver_unknown", _NO_DRIVER, told.driver))
    given = _given(world, told, line, options)
    if given is None:
        faults.append(FeedFault(told.source, "no_price", _NO_PRICE, line.name))
    wanted = TimetableWanted(line.id, vehicle.id if vehicle else line.id, driver, told.pattern, given or ())
    try:
        require_season(told.pattern)
        if given is not None:
            priced(line, given)
    except PricesMissing:
        faults.append(FeedFault(told.source, "price_missing", _PRICES, line.name))
    except InputInvalid as error:
        text = _SEASON if error.faults[0].field == "valid_to" else _PRICES
        faults.append(FeedFault(told.source, error.faults[0].code, text, line.name))
    report.faults += faults
    if faults or vehicle is None:
        return None
    return ImportItem(
        told, line, wanted, vehicle, known=_known(world, wanted), over=told.pattern.valid_to < world.today
    )


def _given(
    world: _World, told: FeedTimetable, line: RouteLine, options: ImportOptions
) -> tuple[PriceGiven, ...] | None:
    """Prices of the file; without any those of the route as it is, else the price of a leg."""
    if told.prices:
        nowhere = UUID(int=0)
        return tuple(
            PriceGiven(
                index, world.places.get(one.from_key, nowhere), world.places.get(one.to_key, nowhere), one.amount
            )
            for index, one in enumerate(told.prices)
        )
    tariff = world.tariffs.get(line.id)
    if tariff is not None:
        return tuple(
            PriceGiven(
                index, line.stops[one.from_position].place_id, line.stops[one.to_position].place_id, one.amount,
                one.child_amount, one.infant_amount,
            )
            for index, one in enumerate(tariff.prices)
        )  # fmt: skip
    if options.leg_price is None:
        return None
    return tuple(
        PriceGiven(stop.position, stop.place_id, line.stops[stop.position + 1].place_id, options.leg_price)
        for stop in line.stops[:-1]
    )


def _known(world: _World, wanted: TimetableWanted) -> bool:
    """Whether there is such a timetable already: a file may be sent twice."""
    return any(
        (view.timetable.route_id, view.timetable.vehicle_id, view.timetable.pattern)
        == (wanted.route_id, wanted.vehicle_id, wanted.pattern)
        for view in world.views
    )


def _facts(place: FeedPlace, slug: str, feed: Feed) -> PlaceFacts:
    zone = _zone(feed.zone)
    return PlaceFacts(
        slug, place.name, place.latitude or 0.0, place.longitude or 0.0, None, zone.key if zone else "Asia/Kamchatka"
    )


def _zone(name: str | None) -> ZoneInfo | None:
    try:
        return ZoneInfo(name) if name else None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def _plate(text: str | None) -> str:
    """A plate as it is compared: without blanks, in capitals."""
    return "".join((text or "").split()).upper()
