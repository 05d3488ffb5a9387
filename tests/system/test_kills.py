"""kill -9 of every process of the product, small: `make soak` does the same often and under more load."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.system import scenarios, weather
from tests.system.load import open_market
from tests.system.product import Product

# Here other tests share the machine; the promise of ten seconds is held against a machine of its own by the soak.
BUSY = 25.0

pytestmark = pytest.mark.timeout(240)


def test_no_hold_is_lost_or_doubled_when_the_web_process_is_killed(product: Product) -> None:
    scenarios.kill_part_under_load(product, open_market(product), "web", 2).assert_clean(answers_within=BUSY)


def test_no_hold_is_lost_or_doubled_when_the_database_is_killed(product: Product) -> None:
    market = open_market(product)
    # The server is back so soon that sometimes no caller meets the gap: then the kill has shown nothing, and there is another.
    for _ in range(6):
        result = scenarios.kill_part_under_load(product, market, "postgres", 1)
        result.assert_clean(answers_within=BUSY)
        if result.refused_503:
            break
    assert result.refused_503 > 0
    scenarios.kill_backend_under_load(product, market, 1).assert_clean(answers_within=BUSY)


def test_every_mail_and_refund_happens_once_when_the_worker_is_killed(product: Product) -> None:
    scenarios.kill_worker_under_mail(product, travellers=6, times=1).assert_clean(answers_within=BUSY)


def test_a_weather_day_settles_and_tells_everybody_once_although_the_worker_is_killed(product: Product) -> None:
    weather.call_off(product, departures=4, each=10, kills=1).assert_clean(answers_within=120)


def test_up_can_be_killed_and_stopped_under_load_and_started_again_beside_another(product: Product, root: Path) -> None:
    with Product(root / "stopped") as other:
        market = open_market(other)
        scenarios.kill_up_under_load(other, market, 1).assert_clean(answers_within=60)
        scenarios.stop_up_under_load(other, market).assert_clean(answers_within=30)
        assert (other.is_ready(), product.is_ready()) == (True, True)
