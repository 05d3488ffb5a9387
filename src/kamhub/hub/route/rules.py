"""Pure decisions about routes."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from kamhub.hub.route.types import LAST_MINUTE, MOST_STOPS, StopWanted
from kamhub.kit.text import mark
from kamhub.platform.web.problems import FieldError, InputInvalid

_TOO_FEW = mark("A route needs two stops at least.")
_TOO_MANY = mark("A route has 51 stops at most.")
_FIRST = mark("The first stop is at minute 0.")
_LATER = mark("Later than the stop before, please.")
_TOO_LATE = mark("A route lasts two weeks at most.")
_TWICE = mark("The route stops here already.")


def faults(stops: Sequence[StopWanted]) -> list[FieldError]:
    """What is wrong with these stops, none when a route may have them.

    From 2 to 51, the first at minute 0, each later than the one before, every place once.
    """
    found: list[FieldError] = []
    if len(stops) < 2:
        found.append(FieldError("stops", _TOO_FEW, "too_short"))
    if len(stops) > MOST_STOPS:
        found.append(FieldError("stops", _TOO_MANY, "too_long"))
    if stops and stops[0].offset_minutes != 0:
        found.append(FieldError("stops.0.offset_minutes", _FIRST, "first_offset"))
    for number, (before, after) in enumerate(pairwise(stops), start=1):
        if after.offset_minutes <= before.offset_minutes:
            found.append(FieldError(f"stops.{number}.offset_minutes", _LATER, "not_later"))
    if stops and stops[-1].offset_minutes > LAST_MINUTE:
        found.append(FieldError(f"stops.{len(stops) - 1}.offset_minutes", _TOO_LATE, "too_late"))
    seen = set()
    for number, stop in enumerate(stops):
        if stop.place_id in seen:
            found.append(FieldError(f"stops.{number}.place_id", _TWICE, "place_twice"))
        seen.add(stop.place_id)
    return found


def require_sound(stops: Sequence[StopWanted]) -> None:
    """Raise ``InputInvalid`` for stops that a route may not have."""
    if found := faults(stops):
        raise InputInvalid(found)
