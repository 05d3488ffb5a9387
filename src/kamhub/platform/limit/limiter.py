"""Counting, by the library ``limits``: a sliding window, in memory for one process or in Redis for the fleet.

The window is a log of the calls let through. Its cheaper relative, two counters of which the elder is weighted, lets up to
twice as many through between two moments a window apart, and asks the store just as often.
"""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Mapping

import structlog
from limits import RateLimitItem, parse
from limits.aio.storage import MemoryStorage, RedisStorage, Storage
from limits.aio.strategies import MovingWindowRateLimiter
from limits.errors import StorageError

from kamhub.platform.limit.rules import CLOSED_WITHOUT_STORE, PRESETS
from kamhub.platform.limit.types import Allowance, LimiterUnavailable, RateLimited

log = structlog.get_logger(__name__)

_TOLD_EVERY = 10.0  # seconds


class Limiter:
    """Counts calls by preset, route and caller."""

    def __init__(self, redis_url: str | None, presets: Mapping[str, str] | None = None) -> None:
        self._storage = _storage(redis_url)
        self._strategy = MovingWindowRateLimiter(self._storage)
        self._told_at: dict[str, float] = {}
        self._items: dict[str, RateLimitItem] = {
            name: parse(text) for name, text in {**PRESETS, **(presets or {})}.items()
        }
        # Since the start. They begin at nought, so that the first of a kind is seen as one more.
        self.decisions: Counter[tuple[str, str]] = Counter(
            {(preset, decision): 0 for preset in self._items for decision in ("allowed", "refused")}
        )
        # Calls that could not be counted, by preset.
        self.outages: Counter[str] = Counter()

    async def hit(self, preset: str, route: str, caller: str, cost: int = 1) -> Allowance:
        """Count one call. Raises ``RateLimited``, or ``LimiterUnavailable`` when nothing can be counted and must be."""
        item = self._items[preset]
        try:
            allowed = await self._strategy.hit(item, preset, route, caller, cost=cost)
            window = await self._strategy.get_window_stats(item, preset, route, caller)
        except StorageError as error:
            self._note_outage(preset, error)
            if preset in CLOSED_WITHOUT_STORE:
                raise LimiterUnavailable(headers={"Retry-After": "10"}) from error
            return Allowance(item.amount, item.get_expiry(), item.amount, 0)
        self.decisions[preset, "allowed" if allowed else "refused"] += 1
        reset = max(1, math.ceil(window.reset_time - time.time()))
        allowance = Allowance(item.amount, item.get_expiry(), window.remaining if allowed else 0, reset)
        if not allowed:
            headers = {"Retry-After": str(reset)}
            headers |= {name.decode(): value.decode() for name, value in allowance.headers()}
            raise RateLimited(headers=headers)
        return allowance

    async def forget(self, preset: str, route: str, caller: str) -> None:
        """Count these calls from zero again; without a store there is nothing to forget."""
        try:
            await self._strategy.clear(self._items[preset], preset, route, caller)
        except StorageError as error:
            self._note_outage(preset, error)

    def _note_outage(self, preset: str, error: StorageError) -> None:
        """Every call is counted; one line in a while is enough to know of it."""
        self.outages[preset] += 1
        now = time.monotonic()
        if now - self._told_at.get(preset, -_TOLD_EVERY) >= _TOLD_EVERY:
            self._told_at[preset] = now
            log.warning("limiter_without_store", preset=preset, calls=self.outages[preset], error=type(error).__name__)

    async def ping(self) -> bool:
        """Whether the store answers."""
        return await self._storage.check()


def _storage(redis_url: str | None) -> Storage:
    if redis_url is None:
        return MemoryStorage()
    from redis.asyncio import BlockingConnectionPool

    # Blocking: with more calls at once than connections, the rest wait their turn instead of passing uncounted.
    pool = BlockingConnectionPool.from_url(
        redis_url, max_connections=20, timeout=2.0, socket_connect_timeout=1.0, socket_timeout=1.0
    )
    return RedisStorage(
        f"async+{redis_url}",
        wrap_exceptions=True,
        implementation="redispy",
        key_prefix="kamhub",
        connection_pool=pool,  # type: ignore[arg-type]  # passed through to the client
    )
