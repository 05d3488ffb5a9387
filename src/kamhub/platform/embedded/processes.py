"""Finding the processes of one cluster, whoever started them.

A pid file may be stale and its number reused, so the process itself is asked: every server process carries
the cluster's name, the postmaster as an argument and the others in their title. The name is made from the
device and inode of the folder, so it survives a rename and differs for a copy.
"""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

_PROC = Path("/proc")


def cluster_name(cluster: Path) -> str:
    """The name of the cluster in `cluster`, fit for the setting `cluster_name`."""
    entry = cluster.stat()
    return f"kamhub-{entry.st_dev:x}-{entry.st_ino:x}"


def cluster_processes(cluster: Path) -> frozenset[int]:
    """Ids of all live processes that serve `cluster`; zombies do not count.

    Only processes of the folder's owner are believed, so that nobody else can pass for the server.
    """
    name, owner = cluster_name(cluster), cluster.stat().st_uid
    return frozenset(pid for pid, uid, command in _processes() if uid == owner and _serves(command, name))


def wait_until(done: Callable[[], bool], seconds: float) -> bool:
    """Wait for `done()` at most `seconds`: the end of a process that is not our child is told to nobody."""
    deadline = time.monotonic() + seconds
    while not done():
        if time.monotonic() >= deadline:
            return False
        time.sleep(0.02)
    return True


def _serves(command: str, name: str) -> bool:
    if command.startswith(f"postgres: {name}: "):
        return True
    words = command.split()
    return "-D" in words and f"cluster_name={name}" in words


def _processes() -> Iterator[tuple[int, int, str]]:
    if not _PROC.joinpath("self", "cmdline").exists():
        yield from _listed_by_ps()
        return
    for entry in os.scandir(_PROC):
        if not entry.name.isdigit():
            continue
        try:
            command = Path(entry.path, "cmdline").read_bytes()
            if b"postgres" in command:
                text = command.replace(b"\0", b" ").decode("utf-8", "replace")
                yield int(entry.name), entry.stat().st_uid, text
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            continue


def _listed_by_ps() -> Iterator[tuple[int, int, str]]:
    done = subprocess.run(
        ["ps", "-axww", "-o", "pid=,uid=,command="],  # noqa: S607 - its folder differs between systems
        capture_output=True, text=True, check=True, timeout=30, errors="replace",
    )  # fmt: skip
    for line in done.stdout.splitlines():
        pid, uid, command = line.split(None, 2)
        if "postgres" in command:
            yield int(pid), int(uid), command
