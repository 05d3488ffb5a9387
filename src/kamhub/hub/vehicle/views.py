"""Vehicles as JSON of the HTTP contract."""

from __future__ import annotations

from kamhub.hub.vehicle.types import Vehicle

COLUMNS = ("id", "type", "model", "capacity", "plate", "features", "archived", "created_at")


def vehicle_json(vehicle: Vehicle) -> dict[str, object]:
    """A vehicle."""
    return {
        "id": vehicle.id,
        **vehicle.facts.as_json(),
        "archived": vehicle.archived_at is not None,
        "version": vehicle.version,
        "created_at": vehicle.created_at,
    }


def vehicle_cells(vehicle: Vehicle) -> list[object]:
    """The same in the order of ``COLUMNS``."""
    told = vehicle_json(vehicle)
    told["features"] = " ".join(vehicle.facts.features)
    return [told[name] for name in COLUMNS]
