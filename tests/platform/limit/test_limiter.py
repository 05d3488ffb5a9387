"""Counting: in memory, and in a real Redis shared by processes."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
import structlog
from limits import parse
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import FixedWindowRateLimiter, RateLimiter

from kamhub.platform.limit.limiter import Limiter
from kamhub.platform.limit.metrics import limiter_families
from kamhub.platform.limit.types import Allowance, LimiterUnavailable, RateLimited
from kamhub.platform.monitoring.meters import text_of

if TYPE_CHECKING:
    from tests.platform.limit.conftest import Valkey

HUNDRED = {"api": "100/minute"}
# One process of a fleet: 150 calls at once, prints how many passed.
CALLER = """
import asyncio, sys
from kamhub.platform.limit.limiter import Limiter
from kamhub.platform.limit.types import Allowance

async def main():
    limiter = Limiter(sys.argv[1], {"api": "100/minute"})
    answers = await asyncio.gather(*(limiter.hit("api", "/x", "address:1") for _ in range(150)), return_exceptions=True)
    print(sum(isinstance(answer, Allowance) for answer in answers))

asyncio.run(main())
"""


async def outcomes(limiter: Limiter, count: int, preset: str = "api", caller: str = "address:1") -> int:
    answers = await asyncio.gather(*(limiter.hit(preset, "/x", caller) for _ in range(count)), return_exceptions=True)
    assert all(isinstance(answer, Allowance | RateLimited) for answer in answers)
    return sum(isinstance(answer, Allowance) for answer in answers)


async def test_in_memory_exactly_as_many_pass_as_are_allowed() -> None:
    assert await outcomes(Limiter(None, HUNDRED), 300) == 100


async def test_callers_routes_and_presets_are_counted_apart() -> None:
    limiter = Limiter(None, {"creation": "2/minute", "hold": "2/minute"})
    assert await outcomes(limiter, 5, "creation") == 2
    assert await outcomes(limiter, 5, "creation", "address:2") == 2
    assert await outcomes(limiter, 5, "hold") == 2
    assert isinstance(await limiter.hit("hold", "/y", "address:1"), Allowance)


async def test_a_refusal_says_when_to_come_back() -> None:
    limiter = Limiter(None, {"creation": "1/minute"})
    first = await limiter.hit("creation", "/x", "address:1")
    assert (first.limit, first.window, first.remaining) == (1, 60, 0)
    with pytest.raises(RateLimited) as refused:
        await limiter.hit("creation", "/x", "address:1")
    assert 1 <= int(refused.value.headers["Retry-After"]) <= 60
    assert refused.value.headers["ratelimit-policy"] == "1;w=60"
    assert refused.value.headers["ratelimit-remaining"] == "0"


async def test_decisions_are_counted_and_told_by_preset() -> None:
    limiter = Limiter(None, {"creation": "2/minute"})
    for caller in ("address:1", "address:2", "address:1"):
        await limiter.hit("creation", "/x", caller)
    with pytest.raises(RateLimited):
        await limiter.hit("creation", "/x", "address:1")
    lines = text_of(limiter_families(limiter)).decode().splitlines()
    assert 'kamhub_limiter_decisions_total{decision="allowed",preset="creation"} 3.0' in lines
    assert 'kamhub_limiter_decisions_total{decision="refused",preset="creation"} 1.0' in lines
    assert 'kamhub_limiter_decisions_total{decision="refused",preset="page"} 0.0' in lines
    assert 'kamhub_limiter_outages_total{preset="authentication"} 0.0' in lines
    assert "address" not in "".join(lines)


def test_without_limits_the_names_are_told() -> None:
    assert [family.name for family in limiter_families(None)] == ["kamhub_limiter_decisions", "kamhub_limiter_outages"]


async def test_two_processes_on_one_redis_let_exactly_as_many_pass(valkey: Valkey) -> None:
    running = [
        subprocess.Popen([sys.executable, "-c", CALLER, valkey.url], stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    assert sum(int(process.communicate(timeout=60)[0]) for process in running) == 100


async def test_a_restart_of_the_program_does_not_reset_the_count(valkey: Valkey) -> None:
    assert await outcomes(Limiter(valkey.url, HUNDRED), 90) == 90
    assert await outcomes(Limiter(valkey.url, HUNDRED), 90) == 10


async def test_without_its_store_sign_in_closes_and_the_rest_stays_open(valkey: Valkey) -> None:
    limiter = Limiter(valkey.url)
    assert await limiter.ping()
    valkey.stop()
    with structlog.testing.capture_logs() as written:
        with pytest.raises(LimiterUnavailable):
            await limiter.hit("authentication", "/x", "address:1")
        assert (await limiter.hit("api", "/x", "address:1")).remaining == 100
        with pytest.raises(LimiterUnavailable):
            await limiter.hit("account", "/x", "person:1")
    assert limiter.outages == {"authentication": 1, "api": 1, "account": 1}
    assert [line["preset"] for line in written if line["log_level"] == "warning"] == list(limiter.outages)
    assert not await limiter.ping()


class Clock:
    """The time of the library's memory store."""

    now = 1_800_000_000.0

    def time(self) -> float:
        return self.now


