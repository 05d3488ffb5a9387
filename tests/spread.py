"""How the tests are spread over the processes that run them, and what is said when they never end."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import coverage
import pytest
from xdist.scheduler import LoadFileScheduling

# Long ones begin first, so that no core waits for the last of them alone.
LONG = (
    "tests/browser/",
    "tests/walls/",
    "tests/app/test_openapi_conformance.py",
    "tests/system/",
    "tests/concurrency/",
    "tests/desk/graph/test_graph_size.py",
    "tests/hub/booking/test_life_cycle.py",
)
# One process has the browser: three of them on two cores spend half their time in the kernel.
TOGETHER = "tests/browser/"
# They cover nothing that the tests of the rooms do not, and tracing costs them a third of their time and more.
UNCOUNTED = ("tests/browser/", "tests/walls/", "tests/system/")
EXIT_TOO_LONG = 3


class Spread(LoadFileScheduling):  # type: ignore[misc] # pytest-xdist tells no types
    """A file, or a folder of browsers, goes to one process."""

    def _split_scope(self, nodeid: str) -> str:
        return TOGETHER if nodeid.startswith(TOGETHER) else str(super()._split_scope(nodeid))


def long_first(items: list[pytest.Item]) -> None:
    """Sort them by when their file should begin; within a file and among equals their order stays."""
    sizes: dict[str, int] = {}
    for item in items:
        name = _file(item)
        sizes[name] = sizes.get(name, 0) + 1

    def turn(item: pytest.Item) -> tuple[int, int]:
        name = _file(item)
        rank = next((index for index, start in enumerate(LONG) if name.startswith(start)), len(LONG))
        return rank, -sizes[name]

    items.sort(key=turn)


def is_counted(nodeid: str) -> bool:
    """Whether lines that the tests of this module run are counted."""
    return not nodeid.startswith(UNCOUNTED)


@contextmanager
def uncounted() -> Iterator[None]:
    """Within it no line of this process is counted. One that is stopped is current no more, so it is kept here."""
    tracer = coverage.Coverage.current()
    if tracer is not None:
        tracer.stop()
    yield
    if tracer is not None:
        tracer.start()


def _file(item: pytest.Item) -> str:
    return item.nodeid.split("::", 1)[0]


class Deadline:
    """Ends the whole run when it takes too long, and names the tests that had begun."""

    def __init__(self, seconds: float) -> None:
        self._running: set[str] = set()
        self._timer = threading.Timer(seconds, self._end)
        self._timer.daemon = True
        self._timer.start()

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        self._running.add(nodeid)

    def pytest_runtest_logfinish(self, nodeid: str) -> None:
        self._running.discard(nodeid)

    def pytest_sessionfinish(self) -> None:
        self._timer.cancel()

    def _end(self) -> None:
        print("\nthe tests take too long; at work on:", *_lines(self._running), file=sys.__stderr__, flush=True)
        os._exit(EXIT_TOO_LONG)


def _lines(names: Iterable[str]) -> list[str]:
    return [f"\n  {name}" for name in sorted(names)]
