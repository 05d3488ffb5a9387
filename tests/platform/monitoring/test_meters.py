"""Plain numbers are told as Prometheus' own library tells its own."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Histogram, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from kamhub.platform.monitoring.meters import Buckets, counter, gauge, histogram, text_of
from kamhub.platform.monitoring.process import process_text

BOUNDS = (0.005, 0.1, 1, 10)


def samples(text: bytes) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    return {
        (sample.name, tuple(sorted((name, _bound(value)) for name, value in sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text.decode())
        for sample in family.samples
    }


def _bound(value: str) -> str:
    """The library writes 1.0 where we write 1; to Prometheus it is the same bound."""
    try:
        return repr(float(value))
    except ValueError:
        return value


@given(st.lists(st.floats(min_value=0, max_value=100) | st.sampled_from(BOUNDS)))
def test_buckets_are_those_of_the_library(values: list[float]) -> None:
    registry = CollectorRegistry()
    theirs = Histogram("kamhub_wait_seconds", "Waits.", ("queue",), buckets=BOUNDS, registry=registry)
    ours = Buckets(BOUNDS)
    child = theirs.labels("crm")
    for value in values:
        child.observe(value)
        ours.observe(value)
    told = samples(text_of([histogram("kamhub_wait_seconds", "Waits.", ("queue",), {("crm",): ours})]))
    assert told == pytest.approx(samples(generate_latest(registry)))


def test_counters_and_gauges_have_their_labels() -> None:
    text = text_of(
        [
            counter("kamhub_calls", "Calls.", ("preset", "decision"), {("page", "refused"): 3}),
            gauge("kamhub_waiting", "Waiting.", (), {(): 2}),
        ]
    )
    assert samples(text) == {
        ("kamhub_calls_total", (("decision", "refused"), ("preset", "page"))): 3,
        ("kamhub_waiting", ()): 2,
    }
    assert b"# HELP kamhub_calls_total Calls." in text


def test_a_process_tells_of_itself() -> None:
    told = samples(process_text("worker"))
    [build] = [labels for name, labels in told if name == "kamhub_build_info"]
    assert ("part", "worker") in build
    assert told["kamhub_process_resident_memory_bytes", ()] > 10_000_000
    assert told["kamhub_process_cpu_seconds_total", ()] > 0
    assert {name.partition("_")[0] for name, _ in told} == {"kamhub"}