async def let_through_at_the_border(strategy: RateLimiter, clock: Clock) -> int:
    """Of a window of 10 s with 4 calls: one at its start, then as many as go, just before its end and just after."""
    clock.now, item = Clock.now, parse("4/10 seconds")
    await strategy.hit(item, "x")
    passed = 0
    for moment in (9.5, 10.5):
        clock.now = Clock.now + moment
        passed += sum([await strategy.hit(item, "x") for _ in range(10)])
    return passed


async def test_the_window_slides(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    monkeypatch.setattr("time.time", clock.time)
    # The control: a window that only starts anew lets nearly twice as many through within a second.
    assert await let_through_at_the_border(FixedWindowRateLimiter(MemoryStorage()), clock) == 7
    # Of ours only the very first call has left the window by then.
    assert await let_through_at_the_border(Limiter(None)._strategy, clock) == 4


async def test_no_stretch_as_long_as_the_window_holds_more_than_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    monkeypatch.setattr("time.time", clock.time)
    limiter = Limiter(None, {"authentication": "5/15 minutes"})
    let_in = []
    for second in range(0, 4 * 900, 7):
        clock.now = Clock.now + second
        if await outcomes(limiter, 1, "authentication"):
            let_in.append(second)
    assert all(later - earlier >= 900 for earlier, later in zip(let_in, let_in[5:], strict=False))
    assert len(let_in) == 20  # and none is kept waiting longer than the window


async def test_the_window_slides_in_the_shared_store_too(valkey: Valkey) -> None:
    limiter = Limiter(valkey.url, {"api": "4/2 seconds"})
    time = asyncio.get_running_loop().time
    let_in: list[tuple[float, float]] = []
    give_up = time() + 60
    while len(let_in) < 13 and time() < give_up:
        asked = time()
        if await outcomes(limiter, 1):
            let_in.append((asked, time()))
    # Between two that are five apart lies a window; the counted moment is somewhere between question and answer.
    gaps = [later[1] - earlier[0] for earlier, later in zip(let_in, let_in[4:], strict=False)]
    assert len(gaps) == 9
    assert min(gaps) >= 2


async def test_a_caller_who_comes_back_when_told_is_let_in(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    monkeypatch.setattr("time.time", clock.time)
    limiter = Limiter(None, {"creation": "2/minute"})
    assert await outcomes(limiter, 2, "creation") == 2
    clock.now += 20
    with pytest.raises(RateLimited) as refused:
        await limiter.hit("creation", "/x", "address:1")
    wait = int(refused.value.headers["Retry-After"])
    assert wait == 40
    clock.now += wait - 1
    assert await outcomes(limiter, 1, "creation") == 0
    clock.now += 2
    assert await outcomes(limiter, 1, "creation") == 1
