"""A short memory: many callers ask the same thing at once, and an answer a moment old serves them all."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

Key = TypeVar("Key")
Value = TypeVar("Value")


class FreshCache(Generic[Key, Value]):
    """Answers younger than ``seconds``; callers that ask for the same thing at once share one question."""

    def __init__(self, seconds: float = 1.0, size: int = 512) -> None:
        self._seconds = seconds
        self._size = size
        self._entries: OrderedDict[Key, tuple[float, asyncio.Task[Value]]] = OrderedDict()

    def peek(self, key: Key) -> Value | None:
        """The kept answer when there is one, without a question."""
        entry = self._entries.get(key)
        if (
            entry is None
            or entry[0] <= asyncio.get_running_loop().time()
            or not entry[1].done()
            or entry[1].cancelled()
        ):
            return None
        return None if entry[1].exception() else entry[1].result()

    async def get(self, key: Key, ask: Callable[[], Awaitable[Value]]) -> Value:
        """The kept answer, or a fresh one. An error is told to everyone who shares the question and not kept."""
        now = asyncio.get_running_loop().time()
        entry = self._entries.get(key)
        if entry is None or entry[0] <= now:
            entry = (now + self._seconds, asyncio.ensure_future(_call(ask)))
            self._entries[key] = entry
            self._entries.move_to_end(key)
            while len(self._entries) > self._size:
                self._entries.popitem(last=False)
        task = entry[1]
        try:
            # Shielded: a reader who hangs up must not take the answer away from the others.
            return await asyncio.shield(task)
        except BaseException:
            if self._entries.get(key) is entry and (task.done() and (task.cancelled() or task.exception())):
                del self._entries[key]
            raise


async def _call(ask: Callable[[], Awaitable[Value]]) -> Value:
    return await ask()
