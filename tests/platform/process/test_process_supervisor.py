"""The supervisor as a program of its own, for it takes the signals of a whole process."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from queue import Empty, Queue

import pytest

PROGRAM = Path(__file__).with_name("supervisor_program.py")
# One write a line: the programs share their output with the supervisor.
FOREVER = "import os, signal; os.write(1, b'ready\\n'); signal.pause()"
STUBBORN = "import os, signal; signal.signal(15, signal.SIG_IGN); os.write(1, b'ready\\n')\nwhile True: signal.pause()"
# A program whose own child ignores the polite signal; it prints the child's id.
WITH_GRANDCHILD = (
    "import os, subprocess, sys, signal\n"
    f"c = subprocess.Popen([sys.executable, '-S', '-c', {STUBBORN!r}], stdout=subprocess.PIPE)\n"
    "c.stdout.readline(); os.write(1, f'grandchild {c.pid}\\n'.encode()); signal.pause()"
)


class Running:
    """A supervisor program whose lines are read as they come."""

    def __init__(self, **plan: object) -> None:
        self.process = subprocess.Popen([sys.executable, PROGRAM, json.dumps(plan)], stdout=subprocess.PIPE, text=True)
        self.lines: list[str] = []
        self._coming: Queue[str] = Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._coming.put(line.rstrip("\n"))

    def until(self, pattern: str, times: int = 1) -> str:
        """Wait until `times` lines match, in whatever order lines come; returns the last one's group."""
        deadline = time.monotonic() + 30
        while True:
            found = [match for line in self.lines if (match := re.search(pattern, line))]
            if len(found) >= times:
                return found[times - 1].group(found[times - 1].lastindex or 0)
            try:
                self.lines.append(self._coming.get(timeout=max(0.0, deadline - time.monotonic())))
            except Empty:
                raise AssertionError(f"no line like {pattern!r} after {self.lines}") from None

    def signal(self, signum: signal.Signals) -> None:
        self.process.send_signal(signum)

    def ends(self, seconds: float = 30.0) -> float:
        """Wait for the clean end; returns how long that took."""
        began = time.monotonic()
        assert self.process.wait(seconds) == 0
        took = time.monotonic() - began
        self.until("all stopped")
        return took


Run = Callable[..., Running]


@pytest.fixture
def run() -> Iterator[Run]:
    started: list[Running] = []

    def begin(**plan: object) -> Running:
        started.append(Running(**plan))
        return started[-1]

    yield begin
    for running in started:
        running.process.kill()
        running.process.wait(5)


def child(name: str, code: str = FOREVER, grace: float = 5) -> dict[str, object]:
    return {"name": name, "code": code, "grace": grace}


def is_running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


def gone(pid: int, seconds: float = 5.0) -> bool:
    deadline = time.monotonic() + seconds
    while is_running(pid):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_stops_all_in_reverse_order(run: Run, signum: signal.Signals) -> None:
    running = run(children=[child("one"), child("two"), child("three")])
    running.until("three has pid")
    running.signal(signum)
    assert running.ends() < 3
    assert [line for line in running.lines if line.endswith("stopped")] == [
        "three stopped", "two stopped", "one stopped", "all stopped",
    ]  # fmt: skip


def test_a_killed_child_comes_back(run: Run) -> None:
    running = run(children=[child("web")])
    first = int(running.until(r"web has pid (\d+)"))
    os.kill(first, signal.SIGKILL)
    running.until(r"web ended \(killed by SIGKILL\); starting it again in")
    running.until("web is running again")
    running.signal(signal.SIGTERM)
    running.ends()


def test_a_child_that_keeps_dying_is_started_ever_less_often(run: Run) -> None:
    running = run(children=[child("web", "raise SystemExit(3)")], first=0.1)
    delays = [running.until(r"ended \(exit code 3\); starting it again in (\d\.\d) s", times) for times in (1, 2, 3, 4)]
    assert delays == ["0.1", "0.2", "0.4", "0.4"]
    running.signal(signal.SIGTERM)
    running.ends()


