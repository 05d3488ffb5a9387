"""Pure decisions about drivers."""

from __future__ import annotations

from datetime import time

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


def works_at(facts: DriverFacts, at: time) -> bool:
    """Whether that time of the clock is within the working hours; always without hours. The night of 22:00 to 06:00 counts
    as one stretch."""
    begins, ends = facts.works_from, facts.works_to
    if begins is None or ends is None:
        return True
    return begins <= at < ends if begins < ends else at >= begins or at < ends
