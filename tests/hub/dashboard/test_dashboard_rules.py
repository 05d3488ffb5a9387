"""Putting days together, and the geometry of their charts."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from kamhub.hub.dashboard.rules import LONGEST_DAYS, bars, gather, period
from kamhub.hub.dashboard.types import Made, Running

TODAY = date(2026, 11, 24)


def test_without_a_period_the_days_around_today() -> None:
    assert period(TODAY, None, None) == (date(2026, 11, 18), date(2026, 12, 1))


def test_a_period_with_one_end_is_two_weeks_long() -> None:
    assert period(TODAY, date(2026, 12, 1), None) == (date(2026, 12, 1), date(2026, 12, 14))
    assert period(TODAY, None, date(2026, 12, 14)) == (date(2026, 12, 1), date(2026, 12, 14))


def test_a_period_is_not_longer_than_a_season() -> None:
    first, last = period(TODAY, date(2020, 1, 1), TODAY)
    assert (last - first).days + 1 == LONGEST_DAYS


def test_days_on_which_nothing_was_are_there() -> None:
    found = gather(TODAY, TODAY + timedelta(days=2), {}, {}, "RUB")
    assert [day.date.day for day in found.days] == [24, 25, 26]
    assert (found.running.occupancy, found.made.conversion, found.sources) == (None, None, ())


def test_sums_and_sources() -> None:
    running = {TODAY: Running(2, 1, 30, 15), TODAY + timedelta(days=1): Running(1, 0, 10, 5)}
    made = {
        (TODAY, "page"): Made(4, 3, 2, 1, 500, 100),
        (TODAY, "staff"): Made(1, 1, 1, 0, 900, 0),
        (TODAY + timedelta(days=1), "page"): Made(6, 2, 1, 0, 300, 0),
    }
    found = gather(TODAY, TODAY + timedelta(days=1), running, made, "RUB")  # type: ignore[arg-type]
    assert found.running == Running(3, 1, 40, 20)
    assert found.running.occupancy == 0.5
    assert found.made == Made(11, 6, 4, 1, 1700, 100)
    assert found.days[0].made == Made(5, 4, 3, 1, 1400, 100)
    assert found.sources == (("staff", Made(1, 1, 1, 0, 900, 0)), ("page", Made(10, 5, 3, 1, 800, 100)))


@given(st.lists(st.integers(0, 10**12), max_size=92), st.sampled_from([None, 1, 10**12]))
def test_bars_stay_in_the_picture_and_keep_their_order(values: list[int], highest: int | None) -> None:
    found = bars(values, width=640, height=120, highest=highest)
    assert len(found) == len(values)
    for bar in found:
        assert bar.x >= 0
        assert bar.x + bar.width <= 640.01
        assert 0 <= bar.y <= 120
        assert bar.y + bar.height == 120 or abs(bar.y + bar.height - 120) < 0.02
    assert [bar.x for bar in found] == sorted(bar.x for bar in found)
    assert all(bar.height == 0 for bar, value in zip(found, values, strict=True) if value == 0)
