"""Timetables for the walk over every route: good bodies, and the state in which each route succeeds."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from kamhub.hub.timetable.exchange import csv_file
from kamhub.hub.timetable.exchange_pages import pack
from kamhub.kit.ids import new_id
from tests.builders import PRICES, STOPS, Operator, World

ON_DATE = "2026-11-26"
# A file that is good for every import.
TABLE = b"route,weekdays,times,from,to,vehicle\nline,6,03:00,2026-11-24,2026-12-31,Pmain\n"
_SEASON = {"valid_from": "2026-11-24", "valid_to": "2026-11-30"}


def furnish(world: World) -> UUID:
    """A timetable of the main operator with an exception."""
    number = new_id()
    world.execute(
        "INSERT INTO timetables (organisation_id, id, route_id, tariff_id, vehicle_id, weekdays, times, valid_from, valid_to, "
        "sales_cutoff_minutes) VALUES (%s, %s, %s, %s, %s, '{1}', '{05:00}', '2026-11-24', '2026-11-30', 30)",
        world.main.id, number, world.main.route, world.main.tariff, world.main.vehicle,
    )  # fmt: skip
    _except(world, number)
    return number


def _except(world: World, timetable: UUID) -> None:
    world.execute(
        "INSERT INTO timetable_exceptions (organisation_id, timetable_id, on_date, times) VALUES (%s, %s, %s, '{}') "
        "ON CONFLICT DO NOTHING",
        world.main.id, timetable, ON_DATE,
    )  # fmt: skip


def body(world: World, model: str) -> dict[str, Any] | None:
    """A good body of a model of timetables; None for a model of others."""
    prices = _prices(world)
    pages = [
        price | {"price": str(price["price"] // 100), "child_price": "500", "infant_price": "0"} for price in prices
    ]
    api = [price | {"child_price": 50_000, "infant_price": 0} for price in prices]
    rule = {"kind": "early", "threshold": 60, "percent": -10}
    things = {"route_id": str(world.main.route), "vehicle_id": str(world.main.vehicle)}
    page = {"driver_id": "", "weekdays": ["1"], "times": "06:00", "sales_cutoff_minutes": "30", "version": ""}
    bodies: dict[str, dict[str, Any]] = {
        "TimetableForm": things | _SEASON | {"weekdays": [1], "times": ["06:00"], "prices": api, "rules": [rule]},
        "TimetablePatch": {"times": ["07:00"], "weekdays": [1, 2], "prices": api, "rules": [rule]} | _SEASON,
        "TimetablePricesForm": {"prices": api, "rules": [rule]},
        "ExceptionForm": {"date": ON_DATE, "times": ["04:00"], "note": "слово"},
        "TimetablePageForm": things
        | _SEASON
        | page
        | {"prices": pages, "rules": [{k: str(v) for k, v in rule.items()}]},
        "ExceptionPageForm": {"date": ON_DATE, "times": "04:00", "note": "слово"},
        "VersionPageForm": {"version": "1"},
        "ImportPageForm": {"vehicle_id": "", "leg_price": "1000", "feed": pack(csv_file.read(TABLE))},
    }
    return bodies.get(model)


def _prices(world: World) -> list[dict[str, Any]]:
    names = [name for name, _ in STOPS]
    return [
        {
            "from_place_id": str(world.places[names[start]]),
            "to_place_id": str(world.places[names[end]]),
            "price": amount,
        }
        for (start, end), amount in PRICES.items()
    ]


def prepare(world: World, action: str, timetable: UUID) -> None:
    """The timetable as it was, whatever has become of it since."""
    world.execute("UPDATE vehicles SET plate = 'Pmain' WHERE id = %s", world.main.vehicle)  # as the file has it
    if action.startswith("timetable."):
        world.execute("UPDATE timetables SET archived_at = NULL, version = 1 WHERE id = %s", timetable)
        _except(world, timetable)


def driver(world: World, operator: Operator) -> UUID:
    """A driver of that operator."""
    number = new_id()
    world.execute(
        "INSERT INTO drivers (organisation_id, id, name, phone) VALUES (%s, %s, 'Пётр', '+79140000003')",
        operator.id, number,
    )  # fmt: skip
    return number
