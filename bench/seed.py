"""Rows to measure on: one operator, lines between places, departures by the million."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

import psycopg

from kamhub.kit.ids import new_id

CATALOGUE = UUID(int=0)


@dataclass(frozen=True, slots=True)
class Seeded:
    """``busy`` has room for everybody, ``spread`` are many departures of the same line."""

    busy: UUID
    spread: list[UUID]


def seed_for_holds(url: str, spread: int = 1000) -> Seeded:
    """A line of three legs with one busy departure and many others, tomorrow."""
    with psycopg.connect(url) as connection:
        organisation, route, tariff, vehicle = _line(connection, "bench", 4)
        ids = [new_id() for _ in range(spread + 1)]
        connection.execute(
            "INSERT INTO departures (organisation_id, id, route_id, tariff_id, vehicle_id, departs_at, sales_close_at, "
            "capacity, taken) SELECT %s, id, %s, %s, %s, now() + interval '1 day', now() + interval '23 hours', 1000000, "
            "'{0,0,0}' FROM unnest(%s::uuid[]) AS id",
            (organisation, route, tariff, vehicle, ids),
        )
    return Seeded(ids[0], ids[1:])


def seed_for_search(url: str, departures: int, routes: int = 200) -> list[tuple[str, str]]:
    """That many departures on many lines over a year; returns pairs of place slugs that are served."""
    with psycopg.connect(url) as connection:
        lines = [_line(connection, f"r{n}", 3) for n in range(routes)]
        connection.execute(
            "INSERT INTO departures (organisation_id, id, route_id, tariff_id, vehicle_id, departs_at, sales_close_at, "
            "capacity, taken) SELECT l.o, uuidv7(), l.r, l.t, l.v, at, at - interval '30 minutes', 16, '{0,0}' "
            "FROM unnest(%s::uuid[], %s::uuid[], %s::uuid[], %s::uuid[]) AS l(o, r, t, v), "
            "generate_series(1, %s) AS n, LATERAL (SELECT date_trunc('day', now()) + n * (interval '365 days' / %s::int) AS at) d",
            (*(list(column) for column in zip(*lines, strict=True)), departures // routes, departures // routes),
        )
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")
    return [(f"r{n}-0", f"r{n}-2") for n in range(routes)]


def _line(connection: psycopg.Connection, key: str, stops: int) -> tuple[UUID, UUID, UUID, UUID]:
    organisation, route, tariff, vehicle = (new_id() for _ in range(4))
    run = connection.execute
    run("INSERT INTO organisations (id, slug, name_ru, name_en) VALUES (%s, %s, %s, %s)", (organisation, key, key, key))
    run(
        "INSERT INTO vehicles (organisation_id, id, type, model, capacity, plate) VALUES (%s, %s, 'bus', 'Bench', 50, %s)",
        (organisation, vehicle, key),
    )
    run("INSERT INTO routes (organisation_id, id, name) VALUES (%s, %s, %s)", (organisation, route, key))
    for position in range(stops):
        place = new_id()
        run(
            "INSERT INTO places (organisation_id, id, slug, name_ru, name_en, latitude, longitude) "
            "VALUES (%s, %s, %s, %s, %s, 53, 158)",
            (organisation, place, f"{key}-{position}", f"{key}-{position}", f"{key}-{position}"),
        )
        run(
            "INSERT INTO route_stops VALUES (%s, %s, %s, %s, %s, %s)",
            (organisation, route, position, organisation, place, position * 20),
        )
    run("INSERT INTO tariffs (organisation_id, id, route_id) VALUES (%s, %s, %s)", (organisation, tariff, route))
    for start in range(stops):
        for end in range(start + 1, stops):
            run(
                "INSERT INTO tariff_prices VALUES (%s, %s, %s, %s, %s, 100000)",
                (organisation, tariff, route, start, end),
            )
    return organisation, route, tariff, vehicle


def today() -> str:
    """The day searches ask for."""
    return datetime.now(UTC).date().isoformat()
