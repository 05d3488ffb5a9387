"""Clearing the way for a start: what a killed parent or a killed postmaster left behind."""

from __future__ import annotations

import contextlib
import os
import signal
from pathlib import Path

from kamhub.platform.embedded.address import read_pid_file
from kamhub.platform.embedded.processes import cluster_processes, wait_until
from kamhub.platform.embedded.types import EmbeddedDatabaseError

# (signal to the postmaster, seconds to wait): fast shutdown, immediate shutdown, no mercy.
_STEPS = ((signal.SIGINT, 10.0), (signal.SIGQUIT, 3.0), (signal.SIGKILL, 3.0))
_BACKENDS_LEAVE = 5.0


def clear_the_way(cluster: Path) -> None:
    """Stop every process that still serves `cluster` and remove its stale pid file.

    The caller holds the data folder, so a live postmaster has lost its parent. Its children matter as much:
    PostgreSQL refuses to start while one of them is attached to the old shared memory.
    Raises EmbeddedDatabaseError when something cannot be stopped.
    """
    stop_postmaster(cluster)
    if not wait_until(lambda: not cluster_processes(cluster), _BACKENDS_LEAVE):
        for pid in cluster_processes(cluster):
            send(pid, signal.SIGKILL)
        if not wait_until(lambda: not cluster_processes(cluster), _BACKENDS_LEAVE):
            left = ", ".join(map(str, sorted(cluster_processes(cluster))))
            raise EmbeddedDatabaseError(f"old PostgreSQL processes of {cluster} cannot be stopped: {left}")
    (cluster / "postmaster.pid").unlink(missing_ok=True)


def stop_postmaster(cluster: Path) -> None:
    """Stop the postmaster that the pid file names, if it really serves `cluster`."""
    found = read_pid_file(cluster)
    if found is None:
        return
    for signum, seconds in _STEPS:
        if found.pid not in cluster_processes(cluster):
            return
        send(found.pid, signum)
        wait_until(lambda: found.pid not in cluster_processes(cluster), seconds)


def send(pid: int, signum: signal.Signals) -> None:
    """Signal a process that may be gone already."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signum)
