"""Pure decisions: how long to wait before a restart, and how long each service may take to stop."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

_LEAST = 1.0  # seconds kept for each service that still waits to be stopped
_HURRIED = 1.0


@dataclass(frozen=True, slots=True)
class Backoff:
    """Exponential delays, all in seconds; a service that ran for `healthy_after` begins anew."""

    first: float = 0.2
    ceiling: float = 5.0
    healthy_after: float = 30.0

    def next_delay(self, previous: float, ran_for: float) -> float:
        """Delay before the next start, given the one before (0 if none) and how long the service ran."""
        if previous <= 0 or ran_for >= self.healthy_after:
            return self.first
        return min(previous * 2, self.ceiling)


def stop_allowance(grace: float, waiting: Sequence[float], left: float, *, hurried: bool) -> float:
    """Seconds a service may take to stop.

    That is its grace, cut so that those in `waiting` (their graces) get a share of what is `left` in all.
    """
    reserved = sum(min(_LEAST, other) for other in waiting)
    allowed = max(0.0, min(grace, left - reserved))
    return min(allowed, _HURRIED) if hurried else allowed
