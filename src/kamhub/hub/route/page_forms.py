"""The form of a route on its page: rows that can be added, moved and taken out without a script."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated

from pydantic import Field

from kamhub.hub.route.forms import RouteForm, RouteName, Stops
from kamhub.hub.route.types import MOST_STOPS, Route
from kamhub.platform.web.schemas import Form, Version

_FIELD = re.compile(r"stops\.([0-9]{1,3})\.(place_id|offset_minutes)")
_STEP = re.compile(r"(remove|up|down)-([0-9]{1,3})")
SAVE = "save"


class RouteEditForm(Form):
    """The whole route as its page sends it, with the version the page was made from; without stops they stay."""

    name: RouteName
    stops: Annotated[Stops | None, Field()] = None
    version: Version


@dataclass(frozen=True, slots=True)
class Row:
    """A stop as it is typed."""

    place_id: str = ""
    minutes: str = ""

    @property
    def blank(self) -> bool:
        """Whether nothing was typed into it."""
        return not self.place_id.strip() and not self.minutes.strip()


def rows_of(route: Route) -> list[Row]:
    """The stops there are, as they would be typed."""
    return [Row(str(stop.place_id), str(stop.offset_minutes)) for stop in route.stops]


def sent_rows(sent: Mapping[str, object]) -> list[Row]:
    """The rows of a form in their order; at most one more than a route may have."""
    found: dict[int, Row] = {}
    for name, value in sent.items():
        if field := _FIELD.fullmatch(name):
            number, row = int(field[1]), found.get(int(field[1]), Row())
            text = str(value)
            found[number] = replace(row, place_id=text) if field[2] == "place_id" else replace(row, minutes=text)
    return [found[number] for number in sorted(found)][: MOST_STOPS + 1]


def after_step(rows: Sequence[Row], step: str) -> list[Row]:
    """The rows once a button beside them was pressed: ``add``, ``remove-2``, ``up-2``, ``down-2``.

    What moves is the place; the minutes belong to the position. A route always begins at minute 0.
    """
    found = list(rows)
    if step == "add" and len(found) < MOST_STOPS:
        found.append(Row())
    elif told := _STEP.fullmatch(step):
        found = _stepped(found, told[1], int(told[2]))
    return found


def _stepped(rows: list[Row], what: str, number: int) -> list[Row]:
    if number >= len(rows):
        return rows
    if what == "remove":
        return _from_zero(rows[:number] + rows[number + 1 :])
    other = number - 1 if what == "up" else number + 1
    if 0 <= other < len(rows):
        here, there = rows[number], rows[other]
        rows[number], rows[other] = replace(here, place_id=there.place_id), replace(there, place_id=here.place_id)
    return rows


def _from_zero(rows: list[Row]) -> list[Row]:
    """The same with the first row at minute 0, the others as long after it as they were."""
    if not rows or not rows[0].minutes.isdecimal():
        return rows
    first = int(rows[0].minutes)
    return [replace(row, minutes=str(int(row.minutes) - first)) if row.minutes.isdecimal() else row for row in rows]


def as_body(name: str, rows: Sequence[Row]) -> dict[str, object]:
    """The same as a program would send it; rows in which nothing was typed are left out."""
    stops = [{"place_id": row.place_id.strip(), "offset_minutes": row.minutes} for row in rows if not row.blank]
    return {"name": name, "stops": stops}


def wanted(name: str, rows: Sequence[Row]) -> RouteForm:
    """The route that was typed. Raises ``ValidationError``."""
    return RouteForm.model_validate(as_body(name, rows))
