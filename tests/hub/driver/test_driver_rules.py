"""Working hours of drivers."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kamhub.hub.driver.rules import require_whole_hours, works_then
from kamhub.hub.driver.types import DriverFacts
from kamhub.platform.web.problems import InputInvalid

EIGHT, TEN = time(8), time(22)
KAMCHATKA = ZoneInfo("Asia/Kamchatka")


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


@pytest.mark.parametrize(
    ("start", "hours", "works_from", "works_to", "works"),
    [
        (8, 2, time(8), time(10), True),
        (8, 3, time(8), time(10), False),
        (7, 1, time(8), time(20), False),
        (23, 3, time(22), time(6), True),  # past midnight
        (3, 2, time(22), time(6), True),
        (5, 2, time(22), time(6), False),
        (3, 2, None, None, True),
    ],
)
def test_a_driver_works_within_their_hours(
    start: int, hours: int, works_from: time | None, works_to: time | None, works: bool
) -> None:
    departs = datetime(2026, 11, 25, start, tzinfo=KAMCHATKA)
    assert works_then(works_from, works_to, departs, departs + timedelta(hours=hours), KAMCHATKA) is works


@settings(max_examples=50)
@given(st.times(), st.times(), st.times())
def test_the_day_and_the_night_are_the_whole_clock(begins: time, ends: time, at: time) -> None:
    moment = datetime.combine(date(2026, 11, 25), at, KAMCHATKA)
    if begins != ends and at not in (begins, ends):
        assert works_then(begins, ends, moment, moment, KAMCHATKA) is not works_then(
            ends, begins, moment, moment, KAMCHATKA
        )
