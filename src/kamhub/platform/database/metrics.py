"""The pools of a process for Prometheus; each process has its own, so they are summed or shown one by one."""

from __future__ import annotations

from collections.abc import Mapping

from prometheus_client.core import Metric

from kamhub.platform.monitoring.meters import counter, gauge

# Of psycopg_pool's counters: name here, what it is, name there, and by what it is divided.
_GAUGES = (
    ("size", "Connections that are open.", "pool_size"),
    ("max_size", "Connections that may be open.", "pool_max"),
    ("available", "Open connections that nobody uses.", "pool_available"),
    ("waiting", "Callers that wait for a connection.", "requests_waiting"),
)
_COUNTERS = (
    ("requests", "Callers that asked for a connection.", "requests_num", 1),
    ("wait_seconds", "How long callers have waited for a connection.", "requests_wait_ms", 1000),
    ("usage_seconds", "How long connections have been in the hands of callers.", "usage_ms", 1000),
    ("errors", "Callers that got no connection.", "requests_errors", 1),
    ("lost", "Connections that were found broken and made anew.", "connections_lost", 1),
)


def pool_families(pools: Mapping[str, Mapping[str, int]]) -> list[Metric]:
    """``pools`` are the counters of psycopg_pool by scope."""
    gauges = [
        gauge(
            f"kamhub_database_pool_{name}",
            words,
            ("pool",),
            {(pool,): numbers.get(theirs, 0) for pool, numbers in pools.items()},
        )
        for name, words, theirs in _GAUGES
    ]
    counters = [
        counter(
            f"kamhub_database_pool_{name}",
            words,
            ("pool",),
            {(pool,): numbers.get(theirs, 0) / divided for pool, numbers in pools.items()},
        )
        for name, words, theirs, divided in _COUNTERS
    ]
    return [*gauges, *counters]
