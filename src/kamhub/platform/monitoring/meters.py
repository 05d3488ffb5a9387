"""Numbers that are counted thousands of times a second: plain integers, where the library takes a lock each time.

Written and read by one thread, that of the event loop. Told to Prometheus in the shapes of its library.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

from prometheus_client import CollectorRegistry, disable_created_metrics, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric

# When each counter was begun would be one more line for each, and is when the process was started.
disable_created_metrics()  # type: ignore[no-untyped-call]

# Values of the labels, in the order of their names.
Labels = TypeVar("Labels", bound=tuple[str, ...])


class Buckets:
    """How many values were up to each bound, and beyond the last; and their sum."""

    __slots__ = ("_bounds", "_counts", "_sum")

    def __init__(self, bounds: Sequence[float]) -> None:
        self._bounds = tuple(bounds)
        self._counts = [0] * (len(bounds) + 1)
        self._sum = 0.0

    def observe(self, value: float) -> None:
        """Count one value."""
        self._counts[bisect_left(self._bounds, value)] += 1
        self._sum += value

    def told(self) -> tuple[list[tuple[str, float]], float]:
        """Bounds with how many values were up to each, as Prometheus adds them up, and the sum."""
        cumulative: list[tuple[str, float]] = []
        total = 0
        for bound, count in zip((*map(str, self._bounds), "+Inf"), self._counts, strict=True):
            total += count
            cumulative.append((bound, total))
        return cumulative, self._sum


def counter(name: str, words: str, labels: Sequence[str], counts: Mapping[Labels, float]) -> CounterMetricFamily:
    """A counter; ``name`` without its ``_total``."""
    family = CounterMetricFamily(name, words, labels=labels)
    for values, count in counts.items():
        family.add_metric(values, count)
    return family


def gauge(name: str, words: str, labels: Sequence[str], values: Mapping[Labels, float]) -> GaugeMetricFamily:
    """A gauge, by its labels."""
    family = GaugeMetricFamily(name, words, labels=labels)
    for of, value in values.items():
        family.add_metric(of, value)
    return family


def histogram(
    name: str, words: str, labels: Sequence[str], children: Mapping[Labels, Buckets]
) -> HistogramMetricFamily:
    """A histogram, by its labels."""
    family = HistogramMetricFamily(name, words, labels=labels)
    for values, buckets in children.items():
        family.add_metric(values, *buckets.told())
    return family


class _Families:
    def __init__(self, families: Iterable[Metric]) -> None:
        self._families = families

    def collect(self) -> Iterable[Metric]:
        return self._families


def text_of(families: Iterable[Metric]) -> bytes:
    """The families in Prometheus' text format."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Families(list(families)))
    return generate_latest(registry)
