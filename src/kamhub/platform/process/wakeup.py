"""Signals as bytes in a pipe: one place to wait, no polling, no work inside a signal handler."""

from __future__ import annotations

import contextlib
import os
import select
import signal
from types import FrameType

STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class Wakeup:
    """Takes SIGCHLD and the stop signals while open; use it in the main thread. Counts the stop signals."""

    def __init__(self) -> None:
        self.stops = 0
        self._reader, self._writer = -1, -1
        self._previous: dict[signal.Signals, object] = {}
        self._previous_descriptor = -1

    def open(self) -> None:
        """Begin to take signals. One that the caller's shell ignores (nohup) stays ignored."""
        self._reader, self._writer = os.pipe()
        os.set_blocking(self._reader, False)
        os.set_blocking(self._writer, False)
        for signum in (signal.SIGCHLD, *STOP_SIGNALS):
            handler = signal.getsignal(signum)
            if signum is signal.SIGHUP and handler is signal.SIG_IGN:
                continue
            self._previous[signum] = handler
            signal.signal(signum, _ignore)
        self._previous_descriptor = signal.set_wakeup_fd(self._writer, warn_on_full_buffer=False)

    def close(self) -> None:
        """Give the signals back to whoever had them."""
        signal.set_wakeup_fd(self._previous_descriptor)
        for signum, handler in self._previous.items():
            signal.signal(signum, handler)  # type: ignore[arg-type]
        self._previous.clear()
        os.close(self._reader)
        os.close(self._writer)

    def wait(self, seconds: float) -> None:
        """Wait for a signal, at most `seconds`, and count what came."""
        if select.select([self._reader], [], [], max(0.0, seconds))[0]:
            with contextlib.suppress(BlockingIOError):
                self.stops += sum(byte in STOP_SIGNALS for byte in os.read(self._reader, 4096))


def _ignore(signum: int, frame: FrameType | None) -> None:
    """A handler must be there for the byte to be written; the byte says it all."""
