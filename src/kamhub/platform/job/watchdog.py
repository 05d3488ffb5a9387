"""Ends a worker process that a job keeps from doing anything else.

A job that computes, or sleeps, without ever giving the loop back stops every other job, the heartbeat and the answer
to a stop signal with it. No other job can interrupt it; a thread can see it. The process says where it hangs and ends;
its supervisor starts another, and the job counts one killed worker.
"""

from __future__ import annotations

import faulthandler
import os
import sys
import threading
import time
from collections.abc import Callable

EXIT_CODE = 70  # EX_SOFTWARE of sysexits.h
_LOOK_EVERY = 0.25  # part of the limit


def _end() -> None:
    sys.stderr.write(
        "kamhub worker: a job keeps the whole worker from working; it ends, and is started again. It hangs here:\n"
    )
    faulthandler.dump_traceback(sys.stderr, all_threads=True)
    sys.stderr.flush()
    os._exit(EXIT_CODE)


class Watchdog:
    """``beat`` is to be called again and again by the loop; ``end`` is called when it was silent for ``limit`` seconds."""

    def __init__(self, limit: float, end: Callable[[], None] = _end) -> None:
        self._limit = limit
        self._end = end
        self._seen = time.monotonic()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="watchdog", daemon=True)

    def start(self) -> None:
        """Begin to watch."""
        self.beat()
        self._thread.start()

    def beat(self) -> None:
        """The loop is alive."""
        self._seen = time.monotonic()

    def stop(self) -> None:
        """Watch no longer."""
        self._over.set()

    def _watch(self) -> None:
        looked = time.monotonic()
        while not self._over.wait(self._limit * _LOOK_EVERY):
            now = time.monotonic()
            # A machine that slept, or a process that was stopped, has not heard itself: it gets its time anew.
            if now - looked > 2 * self._limit * _LOOK_EVERY:
                self.beat()
            looked = now
            if now - self._seen > self._limit:
                self._end()
                return
