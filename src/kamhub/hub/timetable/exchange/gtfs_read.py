"""Reading a GTFS feed: its files by py-gtfs-loader, then trips that differ in nothing but their time are one timetable.

What the product has no word for (frequencies, shapes, transfers, accessibility) is passed over; what would change the
meaning is told as a fault. Prices come from ``fare_attributes.txt`` and ``fare_rules.txt`` (GTFS-Fares V1).
"""

from __future__ import annotations

import csv
import io
import itertools
import tempfile
import zipfile
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time, timedelta
from pathlib import Path
from typing import Any

import gtfs_loader  # type: ignore[import-untyped]

from kamhub.hub.timetable.exchange.types import (
    MOST_STOP_TIMES,
    MOST_TIMETABLES,
    MOST_UNPACKED,
    Feed,
    FeedFault,
    FeedPlace,
    FeedPrice,
    FeedRoute,
    FeedTimetable,
    FileUnreadable,
)
from kamhub.hub.timetable.rules import MOST_TIMES
from kamhub.hub.timetable.types import DayException, Pattern
from kamhub.kit.money import parse_major
from kamhub.kit.text import Names, clean_line, mark
from kamhub.platform.web.schemas import FIRST_DAY, LAST_DAY

_CORE = ("agency.txt", "stops.txt", "routes.txt", "trips.txt", "stop_times.txt", "calendar.txt", "calendar_dates.txt")
_FARES = ("fare_attributes.txt", "fare_rules.txt")
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
# The loader unpacks such a file by itself, and without a bound.
_ZSTANDARD = b"\x28\xb5\x2f\xfd"
_DAY_SECONDS = 86_400
_LONGEST_SEASON = timedelta(days=730)

_UNREADABLE = mark("The feed breaks the rules of GTFS.")
_NO_TIME = mark("This trip has a stop without a time.")
_NOT_FORWARD = mark("This trip does not go forward in whole minutes, or stops twice at a place.")
_AFTER_MIDNIGHT = mark("This trip begins after midnight of its service day.")
_NO_SERVICE = mark("This trip runs on no day.")
_TOO_MANY = mark("These are too many timetables for one file.")
_TOO_MANY_TIMES = mark("This timetable has too many departures a day.")
_FREQUENCIES = mark("Trips by frequency are not read: give each its time.")


@dataclass(frozen=True, slots=True)
class _Line:
    """What trips of one timetable have in common."""

    route_id: str
    service_id: str
    block_id: str
    stops: tuple[tuple[str, int], ...]


def read(content: bytes) -> Feed:
    """The timetables of a feed, and what could not be read. Takes a second for a large one: call it in a thread.

    Raises ``FileUnreadable`` for what is no feed, or a larger one than is taken.
    """
    files = _unpack(content)
    try:
        with tempfile.TemporaryDirectory(prefix="kamhub-gtfs-") as folder:
            for name in _CORE:
                if name in files:
                    (Path(folder) / name).write_bytes(files[name])
            feed = gtfs_loader.load(folder, verbose=False)
    except gtfs_loader.ParseError as error:
        return Feed("gtfs", faults=(FeedFault("feed", "invalid", _UNREADABLE, clean_line(str(error))[:200]),))
    except (KeyError, ValueError, TypeError, AttributeError, csv.Error):
        raise FileUnreadable from None
    return _interpret(feed, files)


def _unpack(content: bytes) -> dict[str, bytes]:
    """The files of interest. Raises ``FileUnreadable``, also for more than is taken when unpacked."""
    found: dict[str, bytes] = {}
    left = MOST_UNPACKED
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for entry in archive.infolist():
                name = entry.filename.rsplit("/", 1)[-1]
                if name not in (*_CORE, *_FARES, "frequencies.txt") or name in found:
                    continue
                with archive.open(entry) as packed:  # bounded by what comes out, not by what the entry says of itself
                    found[name] = packed.read(left + 1)
                left -= len(found[name])
                if left < 0 or found[name].startswith(_ZSTANDARD):
                    raise FileUnreadable
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError, ValueError):
        raise FileUnreadable from None
    if found.get("stop_times.txt", b"").count(b"\n") > MOST_STOP_TIMES:
        raise FileUnreadable
    return found


