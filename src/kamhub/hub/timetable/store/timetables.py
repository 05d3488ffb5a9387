"""SQL of the patterns."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime
from uuid import UUID

from psycopg.rows import TupleRow

from kamhub.hub.price import store as prices
from kamhub.hub.timetable.store import network
from kamhub.hub.timetable.types import DayException, Pattern, Timetable, TimetableUse, TimetableView, VehicleSeats
from kamhub.platform.database.pool import Connection

_TIMETABLE = (
    "t.organisation_id, t.id, t.route_id, t.tariff_id, t.vehicle_id, t.driver_id, t.weekdays, t.times, t.valid_from, "
    "t.valid_to, t.sales_cutoff_minutes, t.version, t.created_at, t.archived_at"
)
_WIDTH = 14
# Departures are asked for one timetable at a time: by the index on (organisation_id, timetable_id, departs_at).
_VIEWS = f"""
SELECT {_TIMETABLE}, v.id, v.model, v.plate, v.capacity, r.name, d.upcoming, d.last
FROM timetables t
JOIN routes l ON l.organisation_id = t.organisation_id AND l.id = t.route_id
JOIN vehicles v ON v.organisation_id = t.organisation_id AND v.id = t.vehicle_id
LEFT JOIN drivers r ON r.organisation_id = t.organisation_id AND r.id = t.driver_id
LEFT JOIN LATERAL (
  SELECT count(*) AS upcoming, max(departs_at) AS last FROM departures
  WHERE organisation_id = t.organisation_id AND timetable_id = t.id AND status <> 'cancelled' AND departs_at > %(now)s
) d ON true
WHERE t.organisation_id = %(organisation)s"""


def _timetable(row: TupleRow) -> Timetable:
    organisation, number, route, tariff, vehicle, driver, weekdays, times, since, until, *rest = row[:_WIDTH]
    pattern = Pattern(tuple(sorted(weekdays)), tuple(sorted(times)), since, until)
    return Timetable(organisation, number, route, tariff, vehicle, driver, pattern, *rest)


async def insert(connection: Connection, timetable: Timetable) -> None:
    """Add a timetable."""
    pattern = timetable.pattern
    await connection.execute(
        "INSERT INTO timetables (organisation_id, id, route_id, tariff_id, vehicle_id, driver_id, weekdays, times, valid_from, "
        "valid_to, sales_cutoff_minutes, created_at) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        (
            timetable.organisation_id, timetable.id, timetable.route_id, timetable.tariff_id, timetable.vehicle_id,
            timetable.driver_id, list(pattern.weekdays), list(pattern.times), pattern.valid_from, pattern.valid_to,
            timetable.sales_cutoff_minutes, timetable.created_at,
        ),
    )  # fmt: skip


async def update(connection: Connection, timetable: Timetable) -> None:
    """Write a timetable as it is now, as its next version."""
    pattern = timetable.pattern
    await connection.execute(
        "UPDATE timetables SET tariff_id = %s, vehicle_id = %s, driver_id = %s, weekdays = %s, times = %s, valid_from = %s, "
        "valid_to = %s, sales_cutoff_minutes = %s, archived_at = %s, version = version + 1 "
        "WHERE organisation_id = %s AND id = %s",
        (
            timetable.tariff_id, timetable.vehicle_id, timetable.driver_id, list(pattern.weekdays), list(pattern.times),
            pattern.valid_from, pattern.valid_to, timetable.sales_cutoff_minutes, timetable.archived_at,
            timetable.organisation_id, timetable.id,
        ),
    )  # fmt: skip


async def put_exception(
    connection: Connection, organisation_id: UUID, timetable_id: UUID, exception: DayException
) -> None:
    """Write the exception of a date, in place of an earlier one."""
    await connection.execute(
        "INSERT INTO timetable_exceptions (organisation_id, timetable_id, on_date, times, note) VALUES (%s, %s, %s, %s, %s) "
        "ON CONFLICT (organisation_id, timetable_id, on_date) DO UPDATE SET times = excluded.times, note = excluded.note",
        (organisation_id, timetable_id, exception.on_date, list(exception.times), exception.note),
    )


async def delete_exception(connection: Connection, organisation_id: UUID, timetable_id: UUID, day: date) -> bool:
    """Remove the exception of a date; whether there was one."""
    done = await connection.execute(
        "DELETE FROM timetable_exceptions WHERE organisation_id = %s AND timetable_id = %s AND on_date = %s",
        (organisation_id, timetable_id, day),
    )
    return done.rowcount > 0


async def find(
    connection: Connection, organisation_id: UUID, timetable_id: UUID, *, lock: bool = False
) -> Timetable | None:
    """One timetable with its exceptions, archived or not; with ``lock`` nobody else changes it meanwhile."""
    rows = await connection.execute(
        f"SELECT {_TIMETABLE} FROM timetables t WHERE t.organisation_id = %s AND t.id = %s{' FOR UPDATE' if lock else ''}".encode(),
        (organisation_id, timetable_id),
    )
    row = await rows.fetchone()
    return (await _with_exceptions(connection, organisation_id, [_timetable(row)]))[0] if row else None


async def views(
    connection: Connection,
    organisation_id: UUID,
    now: datetime,
    *,
    archived: bool = False,
    route_id: UUID | None = None,
    offset: int = 0,
    limit: int = 50,
) -> tuple[list[TimetableView], int]:
    """A page of the timetables by route and season, and how many there are."""
    narrowed = f" AND t.archived_at IS {'NOT ' if archived else ''}NULL"
    narrowed += " AND t.route_id = %(route)s" if route_id is not None else ""
    values = {"organisation": organisation_id, "now": now, "route": route_id, "offset": offset, "limit": limit}
    rows = await connection.execute(
        f"{_VIEWS}{narrowed} ORDER BY l.name, t.valid_from, t.id OFFSET %(offset)s LIMIT %(limit)s".encode(), values
    )
    found = await _views(connection, organisation_id, await rows.fetchall())
    counted = await connection.execute(
        f"SELECT count(*) FROM timetables t WHERE t.organisation_id = %(organisation)s{narrowed}".encode(), values
    )
    row = await counted.fetchone()
    return found, row[0] if row else 0


async def view(
    connection: Connection, organisation_id: UUID, timetable_id: UUID, now: datetime
) -> TimetableView | None:
    """One of them, archived or not."""
    rows = await connection.execute(
        f"{_VIEWS} AND t.id = %(id)s".encode(), {"organisation": organisation_id, "now": now, "id": timetable_id}
    )
    found = await _views(connection, organisation_id, await rows.fetchall())
    return found[0] if found else None


async def live(connection: Connection, after: date) -> list[tuple[UUID, UUID]]:
    """Organisation and id of every timetable whose season is not over. In the system scope."""
    rows = await connection.execute(
        "SELECT t.organisation_id, t.id FROM timetables t "
        "JOIN organisations o ON o.id = t.organisation_id AND o.archived_at IS NULL "
        "WHERE t.archived_at IS NULL AND t.valid_to >= %s ORDER BY t.organisation_id, t.id",
        (after,),
    )
    return [(row[0], row[1]) for row in await rows.fetchall()]


async def using(
    connection: Connection,
    organisation_id: UUID,
    today: date,
    *,
    route_id: UUID | None = None,
    vehicle_id: UUID | None = None,
    driver_id: UUID | None = None,
) -> list[TimetableUse]:
    """The timetables with that route, vehicle or driver whose season is not over, by route."""
    rows = await connection.execute(
        "SELECT t.id, r.name, t.times, t.valid_to FROM timetables t "
        "JOIN routes r ON r.organisation_id = t.organisation_id AND r.id = t.route_id "
        "WHERE t.organisation_id = %s AND t.archived_at IS NULL AND t.valid_to >= %s "
        "AND (t.route_id = %s OR t.vehicle_id = %s OR t.driver_id = %s) ORDER BY r.name, t.valid_from, t.id",
        (organisation_id, today, route_id, vehicle_id, driver_id),
    )
    return [TimetableUse(row[0], row[1], tuple(sorted(row[2])), row[3]) for row in await rows.fetchall()]


async def _views(connection: Connection, organisation_id: UUID, rows: Sequence[TupleRow]) -> list[TimetableView]:
    found = await _with_exceptions(connection, organisation_id, [_timetable(row) for row in rows])
    lines = await network.routes(connection, organisation_id, {one.route_id for one in found})
    tariffs = await prices.load_tariffs(connection, organisation_id, {one.tariff_id for one in found})
    return [
        TimetableView(
            one, lines[one.route_id], VehicleSeats(*row[_WIDTH : _WIDTH + 4]), row[_WIDTH + 4], tariffs[one.tariff_id],
            row[_WIDTH + 5], row[_WIDTH + 6],
        )
        for one, row in zip(found, rows, strict=True)
    ]  # fmt: skip


async def _with_exceptions(
    connection: Connection, organisation_id: UUID, timetables: Iterable[Timetable]
) -> list[Timetable]:
    known = list(timetables)
    rows = await connection.execute(
        "SELECT timetable_id, on_date, times, note FROM timetable_exceptions "
        "WHERE organisation_id = %s AND timetable_id = ANY(%s) ORDER BY on_date",
        (organisation_id, [one.id for one in known]),
    )
    found: dict[UUID, list[DayException]] = {}
    for timetable_id, on_date, times, note in await rows.fetchall():
        found.setdefault(timetable_id, []).append(DayException(on_date, tuple(sorted(times)), note))
    return [replace(one, exceptions=tuple(found.get(one.id, ()))) for one in known]
