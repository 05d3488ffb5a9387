"""Working hours of drivers."""

from __future__ import annotations

from datetime import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kamhub.hub.driver.rules import require_whole_hours, works_at
from kamhub.hub.driver.types import DriverFacts
from kamhub.platform.web.problems import InputInvalid

EIGHT, TEN = time(8), time(22)


def facts(begins: time | None, ends: time | None) -> DriverFacts:
    return DriverFacts("Иван", "+79140000000", works_from=begins, works_to=ends)


@pytest.mark.parametrize(
    ("begins", "ends", "field"),
    [(EIGHT, None, "works_to"), (None, EIGHT, "works_from"), (EIGHT, EIGHT, "works_to")],
)
def test_hours_that_are_not_whole(begins: time | None, ends: time | None, field: str) -> None:
    with pytest.raises(InputInvalid) as refused:
        require_whole_hours(facts(begins, ends))
    assert [fault.field for fault in refused.value.faults] == [field]


def test_hours_that_are() -> None:
    for begins, ends in ((None, None), (EIGHT, TEN), (TEN, EIGHT)):
        require_whole_hours(facts(begins, ends))


def test_by_example() -> None:
    assert works_at(facts(None, None), time(3))
    day, night = facts(EIGHT, TEN), facts(TEN, EIGHT)
    assert [works_at(day, at) for at in (time(7, 59), EIGHT, time(21, 59), TEN)] == [False, True, True, False]
    assert [works_at(night, at) for at in (time(7, 59), EIGHT, time(21, 59), TEN)] == [True, False, False, True]


@settings(max_examples=50)
@given(st.times(), st.times(), st.times())
def test_the_day_and_the_night_are_the_whole_clock(begins: time, ends: time, at: time) -> None:
    if begins != ends:
        assert works_at(facts(begins, ends), at) is not works_at(facts(ends, begins), at)
