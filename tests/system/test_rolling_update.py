"""Everything is replaced while people buy, as Compose replaces it, behind the proxy with the file of production."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
import redis

from tests.system.house import House
from tests.system.rolling import EVERYTHING, roll

pytestmark = pytest.mark.timeout(240)


def test_an_update_fails_no_request_and_loses_no_job(root: Path) -> None:
    with House(root / "rolling") as house:
        for hidden in ("/metrics", "/health/ready"):
            assert httpx.get(f"{house.url}{hidden}").status_code == 404
        with pytest.raises(redis.AuthenticationError):
            redis.Redis.from_url(house.slots["web-1"].settings["redis_url"].replace("apassword", "")).ping()
        result, answers = roll(house, rate=20, turns=EVERYTHING[:1])
        result.assert_clean(answers_within=240)
        assert result.kills == 2
        assert len(answers.booked) >= 3
        assert set(answers.statuses) == {200, 201}
