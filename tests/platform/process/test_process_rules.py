"""Delays and allowances."""

from __future__ import annotations

import pytest

from kamhub.platform.process.rules import Backoff, stop_allowance


def test_delays_double_up_to_a_ceiling() -> None:
    backoff, delay, delays = Backoff(), 0.0, []
    for _ in range(7):
        delay = backoff.next_delay(delay, ran_for=1.0)
        delays.append(delay)
    assert delays == [0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0]


def test_a_healthy_run_forgets_the_past() -> None:
    assert Backoff().next_delay(5.0, ran_for=30.0) == 0.2
    assert Backoff().next_delay(5.0, ran_for=29.9) == 5.0


@pytest.mark.parametrize(
    ("grace", "waiting", "left", "hurried", "expected"),
    [
        (10, [], 25, False, 10),
        (10, [10], 8, False, 7),
        (10, [10, 0.5], 5, False, 3.5),
        (10, [10, 10], 1, False, 0),
        (10, [], 25, True, 1),
        (0.5, [], 25, True, 0.5),
    ],
)
def test_allowance(grace: float, waiting: list[float], left: float, *, hurried: bool, expected: float) -> None:
    assert stop_allowance(grace, waiting, left, hurried=hurried) == expected
