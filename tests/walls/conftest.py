"""Each of these modules asks four hundred routes before its first test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import coverage
import pytest

_HERE = Path(__file__).parent
LONGEST = 900  # seconds, for a machine busy with other tests


@pytest.fixture(scope="module", autouse=True)
def _uncounted() -> Iterator[None]:
    """Nothing is covered that the tests of the rooms do not cover, and tracing costs a walk a third of its time."""
    tracer = coverage.Coverage.current()
    if tracer is not None:
        tracer.stop()
    yield
    if tracer is not None:
        tracer.start()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The walk is part of whichever test comes first."""
    for item in items:
        if item.path.is_relative_to(_HERE):
            item.add_marker(pytest.mark.timeout(LONGEST))
