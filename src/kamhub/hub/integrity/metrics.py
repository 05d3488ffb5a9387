"""The checks for Prometheus, as the database tells of them: the same from every process."""

from __future__ import annotations

from prometheus_client.core import GaugeMetricFamily

from kamhub.hub.integrity.types import IntegrityState


def integrity_gauges(state: IntegrityState) -> list[GaugeMetricFamily]:
    """What was never counted has no line; the moment has none until every promise was counted."""
    breaches = GaugeMetricFamily(
        "kamhub_integrity_breaches", "Rows that broke a promise of the product at the last count.", labels=["check"]
    )
    seconds = GaugeMetricFamily(
        "kamhub_integrity_check_duration_seconds", "How long the last try to count took.", labels=["check"]
    )
    for check in state.checks:
        seconds.add_metric([check.name], check.seconds)
        if check.breaches is not None:
            breaches.add_metric([check.name], check.breaches)
    words = "Since when no promise has gone unchecked: the oldest of the last counts."
    run = GaugeMetricFamily("kamhub_integrity_last_run_timestamp_seconds", words, labels=())
    if (last := state.last_run) is not None:
        run.add_metric((), last.timestamp())
    return [breaches, seconds, run]
