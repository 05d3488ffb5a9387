"""Dying with the parent: the kernel tells a child when the thread that started it ends."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from collections.abc import Callable

_PR_SET_PDEATHSIG = 1


def dying_with_parent(signum: signal.Signals) -> Callable[[], None] | None:
    """A `preexec_fn` for `subprocess`, or None where the system has no such thing (then it is not needed).

    The signal comes when the *thread* that forks ends, so start such children from the main thread.
    """
    if sys.platform != "linux":
        return None
    parent = os.getpid()
    prctl = ctypes.CDLL(None).prctl

    def arrange() -> None:
        prctl(_PR_SET_PDEATHSIG, ctypes.c_ulong(signum), 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)  # the parent died before we asked to be told

    return arrange
