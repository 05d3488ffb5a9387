"""Counting: in memory, and in a real Redis shared by processes."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from kamhub.platform.limit.limiter import Limiter
from kamhub.platform.limit.types import Allowance, LimiterUnavailable, RateLimited

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
    with pytest.raises(LimiterUnavailable):
        await limiter.hit("authentication", "/x", "address:1")
    assert (await limiter.hit("api", "/x", "address:1")).remaining == 100
    assert limiter.outages == 2
    assert not await limiter.ping()


async def test_the_window_slides() -> None:
    limiter = Limiter(None, {"api": "4/second"})
    passed = 0
    started = asyncio.get_running_loop().time()
    while asyncio.get_running_loop().time() - started < 2.5:
        passed += await outcomes(limiter, 1)
    # A window that only resets would let 4 through at each turn of the second, twelve in two and a half; a sliding one
    # lets through about four in any second, whenever it begins.
    # Slow machines stretch the loop beyond its time, so the bound has room; a window that never slid would stop at 4.
    assert 8 <= passed <= 16
