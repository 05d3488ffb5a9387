"""The short memory: one question for many, nothing kept too long, no error kept at all."""

from __future__ import annotations

import asyncio

import pytest

from kamhub.kit.cache import FreshCache


class Source:
    """Answers with how often it was asked, as soon as it may."""

    def __init__(self) -> None:
        self.asked = 0
        self.may = asyncio.Event()
        self.may.set()
        self.error: Exception | None = None

    async def __call__(self) -> int:
        self.asked += 1
        answer = self.asked
        await self.may.wait()
        if self.error:
            raise self.error
        return answer


async def test_callers_at_once_share_one_question() -> None:
    cache, source = FreshCache[str, int](seconds=60), Source()
    assert await asyncio.gather(*(cache.get("a", source) for _ in range(50))) == [1] * 50
    assert cache.peek("a") == 1
    assert cache.peek("b") is None
    assert await cache.get("b", source) == 2


async def test_an_answer_grows_old() -> None:
    cache, source = FreshCache[str, int](seconds=0), Source()
    assert await cache.get("a", source) == 1
    assert cache.peek("a") is None
    assert await cache.get("a", source) == 2


async def test_the_oldest_goes_when_it_is_full() -> None:
    cache, source = FreshCache[int, int](seconds=60, size=2), Source()
    for key in range(3):
        await cache.get(key, source)
    assert [cache.peek(key) for key in range(3)] == [None, 2, 3]


async def test_an_error_is_told_to_all_and_not_kept() -> None:
    cache, source = FreshCache[str, int](seconds=60), Source()
    source.error = RuntimeError("away")
    told = await asyncio.gather(*(cache.get("a", source) for _ in range(3)), return_exceptions=True)
    assert [str(each) for each in told] == ["away"] * 3
    assert source.asked == 1
    assert cache.peek("a") is None
    source.error = None
    assert await cache.get("a", source) == 2


async def test_who_hangs_up_does_not_take_the_answer_along() -> None:
    cache, source = FreshCache[str, int](seconds=60), Source()
    source.may.clear()
    impatient = asyncio.ensure_future(cache.get("a", source))
    patient = asyncio.ensure_future(cache.get("a", source))
    while source.asked == 0:
        await asyncio.sleep(0)
    assert cache.peek("a") is None  # asked, not answered
    impatient.cancel()
    with pytest.raises(asyncio.CancelledError):
        await impatient
    source.may.set()
    assert await patient == 1
    assert source.asked == 1


async def test_an_error_nobody_waited_for_is_not_an_answer() -> None:
    cache, source = FreshCache[str, int](seconds=60), Source()
    source.may.clear()
    source.error = RuntimeError("away")
    impatient = asyncio.ensure_future(cache.get("a", source))
    while source.asked == 0:
        await asyncio.sleep(0)
    impatient.cancel()
    await asyncio.wait([impatient])
    source.may.set()
    for _ in range(5):
        await asyncio.sleep(0)
    assert cache.peek("a") is None
