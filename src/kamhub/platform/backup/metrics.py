"""Backups and alerts for Prometheus, as the database tells of them: the same from every process."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from prometheus_client.core import GaugeMetricFamily

from kamhub.platform.alert.types import Alert
from kamhub.platform.backup.types import BackupState


def backup_gauges(state: BackupState) -> list[GaugeMetricFamily]:
    """What never happened yet has no line, but for ``…_installation_timestamp_seconds`` there is always something."""
    moments = (
        ("installation_timestamp_seconds", "Since when there is something to back up.", state.since),
        ("created_timestamp_seconds", "When the newest complete backup was begun.", state.created_at),
        (
            "verified_timestamp_seconds",
            "When a backup was last restored for trial, and all was well.",
            state.verified_at,
        ),
    )
    numbers = (
        ("size_bytes", "Size of the newest complete backup.", state.size_bytes),
        ("created_ok", "How the last attempt to make a backup ended: 1 or 0.", state.created_ok),
        ("verified_ok", "How the last verification ended: 1 or 0.", state.verified_ok),
    )
    found = [(name, words, at.timestamp() if at else None) for name, words, at in moments]
    found += [(name, words, float(number) if number is not None else None) for name, words, number in numbers]
    gauges = [
        GaugeMetricFamily(f"kamhub_backup_{name}", words, value=value)
        for name, words, value in found
        if value is not None
    ]
    failed = GaugeMetricFamily(
        "kamhub_backup_failed_runs", "Runs that failed and are still remembered.", labels=["task"]
    )
    for task, number in state.failures.items():
        failed.add_metric([task], number)
    return [*gauges, failed]


def alert_gauges(alerts: Sequence[Alert]) -> list[GaugeMetricFamily]:
    """How many alerts are open, by kind."""
    gauge = GaugeMetricFamily("kamhub_alerts_open", "Alerts that are raised and not over.", labels=["kind"])
    for kind, number in Counter(alert.kind for alert in alerts).items():
        gauge.add_metric([kind], number)
    return [gauge]
