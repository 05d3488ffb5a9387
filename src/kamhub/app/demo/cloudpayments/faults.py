"""Faults to come, as a test or a curious person has ordered them. In memory: a fresh start has none."""

from __future__ import annotations

import threading
from collections.abc import Collection

from .types import Fault, FaultKind

OF_CALLS = frozenset({FaultKind.SLOW, FaultKind.FAIL, FaultKind.REFUSE, FaultKind.LOSE_ANSWER})
OF_NOTICES = frozenset({FaultKind.LOSE, FaultKind.REPEAT, FaultKind.HOLD})


class Faults:
    """The faults that wait for their call or notification, and the notifications that are held back."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: list[Fault] = []
        self._held: list[int] = []

    def order(self, fault: Fault) -> None:
        """Have it happen at the next ``count`` occasions."""
        with self._lock:
            self._waiting.append(fault)

    def clear(self) -> None:
        """Have none of them happen."""
        with self._lock:
            self._waiting.clear()

    def take(self, where: str, kinds: Collection[FaultKind]) -> Fault | None:
        """The first fault for that occasion, used up by one."""
        with self._lock:
            for fault in self._waiting:
                if fault.what in kinds and fault.where in ("", where):
                    fault.count -= 1
                    if fault.count <= 0:
                        self._waiting.remove(fault)
                    return fault
        return None

    def hold(self, notice_id: int) -> None:
        """Keep a notification back."""
        with self._lock:
            self._held.append(notice_id)

    def let_go(self) -> list[int]:
        """The notifications held back, the last one first: in another order than they were caused."""
        with self._lock:
            held, self._held = self._held[::-1], []
        return held