def _interpret(feed: Any, files: Mapping[str, bytes]) -> Feed:
    faults: list[FeedFault] = []
    if files.get("frequencies.txt", b"").strip().count(b"\n"):
        faults.append(FeedFault("frequencies.txt", "frequencies", _FREQUENCIES))
    lines: dict[_Line, set[time]] = defaultdict(set)
    for trip_id, trip in feed.trips.items():
        told = _line(trip_id, trip, feed.stop_times.get(trip_id, []), feed.stops)
        if isinstance(told, FeedFault):
            faults.append(told)
        else:
            lines[told[0]].add(told[1])
    fares = _fares(files)
    routes: dict[str, FeedRoute] = {}
    timetables: list[FeedTimetable] = []
    for line, times in lines.items():
        key = line.route_id + "|" + " ".join(f"{stop}:{minute}" for stop, minute in line.stops)
        routes.setdefault(key, FeedRoute(key, _route_name(feed, line.route_id), line.stops))
        timetable = _timetable(feed, line, key, times, fares, faults)
        if timetable is not None:
            timetables.append(timetable)
    if len(timetables) > MOST_TIMETABLES:
        faults.append(FeedFault("feed", "too_many", _TOO_MANY, str(MOST_TIMETABLES)))
    used = {stop for route in routes.values() for stop, _ in route.stops}
    zone = next((agency.agency_timezone for agency in feed.agency.values()), None)
    places = {stop_id: _place(stop_id, feed.stops[stop_id]) for stop_id in sorted(used)}
    return Feed("gtfs", zone, places, routes, tuple(timetables[:MOST_TIMETABLES]), tuple(faults[:MOST_TIMETABLES]))