def test_a_child_that_does_not_stop_is_killed_after_its_grace(run: Run) -> None:
    running = run(children=[child("one"), child("stubborn", STUBBORN, grace=0.5)])
    stubborn = int(running.until(r"stubborn has pid (\d+)"))
    running.until("ready", times=2)
    running.signal(signal.SIGTERM)
    assert 0.4 < running.ends() < 3
    assert "stubborn does not stop and is killed" in running.lines
    assert not is_running(stubborn)


def test_the_total_is_kept_however_many_are_stubborn(run: Run) -> None:
    children = [child(name, STUBBORN, grace=60) for name in ("one", "two", "three")]
    running = run(children=children, total=3)
    running.until("ready", times=3)
    running.signal(signal.SIGTERM)
    assert running.ends() < 5


def test_a_second_signal_hurries(run: Run) -> None:
    running = run(children=[child("stubborn", STUBBORN, grace=60)], total=60)
    running.until("ready")
    running.signal(signal.SIGINT)
    with pytest.raises(subprocess.TimeoutExpired):
        running.process.wait(0.3)
    running.signal(signal.SIGINT)
    assert running.ends() < 3


def test_what_a_child_started_ends_with_it(run: Run) -> None:
    running = run(children=[child("parent", WITH_GRANDCHILD)])
    parent = int(running.until(r"parent has pid (\d+)"))
    grandchild = int(running.until(r"grandchild (\d+)"))
    os.kill(parent, signal.SIGKILL)
    running.until("parent is running again")
    assert gone(grandchild)
    again = int(running.until(r"grandchild (\d+)", times=2))
    running.signal(signal.SIGTERM)
    running.ends()
    assert gone(again)


def test_children_die_with_a_killed_supervisor(run: Run) -> None:
    running = run(children=[child("one"), child("stubborn", STUBBORN)])
    pids = [int(running.until(rf"{name} has pid (\d+)")) for name in ("one", "stubborn")]
    running.process.kill()
    assert all(gone(pid) for pid in pids)


def test_a_task_runs_to_its_end(run: Run) -> None:
    running = run(children=[child("one")], task=child("task", "raise SystemExit(7)"))
    running.until("task gave 7")
    running.signal(signal.SIGTERM)
    running.ends()


def test_children_are_looked_after_during_a_task(run: Run) -> None:
    running = run(children=[child("one")], task=child("task"))
    one = int(running.until(r"one has pid (\d+)"))
    running.until("task begins")
    os.kill(one, signal.SIGKILL)
    running.until("one is running again")
    running.signal(signal.SIGTERM)
    running.ends()


def test_a_signal_ends_a_task(run: Run) -> None:
    running = run(children=[child("one")], task=child("task"))
    running.until("task begins")
    running.signal(signal.SIGTERM)
    running.until("task gave None")
    assert running.ends() < 3


@pytest.mark.parametrize(("reap", "code"), [(True, 9), (False, 1)])
def test_where_orphans_arrive_they_are_reaped_and_exit_codes_kept(run: Run, *, reap: bool, code: int) -> None:
    leave_orphans = (
        "import subprocess\nfor _ in range(20): print(subprocess.Popen(['/bin/true'], start_new_session=True).pid)"
    )
    look = (
        "import os, subprocess, sys, time\n"
        f"argv = [sys.executable, '-S', '-c', {leave_orphans!r}]\n"
        "pids = subprocess.check_output(argv, text=True).split()\n"
        "def left(): return [p for p in pids if os.path.exists(f'/proc/{p}')]\n"
        f"end = time.monotonic() + {5 if reap else 0.5}\n"
        "while left() and time.monotonic() < end: time.sleep(0.01)\n"
        "sys.exit(1 if left() else 9)"
    )
    running = run(children=[child("one")], task=child("task", look), inherits=True, reap=reap)
    running.until(f"task gave {code}")
    running.signal(signal.SIGTERM)
    running.ends()
