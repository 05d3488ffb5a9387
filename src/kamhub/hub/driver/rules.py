"""Pure decisions about drivers."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from kamhub.hub.driver.types import DriverFacts
from kamhub.kit.text import mark
from kamhub.platform.web.problems import FieldError, InputInvalid

_HALF = mark("Write both hours, or none.")
_EMPTY = mark("These hours are empty: the day ends when it begins.")


def require_whole_hours(facts: DriverFacts) -> None:
    """Raise ``InputInvalid`` for hours without an end or a beginning, and for those that last no time."""
    if (facts.works_from is None) is not (facts.works_to is None):
        missing = "works_from" if facts.works_from is None else "works_to"
        raise InputInvalid([FieldError(missing, _HALF, "hours_half")])
    if facts.works_from is not None and facts.works_from == facts.works_to:
        raise InputInvalid([FieldError("works_to", _EMPTY, "hours_empty")])


def works_then(
    works_from: time | None, works_to: time | None, starts_at: datetime, ends_at: datetime, zone: ZoneInfo
) -> bool:
    """Whether the whole way lies within a driver's hours on the clock of that zone. They may run past midnight; without
    hours always."""
    if works_from is None or works_to is None:
        return True
    start, end = starts_at.astimezone(zone), ends_at.astimezone(zone)
    for day in (start.date(), start.date() - timedelta(days=1)):
        begins = datetime.combine(day, works_from, zone)
        ends = datetime.combine(day if works_from < works_to else day + timedelta(days=1), works_to, zone)
        if begins <= start and end <= ends:
            return True
    return False
