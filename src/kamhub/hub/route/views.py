"""Routes as JSON of the HTTP contract."""

from __future__ import annotations

from kamhub.hub.route.types import Route

COLUMNS = ("id", "name", "stops", "minutes", "archived", "created_at")


def route_json(route: Route) -> dict[str, object]:
    """A route with its stops."""
    return {
        "id": route.id,
        "name": route.name,
        "stops": [
            {
                "position": stop.position,
                "place_id": stop.place_id,
                "slug": stop.slug,
                "name": stop.name.as_json(),
                "offset_minutes": stop.offset_minutes,
            }
            for stop in route.stops
        ],
        "in_use": route.in_use,
        "archived": route.archived_at is not None,
        "version": route.version,
        "created_at": route.created_at,
    }


def route_cells(route: Route) -> list[object]:
    """The same in the order of ``COLUMNS``; ``minutes`` is how long it lasts."""
    return [
        route.id,
        route.name,
        " ".join(stop.slug for stop in route.stops),
        route.stops[-1].offset_minutes if route.stops else None,
        route.archived_at is not None,
        route.created_at,
    ]
