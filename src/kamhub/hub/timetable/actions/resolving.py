"""From what people write to what can be stored: the things that are named, and prices for every pair of stops."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from uuid import UUID

from kamhub.hub.driver.types import DriverNotFound
from kamhub.hub.price.types import TariffPrice
from kamhub.hub.route.types import RouteNotFound
from kamhub.hub.timetable import rules
from kamhub.hub.timetable.store import network
from kamhub.hub.timetable.types import Pattern, PriceGiven, RouteLine, RouteStop, VehicleSeats
from kamhub.hub.vehicle.types import VehicleNotFound
from kamhub.kit.text import mark
from kamhub.platform.database.pool import Connection
from kamhub.platform.web.problems import FieldError, InputInvalid

CURRENCY = "RUB"
MOST_AMOUNT = 100_000_000
LONGEST_SEASON = 731
_NO_ROUTE = mark("This route is archived or has no stops.")
_NO_VEHICLE = mark("This vehicle is archived.")
_NO_DRIVER = mark("This driver is archived.")
_SEASON = mark("The season ends before it begins.")
_LONG = mark("A season is two years at most.")
_NOT_ON_ROUTE = mark("This place is not a stop of the route.")
_BACKWARD = mark("The stop to is before the stop from.")
_REPEATED = mark("This pair of stops has a price already.")
_MISSING = mark("Every pair of stops needs a price, and these cannot be added up from the others.")
_DEAR = mark("The prices added up are too high.")


class PricesMissing(InputInvalid):
    """Pairs of stops for which there is no price and none can be added up; ``extra.missing`` names them."""

    def __init__(self, pairs: Sequence[tuple[RouteStop, RouteStop]]) -> None:
        super().__init__([FieldError("prices", _MISSING, "price_missing")])
        self.pairs = tuple(pairs)
        self.extra["missing"] = [
            {
                "from_place_id": str(start.place_id),
                "to_place_id": str(end.place_id),
                "from": start.name.as_json(),
                "to": end.name.as_json(),
            }
            for start, end in pairs
        ]


async def route(connection: Connection, organisation_id: UUID, route_id: UUID) -> RouteLine:
    """The route. Raises ``RouteNotFound``; ``InputInvalid`` for an archived one or one without a leg."""
    archived = await network.route_archived(connection, organisation_id, route_id)
    if archived is None:
        raise RouteNotFound
    line = (await network.routes(connection, organisation_id, [route_id])).get(route_id)
    if archived or line is None or line.legs < 1:
        raise InputInvalid([FieldError("route_id", _NO_ROUTE, "archived")])
    return line


async def vehicle(connection: Connection, organisation_id: UUID, vehicle_id: UUID | None) -> VehicleSeats:
    """The vehicle. Raises ``VehicleNotFound``; ``InputInvalid`` for an archived one."""
    found = await network.vehicle(connection, organisation_id, vehicle_id) if vehicle_id else None
    if found is None:
        raise VehicleNotFound
    if found[1]:
        raise InputInvalid([FieldError("vehicle_id", _NO_VEHICLE, "archived")])
    return found[0]


async def driver(connection: Connection, organisation_id: UUID, driver_id: UUID | None) -> None:
    """Lock the driver's rest. Raises ``DriverNotFound``; ``InputInvalid`` for an archived one."""
    if driver_id is None:
        return
    archived = await network.driver_archived(connection, organisation_id, driver_id)
    if archived is None:
        raise DriverNotFound
    if archived:
        raise InputInvalid([FieldError("driver_id", _NO_DRIVER, "archived")])
    await network.lock_driver(connection, driver_id)


def require_season(pattern: Pattern) -> None:
    """Raise ``InputInvalid`` for a season that is none."""
    if pattern.valid_to < pattern.valid_from:
        raise InputInvalid([FieldError("valid_to", _SEASON, "season")])
    if (pattern.valid_to - pattern.valid_from).days >= LONGEST_SEASON:
        raise InputInvalid([FieldError("valid_to", _LONG, "season_too_long")])


def priced(line: RouteLine, given: Iterable[PriceGiven]) -> tuple[TariffPrice, ...]:
    """A price for every pair of stops in order; see ``rules.complete_prices``. Raises ``InputInvalid``, ``PricesMissing``."""
    position = {stop.place_id: stop.position for stop in line.stops}
    faults, known = [], {}
    for one in given:
        start, end = position.get(one.from_place_id), position.get(one.to_place_id)
        field = f"prices.{one.index}"
        if start is None or end is None:
            wrong = "from_place_id" if start is None else "to_place_id"
            faults.append(FieldError(f"{field}.{wrong}", _NOT_ON_ROUTE, "not_on_route"))
        elif start >= end:
            faults.append(FieldError(f"{field}.to_place_id", _BACKWARD, "backward"))
        elif (start, end) in known:
            faults.append(FieldError(f"{field}.to_place_id", _REPEATED, "repeated"))
        else:
            known[start, end] = TariffPrice(start, end, one.amount, one.child_amount, one.infant_amount)
    if faults:
        raise InputInvalid(faults)
    found, missing = rules.complete_prices(len(line.stops), list(known.values()))
    if missing:
        raise PricesMissing([(line.stops[start], line.stops[end]) for start, end in missing])
    if any(one.amount > MOST_AMOUNT for one in found):
        raise InputInvalid([FieldError("prices", _DEAR, "too_high")])
    return tuple(found)
