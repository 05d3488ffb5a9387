"""Departures as read by people. Sales counters are written by hub/seats only."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from kamhub.hub.departure.types import Operator, Stop, Stretch, Vehicle
from kamhub.kit.text import Names
from kamhub.platform.database.pool import Connection

OPERATOR = "o.id, o.slug, o.name_ru, o.name_en, o.rating, o.phone, o.email, o.review_count"
VEHICLE = "v.type, v.model, v.features"
STOP = (
    "{s}.position, {p}.id, {p}.slug, {p}.name_ru, {p}.name_en, {p}.meeting_point_ru, {p}.meeting_point_en, "
    "{p}.latitude, {p}.longitude, {p}.time_zone, {s}.offset_minutes"
)
OPERATOR_WIDTH, VEHICLE_WIDTH, STOP_WIDTH = 8, 3, 11

_STRETCH = f"""
SELECT d.id, d.departs_at, {OPERATOR}, {VEHICLE}, {STOP.format(s="fs", p="fp")}, {STOP.format(s="ts", p="tp")}
FROM departures d
JOIN organisations o ON o.id = d.organisation_id
JOIN vehicles v ON v.organisation_id = d.organisation_id AND v.id = d.vehicle_id
JOIN route_stops fs ON fs.organisation_id = d.organisation_id AND fs.route_id = d.route_id AND fs.position = %s
JOIN places fp ON fp.organisation_id = fs.place_organisation_id AND fp.id = fs.place_id
JOIN route_stops ts ON ts.organisation_id = d.organisation_id AND ts.route_id = d.route_id AND ts.position = %s
JOIN places tp ON tp.organisation_id = ts.place_organisation_id AND tp.id = ts.place_id
WHERE d.organisation_id = %s AND d.id = %s"""

_STOPS = f"""
SELECT {STOP.format(s="s", p="p")}
FROM route_stops s JOIN places p ON p.organisation_id = s.place_organisation_id AND p.id = s.place_id
WHERE s.organisation_id = %s AND s.route_id = %s ORDER BY s.position"""


def operator_from(row: Sequence[Any]) -> Operator:
    """Columns ``OPERATOR``."""
    rating = None if row[4] is None else float(row[4])
    return Operator(row[0], row[1], Names(row[2], row[3]), rating, row[5], row[6], row[7])


def vehicle_from(row: Sequence[Any]) -> Vehicle:
    """Columns ``VEHICLE``."""
    return Vehicle(row[0], row[1], tuple(row[2]))


def stop_from(row: Sequence[Any], departs_at: datetime) -> Stop:
    """Columns ``STOP``; the time of the stop comes out in the place's own zone."""
    meeting = Names(row[5], row[6] or row[5]) if row[5] else None
    at = (departs_at + timedelta(minutes=row[10])).astimezone(ZoneInfo(row[9]))
    return Stop(row[0], row[1], row[2], Names(row[3], row[4]), meeting, row[7], row[8], at)


def stretch_from(row: Sequence[Any]) -> Stretch:
    """Columns of ``_STRETCH``: departure, operator, vehicle, first stop, last stop."""
    operator_end = 2 + OPERATOR_WIDTH
    vehicle_end = operator_end + VEHICLE_WIDTH
    origin_end = vehicle_end + STOP_WIDTH
    operator = operator_from(row[2:operator_end])
    return Stretch(
        departure_id=row[0],
        organisation_id=operator.id,
        operator=operator,
        origin=stop_from(row[vehicle_end:origin_end], row[1]),
        destination=stop_from(row[origin_end : origin_end + STOP_WIDTH], row[1]),
        vehicle=vehicle_from(row[operator_end:vehicle_end]),
    )


async def load_stretch(
    connection: Connection, organisation_id: UUID, departure_id: UUID, from_position: int, to_position: int
) -> Stretch | None:
    """A departure between two of its stops, or None."""
    row = await (
        await connection.execute(_STRETCH, (from_position, to_position, organisation_id, departure_id))
    ).fetchone()
    return stretch_from(row) if row else None


async def is_running(connection: Connection, organisation_id: UUID, departure_id: UUID) -> bool:
    """Whether the departure has not been cancelled."""
    row = await (
        await connection.execute(
            "SELECT status <> 'cancelled' FROM departures WHERE organisation_id = %s AND id = %s",
            (organisation_id, departure_id),
        )
    ).fetchone()
    return row is not None and bool(row[0])


async def load_stops(
    connection: Connection, organisation_id: UUID, route_id: UUID, departs_at: datetime
) -> tuple[Stop, ...]:
    """All stops of a route with the times of a departure, in order."""
    rows = await (await connection.execute(_STOPS, (organisation_id, route_id))).fetchall()
    return tuple(stop_from(row, departs_at) for row in rows)
