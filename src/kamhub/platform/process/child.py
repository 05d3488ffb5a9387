"""One program as a supervised service, together with everything it starts in its process group."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys

from kamhub.platform.process.parent_death import dying_with_parent
from kamhub.platform.process.types import ChildSpec

_REAPED_WITHIN = 2.0


class ChildProcess:
    """Runs a `ChildSpec` in a session of its own: Ctrl-C in a terminal reaches the supervisor alone."""

    def __init__(self, spec: ChildSpec) -> None:
        self.spec = spec
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def name(self) -> str:
        """Name in log lines."""
        return self.spec.name

    @property
    def grace(self) -> float:
        """Seconds between the stop signal and the kill."""
        return self.spec.grace

    @property
    def pid(self) -> int | None:
        """Process id while it runs."""
        return self._process.pid if self._process is not None and self.is_alive() else None

    @property
    def exit_code(self) -> int | None:
        """Exit code as `subprocess` has it (negative: the signal that killed it), None while it runs."""
        return None if self.is_alive() or self._process is None else self._process.returncode

    @property
    def exit_note(self) -> str:
        """How it ended, for a log line."""
        code = self.exit_code
        if code is None:
            return ""
        return f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"

    def start(self) -> None:
        """Start the program. Raises OSError when there is no such program."""
        if self.is_alive():
            return
        spec = self.spec
        self._process = subprocess.Popen(
            spec.argv, env=spec.env, cwd=spec.cwd, stdin=subprocess.DEVNULL, start_new_session=True,
            preexec_fn=dying_with_parent(spec.parent_death_signal),  # noqa: PLW1509 - the supervisor has one thread
        )  # fmt: skip

    def is_alive(self) -> bool:
        """True while the program runs; once it has ended, what it left in its group is killed."""
        process = self._process
        if process is None or process.returncode is not None:
            return False
        if _has_ended(process):
            # Before reaping: as long as the leader is a zombie, its group number cannot be given to others.
            _signal_group(process.pid, signal.SIGKILL)
            process.wait(_REAPED_WITHIN)
            return False
        return True

    def request_stop(self) -> None:
        """Send the stop signal to the program; its own children are its own business."""
        if self.is_alive() and self._process is not None:
            self._process.send_signal(self.spec.stop_signal)

    def kill(self) -> None:
        """Kill the whole group and wait for the program to be gone."""
        process = self._process
        if process is not None and self.is_alive():
            _signal_group(process.pid, signal.SIGKILL)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(_REAPED_WITHIN)

    def tick(self) -> None:
        """A program does its own housekeeping."""


def _has_ended(process: subprocess.Popen[bytes]) -> bool:
    if sys.platform != "linux":
        return process.poll() is not None
    try:
        return os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
    except ChildProcessError:
        return True


def _signal_group(pid: int, signum: signal.Signals) -> None:
    # PermissionError: macOS says so of a group whose only member is a zombie.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signum)
