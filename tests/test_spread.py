"""The run of the tests itself: what begins first, what is counted, what becomes of one that never ends."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from tests import spread

ROOT = Path(__file__).parents[1]


def test_long_files_begin_first_and_then_those_with_most_tests() -> None:
    names = ["tests/kit/test_a.py::1", "tests/hub/test_b.py::1", "tests/hub/test_b.py::2", "tests/browser/test_c.py::1"]
    items = cast("list[pytest.Item]", [SimpleNamespace(nodeid=name) for name in names])
    spread.long_first(items)
    assert [item.nodeid for item in items] == [names[3], names[1], names[2], names[0]]


def test_every_long_place_is_there() -> None:
    """One that was moved would begin last and be counted, and nobody would see."""
    assert [place for place in (*spread.LONG, *spread.UNCOUNTED, spread.TOGETHER) if not (ROOT / place).exists()] == []


COUNTING = """
import coverage, sys
from tests import spread
counter = coverage.Coverage(data_file=None, config_file=False, include=["*/lines.py"])
counter.start()
import lines
with spread.uncounted():
    lines.within()
lines.afterwards()
counter.stop()
print(sorted(counter.get_data().lines(lines.__file__)))
"""


def test_lines_are_counted_again_afterwards(tmp_path: Path) -> None:
    (tmp_path / "lines.py").write_text("def within():\n    return 1\n\ndef afterwards():\n    return 2\n")
    done = subprocess.run(
        [sys.executable, "-c", COUNTING], cwd=ROOT, env={"PYTHONPATH": f"{tmp_path}:{ROOT}"},
        capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    assert done.stdout.strip() == "[1, 4, 5]"


def test_a_run_without_end_is_ended_and_says_what_was_at_work(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text(
        "from tests.spread import Deadline\n"
        "def pytest_configure(config):\n"
        "    if not hasattr(config, 'workerinput'):\n"
        "        config.pluginmanager.register(Deadline(8))\n"
    )
    (tmp_path / "test_endless.py").write_text(
        "import threading\ndef test_ends(): pass\ndef test_never_ends(): threading.Event().wait()\n"
    )
    done = _pytest(tmp_path)
    assert done.returncode == spread.EXIT_TOO_LONG, done.stdout + done.stderr
    assert "test_never_ends" in done.stderr
    assert "test_ends" not in done.stderr


@pytest.mark.parametrize(
    ("body", "outcome"),
    [
        pytest.param("threading.Event().wait()", "1 failed, 3 passed", id="over its limit"),
        pytest.param("os._exit(1)", "worker 'gw", id="the process dies"),
    ],
)
def test_one_that_hangs_or_dies_ends_and_does_not_stop_the_run_for_ever(
    tmp_path: Path, body: str, outcome: str
) -> None:
    """Nobody waits for ever: the one fails with its name, or the run ends."""
    (tmp_path / "test_bad.py").write_text(f"import os, threading\ndef test_bad(): {body}\ndef test_after(): pass\n")
    (tmp_path / "test_good.py").write_text("def test_one(): pass\ndef test_two(): pass\n")
    done = _pytest(tmp_path, "-o", "timeout=2", "-o", "timeout_method=signal")
    assert done.returncode != 0
    assert outcome in done.stdout
    assert "test_bad" in done.stdout


def _pytest(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """The tests of a folder in two processes, as `make test` runs ours."""
    ways: list[Any] = ["-n", "2", "--dist", "loadfile", "--no-loadscope-reorder", "--max-worker-restart", "0"]
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:randomly", "--rootdir", folder, *ways, *options, folder],
        cwd=folder, env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"}, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