def _line(
    trip_id: str, trip: Any, stop_times: Sequence[Any], stops: Mapping[str, Any]
) -> tuple[_Line, time] | FeedFault:
    """What a trip runs on and when it leaves, or what is wrong with it."""
    source = f"trip {trip_id}"[:100]
    if len(stop_times) < 2 or any(int(one.departure_time) < 0 and int(one.arrival_time) < 0 for one in stop_times):
        return FeedFault(source, "no_time", _NO_TIME)
    first = int(stop_times[0].departure_time)
    first = first if first >= 0 else int(stop_times[0].arrival_time)
    if first >= _DAY_SECONDS:
        return FeedFault(source, "after_midnight", _AFTER_MIDNIGHT)
    calls = [(str(stop_times[0].stop_id), 0)]
    for one in stop_times[1:]:
        at = int(one.arrival_time) if int(one.arrival_time) >= 0 else int(one.departure_time)
        calls.append((str(one.stop_id), (at - first) // 60))
    places = [stop for stop, _ in calls]
    minutes = [minute for _, minute in calls]
    forward = all(a < b for a, b in itertools.pairwise(minutes))
    if not forward or len(set(places)) < len(places) or not set(places) <= stops.keys() or len(calls) > 51:
        return FeedFault(source, "not_forward", _NOT_FORWARD)
    leaves = time(first // 3600, first % 3600 // 60)
    return _Line(str(trip.route_id), str(trip.service_id), str(trip.block_id), tuple(calls)), leaves


def _timetable(
    feed: Any,
    line: _Line,
    key: str,
    times: set[time],
    fares: Mapping[str, list[FeedPrice]],
    faults: list[FeedFault],
) -> FeedTimetable | None:
    source = f"service {line.service_id}"[:100]
    if len(times) > MOST_TIMES:
        faults.append(FeedFault(source, "too_many_times", _TOO_MANY_TIMES, str(MOST_TIMES)))
        return None
    clock = tuple(sorted(times))
    season = _season(feed, line.service_id, clock)
    if season is None:
        faults.append(FeedFault(source, "no_service", _NO_SERVICE))
        return None
    pattern, exceptions = season
    zones = {stop: str(feed.stops[stop].__dict__.get("zone_id", "") or stop) for stop, _ in line.stops}
    prices = tuple(_priced(fares.get(line.route_id, []) + fares.get("", []), zones))
    return FeedTimetable(source, key, pattern, exceptions, prices, clean_line(line.block_id) or None)


def _season(feed: Any, service_id: str, times: tuple[time, ...]) -> tuple[Pattern, tuple[DayException, ...]] | None:
    """The pattern of a service and its exceptions. One of dates alone is a pattern of their weekdays with the rest left out."""
    changes = {one.date.date(): int(one.exception_type) for one in feed.calendar_dates.get(service_id, [])}
    added = sorted(day for day, kind in changes.items() if kind == 1)
    row = feed.calendar.get(service_id)
    ends = [row.start_date.date(), row.end_date.date()] if row is not None else []
    if any(not FIRST_DAY <= day <= LAST_DAY for day in (*changes, *ends)):
        return None
    weekdays = () if row is None else tuple(n for n, name in enumerate(_WEEKDAYS, 1) if row[name])
    if row is None or not weekdays:
        return _of_dates(added, times)
    first, last = row.start_date.date(), row.end_date.date()
    first, last = min([first, *added]), max([last, *added])
    last = min(last, first + _LONGEST_SEASON)
    exceptions = []
    for day in sorted(
        {
            *changes,
            *_between(first, row.start_date.date()),
            *_between(row.end_date.date(), last + timedelta(days=1), skip=1),
        }
    ):
        inside = row.start_date.date() <= day <= row.end_date.date()
        if changes.get(day) == 1:
            if not inside or day.isoweekday() not in weekdays:
                exceptions.append(DayException(day, times))
        elif day.isoweekday() in weekdays and (changes.get(day) or not inside):
            exceptions.append(DayException(day, ()))
    return Pattern(weekdays, times, first, last), tuple(one for one in exceptions if first <= one.on_date <= last)


def _between(first: date, last: date, skip: int = 0) -> list[date]:
    return [first + timedelta(days=n) for n in range(skip, (last - first).days)]


def _of_dates(days: Sequence[date], times: tuple[time, ...]) -> tuple[Pattern, tuple[DayException, ...]] | None:
    if not days:
        return None
    first, last = days[0], min(days[-1], days[0] + _LONGEST_SEASON)
    weekdays = tuple(sorted({day.isoweekday() for day in days}))
    runs = set(days)
    off = [day for day in _between(first, last + timedelta(days=1)) if day.isoweekday() in weekdays and day not in runs]
    return Pattern(weekdays, times, first, last), tuple(DayException(day, ()) for day in off)


def _route_name(feed: Any, route_id: str) -> str:
    route = feed.routes.get(route_id)
    names = (route.route_short_name, route.route_long_name) if route is not None else ()
    return clean_line(" ".join(name for name in names if name))[:100] or route_id[:100]


def _place(stop_id: str, stop: Any) -> FeedPlace:
    name = clean_line(str(stop.__dict__.get("stop_name", "")))[:100] or stop_id
    return FeedPlace(stop_id, Names(name, name), stop.stop_lat, stop.stop_lon)


def _fares(files: Mapping[str, bytes]) -> dict[str, list[FeedPrice]]:
    """Prices in roubles between zones, by route; under an empty name those of every route."""
    amounts: dict[str, int] = {}
    for row in _rows(files.get("fare_attributes.txt", b"")):
        try:
            if row.get("currency_type") == "RUB":
                amounts[row.get("fare_id", "")] = parse_major(row.get("price", ""), "RUB").amount
        except ValueError:
            continue
    found: dict[str, list[FeedPrice]] = defaultdict(list)
    for row in _rows(files.get("fare_rules.txt", b"")):
        ends = (row.get("origin_id", ""), row.get("destination_id", ""))
        if row.get("fare_id") in amounts and all(ends):
            found[row.get("route_id", "")].append(FeedPrice(*ends, amounts[row["fare_id"]]))
    return found


def _rows(content: bytes) -> list[dict[str, str]]:
    reader = csv.DictReader(io.StringIO(content.decode("utf-8-sig", "replace"), newline=""))
    return [{str(name): value for name, value in row.items() if isinstance(value, str)} for row in reader]


def _priced(fares: Iterable[FeedPrice], zones: Mapping[str, str]) -> Iterable[FeedPrice]:
    """The fares that are between stops of this line, each pair once."""
    stops = list(zones)
    told = {(one.from_key, one.to_key): one.amount for one in reversed(list(fares))}
    for index, start in enumerate(stops):
        for end in stops[index + 1 :]:
            if (amount := told.get((zones[start], zones[end]))) is not None:
                yield FeedPrice(start, end, amount)
