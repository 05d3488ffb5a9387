"""Timetables as a GTFS feed (gtfs.org/documentation/schedule/reference), for route planners and other operators.

A route of the feed is a route of ours at one tariff, because fares belong to routes there; a block is a vehicle. Children's
prices and price rules have no place in it.
"""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from uuid import UUID

from kamhub.hub.timetable.exchange.types import Agency, StopPoint
from kamhub.hub.timetable.rules import roubles
from kamhub.hub.timetable.types import TimetableView

_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
# The same content is the same file.
_FIXED = (1980, 1, 1, 0, 0, 0)
_BUS = 3
_ADDED, _REMOVED = 1, 2


@dataclass(frozen=True, slots=True)
class _Service:
    """When some trips run: the pattern of a timetable without its exceptions, or the dates with the same other times."""

    id: str
    times: tuple[time, ...]


Rows = Sequence[Sequence[object]]


def write(agency: Agency, stops: Sequence[StopPoint], views: Sequence[TimetableView], now: datetime) -> bytes:
    """The feed as a ZIP file."""
    slugs = {stop.id: stop.slug for stop in stops}
    routes = {view.timetable.tariff_id: view for view in views}
    files: dict[str, tuple[Sequence[str], Rows]] = {
        "agency.txt": (
            (
                "agency_id",
                "agency_name",
                "agency_url",
                "agency_timezone",
                "agency_lang",
                "agency_phone",
                "agency_email",
            ),
            [(agency.id, agency.name, agency.url, agency.zone, "ru", agency.phone, agency.email)],
        ),
        "stops.txt": (
            ("stop_id", "stop_name", "stop_lat", "stop_lon", "zone_id", "stop_timezone"),
            [(one.slug, one.name.ru, one.latitude, one.longitude, one.slug, one.zone) for one in stops],
        ),
        "routes.txt": (
            ("route_id", "agency_id", "route_long_name", "route_type"),
            [(tariff, agency.id, view.route.name, _BUS) for tariff, view in routes.items()],
        ),
        "feed_info.txt": (
            ("feed_publisher_name", "feed_publisher_url", "feed_lang", "feed_version"),
            [(agency.name, agency.url, "ru", f"{now:%Y%m%d%H%M}")],
        ),
        **_services(views),
        **_trips(views, slugs),
        **_fares(routes.values(), slugs),
    }
    return _zip(files)


def _services(views: Iterable[TimetableView]) -> dict[str, tuple[Sequence[str], Rows]]:
    calendar: list[Sequence[object]] = []
    dates: list[Sequence[object]] = []
    for view in views:
        timetable, pattern = view.timetable, view.timetable.pattern
        calendar.append(
            (
                timetable.id,
                *(int(day in pattern.weekdays) for day in range(1, 8)),
                _day(pattern.valid_from),
                _day(pattern.valid_to),
            )
        )
        for exception in timetable.exceptions:
            if exception.on_date.isoweekday() in pattern.weekdays:
                dates.append((timetable.id, _day(exception.on_date), _REMOVED))
            if exception.times:
                dates.append((_other(timetable.id, exception.times), _day(exception.on_date), _ADDED))
    return {
        "calendar.txt": (("service_id", *_WEEKDAYS, "start_date", "end_date"), calendar),
        "calendar_dates.txt": (("service_id", "date", "exception_type"), dates),
    }


def _trips(views: Iterable[TimetableView], slugs: dict[UUID, str]) -> dict[str, tuple[Sequence[str], Rows]]:
    trips, stop_times = [], []
    for view in views:
        for service in _services_of(view):
            for at in service.times:
                trip = f"{service.id}-{at:%H%M}"
                trips.append(
                    (view.timetable.tariff_id, service.id, trip, view.route.stops[-1].name.ru, view.vehicle.plate)
                )
                for stop in view.route.stops:
                    clock = _clock(at, stop.offset_minutes)
                    stop_times.append((trip, clock, clock, slugs[stop.place_id], stop.position))
    return {
        "trips.txt": (("route_id", "service_id", "trip_id", "trip_headsign", "block_id"), trips),
        "stop_times.txt": (("trip_id", "arrival_time", "departure_time", "stop_id", "stop_sequence"), stop_times),
    }


def _services_of(view: TimetableView) -> Iterable[_Service]:
    timetable = view.timetable
    yield _Service(str(timetable.id), timetable.pattern.times)
    for times in dict.fromkeys(one.times for one in timetable.exceptions if one.times):
        yield _Service(_other(timetable.id, times), times)


def _other(timetable_id: UUID, times: tuple[time, ...]) -> str:
    return f"{timetable_id}-" + "-".join(f"{at:%H%M}" for at in times)


def _fares(routes: Iterable[TimetableView], slugs: dict[UUID, str]) -> dict[str, tuple[Sequence[str], Rows]]:
    fares, rules = [], []
    for view in routes:
        tariff = view.tariff
        for one in tariff.prices:
            number = f"{tariff.id}-{one.from_position}-{one.to_position}"
            ends = (view.route.stops[one.from_position], view.route.stops[one.to_position])
            fares.append((number, roubles(one.amount), tariff.currency, 1, 0))
            rules.append((number, tariff.id, *(slugs[stop.place_id] for stop in ends)))
    return {
        "fare_attributes.txt": (("fare_id", "price", "currency_type", "payment_method", "transfers"), fares),
        "fare_rules.txt": (("fare_id", "route_id", "origin_id", "destination_id"), rules),
    }


def _clock(at: time, minutes: int) -> str:
    """A time of the service day, past 24:00 where it has to be."""
    total = at.hour * 60 + at.minute + minutes
    return f"{total // 60:02d}:{total % 60:02d}:00"


def _day(day: date) -> str:
    return f"{day:%Y%m%d}"


def _zip(files: dict[str, tuple[Sequence[str], Rows]]) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, (columns, rows) in files.items():
            text = io.StringIO()
            writer = csv.writer(text)
            writer.writerow(columns)
            writer.writerows(["" if cell is None else cell for cell in row] for row in rows)
            archive.writestr(zipfile.ZipInfo(name, _FIXED), text.getvalue(), zipfile.ZIP_DEFLATED)
    return content.getvalue()
