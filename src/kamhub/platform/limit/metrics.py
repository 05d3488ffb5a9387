"""What the limiter of a process has decided, for Prometheus; by preset, never by caller."""

from __future__ import annotations

from prometheus_client.core import Metric

from kamhub.platform.limit.limiter import Limiter
from kamhub.platform.limit.rules import PRESETS
from kamhub.platform.monitoring.meters import counter


def limiter_families(limiter: Limiter | None) -> list[Metric]:
    """Decisions and outages; the names alone where limits are off."""
    decisions = limiter.decisions if limiter is not None else {}
    outages = {(preset,): limiter.outages[preset] for preset in sorted(PRESETS)} if limiter is not None else {}
    return [
        counter(
            "kamhub_limiter_decisions",
            "Calls that were counted, by what was decided.",
            ("preset", "decision"),
            decisions,
        ),
        counter(
            "kamhub_limiter_outages",
            "Calls that could not be counted, because the store was away.",
            ("preset",),
            outages,
        ),
    ]
