"""A table with one timetable a line.

Columns, in any order, named in the first line: ``route`` (the name of a route of ours, or any name when ``stops`` says
where it goes), ``stops`` (``slug:minutes`` with blanks between, for a new route), ``weekdays`` (``1234567`` or ``1 3 5``),
``times`` (``08:00 10:30``), ``from`` and ``to`` (``2026-12-31`` or ``31.12.2026``), ``vehicle`` (its plate), ``driver``
(their name), ``prices`` (``slug>slug=1500`` with blanks between, roubles). Comma, semicolon or tab; UTF-8 or Windows-1251.
"""

from __future__ import annotations

import csv
import io
import itertools
import re
from collections.abc import Mapping
from datetime import date, datetime, time

from kamhub.hub.timetable.exchange.types import (
    MOST_TIMETABLES,
    Feed,
    FeedFault,
    FeedPlace,
    FeedPrice,
    FeedRoute,
    FeedTimetable,
    FileUnreadable,
)
from kamhub.hub.timetable.rules import MOST_TIMES
from kamhub.hub.timetable.types import Pattern
from kamhub.kit.money import parse_major
from kamhub.kit.text import Names, clean_line, mark
from kamhub.platform.web.schemas import FIRST_DAY, LAST_DAY

COLUMNS = ("route", "stops", "weekdays", "times", "from", "to", "vehicle", "driver", "prices")
_NEEDED = ("route", "weekdays", "times", "from", "to")
_LONGEST_CELL = 2_000
_STOP = re.compile(r"([a-z0-9-]{1,100}):([0-9]{1,5})")
_PRICE = re.compile(r"([a-z0-9-]{1,100})>([a-z0-9-]{1,100})=([0-9]{1,9}(?:[.,][0-9]{1,2})?)")
_TIME = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])")

_EMPTY = mark("This column has to be filled in.")
_COLUMN_MISSING = mark("The first line has no column of this name.")
_WEEKDAYS = mark("Write weekdays as 1234567, 1 is Monday.")
_TIMES = mark("Write times such as 08:00 10:30, with blanks between them.")
_DATE = mark("Write dates as 2026-12-31 or 31.12.2026.")
_STOPS = mark("Write stops as place:minutes, the first at 0, later ones later.")
_PRICES = mark("Write prices as place>place=1500, with blanks between them.")
_TOO_MANY = mark("These are too many timetables for one file.")
_TOO_LONG = mark("This line is too long.")


def read(content: bytes) -> Feed:
    """The timetables of a table, and what could not be read, by line. Raises ``FileUnreadable``."""
    reader = csv.DictReader(io.StringIO(_text(content), newline=""), delimiter=_delimiter(content), strict=True)
    try:
        names = [clean_line(name or "").lower() for name in reader.fieldnames or ()]
    except csv.Error:
        raise FileUnreadable from None
    if "route" not in names and "times" not in names:
        raise FileUnreadable
    reader.fieldnames = names
    faults = [FeedFault("line 1", "column_missing", _COLUMN_MISSING, name) for name in _NEEDED if name not in names]
    timetables: list[FeedTimetable] = []
    routes: dict[str, FeedRoute] = {}
    try:
        for row in reader if not faults else ():
            source = f"line {reader.line_num}"
            if len(timetables) >= MOST_TIMETABLES:
                faults.append(FeedFault(source, "too_many", _TOO_MANY, str(MOST_TIMETABLES)))
                break
            _read_line(source, row, timetables, routes, faults)
    except csv.Error:
        raise FileUnreadable from None
    keys = [key for route in routes.values() for key, _ in route.stops]
    keys += [key for one in timetables for price in one.prices for key in (price.from_key, price.to_key)]
    places = {key: FeedPlace(key, Names(key, key)) for key in keys}
    return Feed("csv", None, places, routes, tuple(timetables), tuple(faults))


def _text(content: bytes) -> str:
    for encoding in ("utf-8-sig", "cp1251"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" not in text:
            return text
    raise FileUnreadable


def _delimiter(content: bytes) -> str:
    first = content.split(b"\n", 1)[0]
    return max((",", ";", "\t"), key=lambda mark_: first.count(mark_.encode()))


def _read_line(
    source: str,
    row: Mapping[str, object],
    timetables: list[FeedTimetable],
    routes: dict[str, FeedRoute],
    faults: list[FeedFault],
) -> None:
    cells = {name: clean_line(value) for name, value in row.items() if isinstance(value, str) and name in COLUMNS}
    if not any(cells.values()):
        return
    if any(len(value) > _LONGEST_CELL for value in cells.values()):
        faults.append(FeedFault(source, "too_long", _TOO_LONG))
        return
    found = [FeedFault(source, "missing", _EMPTY, name) for name in _NEEDED if not cells.get(name)]
    days, times = weekdays(cells.get("weekdays", "")), clock_times(cells.get("times", ""))
    since, until = day(cells.get("from", "")), day(cells.get("to", ""))
    stops, prices = _stops(cells.get("stops", "")), _prices(cells.get("prices", ""))
    for name, value, text in (
        ("weekdays", days, _WEEKDAYS), ("times", times, _TIMES), ("from", since, _DATE), ("to", until, _DATE),
        ("stops", stops, _STOPS), ("prices", prices, _PRICES),
    ):  # fmt: skip
        if value is None and cells.get(name):
            found.append(FeedFault(source, name, text, cells[name]))
    faults += found
    if found or days is None or times is None or since is None or until is None:
        return
    key = cells["route"].casefold() + ("|" + cells["stops"] if stops else "")
    routes.setdefault(key, FeedRoute(key, cells["route"], stops or ()))
    timetables.append(
        FeedTimetable(
            source, key, Pattern(days, times, since, until), (), prices or (), cells.get("vehicle") or None,
            cells.get("driver") or None,
        )
    )  # fmt: skip


def weekdays(text: str) -> tuple[int, ...] | None:
    """``1234567`` or ``1, 3, 5``; None for anything else."""
    digits = re.sub(r"[\s,]+", "", text)
    if not re.fullmatch(r"[1-7]{1,7}", digits):
        return None
    return tuple(sorted({int(digit) for digit in digits}))


def clock_times(text: str) -> tuple[time, ...] | None:
    """``8:00 10:30``, each once; None for anything else."""
    found = [_TIME.fullmatch(word) for word in re.split(r"[\s,]+", text.strip())]
    times = {time(int(one[1]), int(one[2])) for one in found if one is not None}
    return tuple(sorted(times)) if None not in found and len(times) <= MOST_TIMES else None


def day(text: str) -> date | None:
    """A date in either way of writing; None for anything else."""
    for shape in ("%Y-%m-%d", "%d.%m.%Y"):
        try:
            found = datetime.strptime(text, shape).date()  # noqa: DTZ007 - a date has no zone
        except ValueError:
            continue
        return found if FIRST_DAY <= found <= LAST_DAY else None
    return None


def _stops(text: str) -> tuple[tuple[str, int], ...] | None:
    found = [_STOP.fullmatch(word) for word in text.split()]
    stops = tuple((one[1], int(one[2])) for one in found if one is not None)
    minutes = [minute for _, minute in stops]
    sound = len(stops) > 1 and minutes[0] == 0 and all(a < b for a, b in itertools.pairwise(minutes))
    return stops if sound and None not in found else None


def _prices(text: str) -> tuple[FeedPrice, ...] | None:
    found = [_PRICE.fullmatch(word) for word in text.split()]
    if not found or None in found:
        return None
    return tuple(
        FeedPrice(one[1], one[2], parse_major(one[3].replace(",", "."), "RUB").amount)
        for one in found
        if one is not None
    )
