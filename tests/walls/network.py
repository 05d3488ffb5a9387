"""Places, routes, vehicles, drivers and their papers for the walk over every route: good bodies, and what they need."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any
from uuid import UUID

from PIL import Image

from kamhub.hub.operator_settings.rules import version_of
from kamhub.hub.operator_settings.types import OperatorSettings
from kamhub.kit.ids import new_id
from tests.builders import CATALOGUE, Operator, World

if TYPE_CHECKING:
    from tests.walls.fields import Body
    from tests.walls.house import House

_KINDS = frozenset({"place", "route", "vehicle", "driver", "fleet_document"})
_picture = io.BytesIO()
Image.new("RGB", (8, 8), "red").save(_picture, "PNG")
PHOTO = ("image/png", _picture.getvalue())
_SETTINGS = {"rest_minutes": 33, "hold_minutes": 20, "sales_cutoff_minutes": 45}


def furnish(world: World) -> dict[str, UUID]:
    """By the name of a path parameter: a fresh thing of the main operator's that nothing else refers to."""
    org, made = world.main.id, {name: new_id() for name in ("place_id", "route_id", "vehicle_id", "driver_id")}
    papers = {"document_id": new_id(), "driver_document_id": new_id()}
    vehicle, driver = made["vehicle_id"], made["driver_id"]
    place(world, world.main, made["place_id"])
    for statement, *values in (
        ("INSERT INTO routes (organisation_id, id, name) VALUES (%s, %s, 'spare')", org, made["route_id"]),
        ("INSERT INTO route_stops VALUES (%s, %s, 0, %s, %s, 0)", org, made["route_id"], CATALOGUE, world.places["city"]),
        ("INSERT INTO route_stops VALUES (%s, %s, 1, %s, %s, 9)", org, made["route_id"], CATALOGUE, world.places["town"]),
        (
            "INSERT INTO vehicles (organisation_id, id, type, model, capacity, plate) VALUES (%s, %s, 'bus', 'spare', 90, %s)",
            org, vehicle, vehicle.hex[-8:],
        ),
        ("INSERT INTO drivers (organisation_id, id, name, phone) VALUES (%s, %s, 'Иван', '+79140000002')", org, driver),
        (
            "INSERT INTO fleet_documents (organisation_id, id, vehicle_id, kind) VALUES (%s, %s, %s, 'insurance')",
            org, papers["document_id"], vehicle,
        ),
        (
            "INSERT INTO fleet_documents (organisation_id, id, driver_id, kind) VALUES (%s, %s, %s, 'licence')",
            org, papers["driver_document_id"], driver,
        ),
    ):  # fmt: skip
        world.execute(str(statement), *values)
    return made | papers


def place(world: World, operator: Operator, place_id: UUID) -> UUID:
    """A place of that operator's own."""
    world.execute(
        "INSERT INTO places (organisation_id, id, slug, name_ru, name_en, latitude, longitude) "
        "VALUES (%s, %s, %s, 'Место', 'Place', 53, 158)",
        operator.id, place_id, str(place_id),
    )  # fmt: skip
    return place_id


def body(world: World, model: str) -> dict[str, Any] | None:
    """A good body of a model of these rooms; None for a model of others."""
    names = {"ru": "слово", "en": "слово"}
    stops = [
        {"place_id": str(world.places["airport"]), "offset_minutes": 0},
        {"place_id": str(world.places["springs"]), "offset_minutes": 30},
    ]
    route = {"name": "слово", "stops": stops}
    own = {
        "slug": "own-place",
        "name": names,
        "lat": 53.5,
        "lng": 158.5,
        "meeting_point": names,
        "time_zone": "Asia/Magadan",
    }
    vehicle = {"type": "bus", "model": "слово", "capacity": 8, "plate": "A 1", "features": ["wifi"]}
    driver = {
        "name": "Анна Ёлкина",
        "phone": "+7 914 123-45-67",
        "languages": ["ru"],
        "works_from": "08:00",
        "works_to": "20:00",
    }
    driver["person_id"] = str(world.main.people["driver"])
    seen = {"version": 1}
    bodies: dict[str, dict[str, Any]] = {
        "PlaceForm": own,
        "PlaceChangeForm": own,
        "PlaceEditForm": own | seen,
        "RouteForm": route,
        "RouteChangeForm": route,
        "RouteEditForm": route | seen,
        "VehicleForm": vehicle,
        "VehicleChangeForm": vehicle,
        "VehicleEditForm": vehicle | seen,
        "DriverForm": driver,
        "DriverChangeForm": driver,
        "DriverEditForm": driver | seen,
        "DocumentForm": {"kind": "insurance", "number": "слово", "expires_on": "2026-12-31"},
        "SettingsForm": _SETTINGS,
        "SettingsPageForm": _SETTINGS | {"version": version_of(OperatorSettings(0, 15, 30))},
    }
    return bodies.get(model)


def prepared(house: House, action: str, template: str, sent: Body) -> Body | None:
    """The body for a route of that action, with the state it needs; None for an action of other rooms."""
    world = house.world
    if action == "organisation.settings_changed":
        world.execute("UPDATE organisations SET rest_minutes = 0, hold_minutes = 15, sales_cutoff_minutes = 30")
        return sent
    if action.partition(".")[0] not in _KINDS:
        return None
    # Whatever those before have made has other names.
    world.execute("UPDATE places SET slug = id::text WHERE organisation_id = %s", world.main.id)
    world.execute("UPDATE vehicles SET plate = id::text WHERE organisation_id = %s", world.main.id)
    world.execute("UPDATE drivers SET person_id = NULL")
    house.main |= furnish(world)
    if template.endswith("/restore"):
        for table, name in (
            ("places", "place_id"),
            ("routes", "route_id"),
            ("vehicles", "vehicle_id"),
            ("drivers", "driver_id"),
        ):
            world.execute(f"UPDATE {table} SET archived_at = now() WHERE id = %s", house.main[name])
    elif action == "place.photo_removed":
        world.execute(
            "INSERT INTO place_photos VALUES (%s, %s, 'x', sha256('x'), 1, 1, now())",
            world.main.id,
            house.main["place_id"],
        )
    return sent
