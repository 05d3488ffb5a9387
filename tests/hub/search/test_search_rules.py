"""Days as clocks show them, and words typed on the wrong keyboard."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kamhub.hub.search.rules import day_bounds, spellings


def test_a_day_begins_where_the_place_is() -> None:
    start, end = day_bounds(date(2026, 11, 24), "Asia/Kamchatka")
    assert (start, end) == (datetime(2026, 11, 23, 12, tzinfo=UTC), datetime(2026, 11, 24, 12, tzinfo=UTC))


@pytest.mark.parametrize(("day", "hours"), [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25), (date(2026, 6, 1), 24)])
def test_a_day_of_changing_clocks_has_its_own_length(day: date, hours: int) -> None:
    start, end = day_bounds(day, "Europe/Berlin")
    assert end - start == timedelta(hours=hours)


@given(st.dates(date(2000, 1, 1), date(2100, 1, 1)), st.sampled_from(["Asia/Kamchatka", "Europe/Berlin", "UTC"]))
def test_days_meet_without_gap(day: date, zone: str) -> None:
    assert day_bounds(day, zone)[1] == day_bounds(day + timedelta(days=1), zone)[0]


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("gfhfneyrf", "паратунка"),
        ("зфкфегтлф", "paratunka"),
        ("  ПАРАТУНКА  озеро ", "паратунка озеро"),
        ("Ёлка", "елка"),
        ("`krf", "елка"),
    ],
)
def test_the_word_that_was_meant_is_among_them(typed: str, meant: str) -> None:
    assert meant in spellings(typed)


@given(st.text(max_size=100))
def test_spellings_are_few_and_different(text: str) -> None:
    found = spellings(text)
    assert 1 <= len(found) <= 3
    assert len(set(found)) == len(found)
