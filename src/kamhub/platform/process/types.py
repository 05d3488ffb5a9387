"""What can be supervised."""

from __future__ import annotations

import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


class Service(Protocol):
    """Something that runs beside us. No method may block for long except `start` and `kill`."""

    @property
    def name(self) -> str:
        """Name in log lines."""

    @property
    def grace(self) -> float:
        """Seconds it may take to stop after `request_stop` before it is killed."""

    @property
    def exit_note(self) -> str:
        """How it ended, for a log line; empty while it runs."""

    def start(self) -> object:
        """Start it; raises when that is impossible. Nothing happens when it runs already."""

    def is_alive(self) -> bool:
        """True while it runs. Its end must come with a SIGCHLD, which is when this is asked."""

    def request_stop(self) -> None:
        """Ask it to stop and return at once."""

    def kill(self) -> None:
        """Stop it now, with everything it started."""

    def tick(self) -> None:
        """Called about once a minute while it runs: a chance for housekeeping."""


@dataclass(frozen=True, slots=True)
class ChildSpec:
    """A program to run. `env` None means our own environment; `grace` is in seconds.

    When this process dies without stopping it, the kernel sends it `parent_death_signal`. SIGKILL is the
    default because a child that hangs in its own shutdown would live on with nobody to escalate.
    """

    name: str
    argv: Sequence[str]
    env: Mapping[str, str] | None = None
    cwd: Path | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    grace: float = 10.0
    parent_death_signal: signal.Signals = signal.SIGKILL
