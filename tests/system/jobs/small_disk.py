"""A database on a small disk of its own: ``unshare -m python -m tests.system.jobs.small_disk FOLDER MEGABYTES``.

The disk is a tmpfs in this process's own mount namespace: no other process sees it, and it is gone with this one. Reads
``fill`` and ``free`` from its input; answers each, and its start, with a line of JSON.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from kamhub.platform.database.migrate import migrate
from kamhub.platform.embedded.cluster import Cluster
from tests.system.jobs import load

_ROOT = Path(__file__).parents[3]
_BLOCK = bytes(65_536)


class SmallDisk:
    """The program, as its parent sees it."""

    def __init__(self, folder: Path, megabytes: int) -> None:
        self._process = subprocess.Popen(
            ["unshare", "-m", "--propagation", "private", sys.executable, "-m", "tests.system.jobs.small_disk", folder, str(megabytes)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=_ROOT,
        )  # fmt: skip

    def __enter__(self) -> Self:
        self.urls = self._answer()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.communicate(timeout=60)

    def fill(self) -> int:
        """Leave not a byte; returns how many there were."""
        return int(self._ask("fill")["bytes"])

    def free(self) -> bool:
        """Make room, and start the database if it has ended; returns whether it had."""
        return bool(self._ask("free")["ended"])

    def _ask(self, word: str) -> dict[str, Any]:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{word}\n")
        self._process.stdin.flush()
        return self._answer()

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, "the database on the small disk has ended"
        answer: dict[str, Any] = json.loads(line)
        return answer


def is_possible() -> bool:
    """Whether this account may mount a disk that only one process sees."""
    if shutil.which("unshare") is None or os.geteuid() != 0:
        return False
    tried = subprocess.run(
        ["unshare", "-m", "--propagation", "private", "mount", "-t", "tmpfs", "tmpfs", "/mnt"],
        capture_output=True,
        check=False,
    )
    return tried.returncode == 0


def _fill(ballast: Path) -> int:
    written = 0
    with ballast.open("wb", buffering=0) as file, contextlib.suppress(_DiskFull):
        while True:
            try:
                written += file.write(_BLOCK)
            except OSError as error:
                if error.errno == errno.ENOSPC:
                    raise _DiskFull from error
                raise
    return written


class _DiskFull(Exception):
    pass


def _say(**answer: object) -> None:
    print(json.dumps(answer), flush=True)


def main(folder: Path, megabytes: int) -> None:
    """Serve until the input ends."""
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=0711", "tmpfs", folder], check=True)
    cluster = Cluster(folder / "data")
    try:
        migrate(cluster.start().owner_url)
        load.prepare(cluster.address.owner_url)
        _say(owner_url=cluster.address.owner_url, app_url=cluster.address.app_url)
        ballast = folder / "ballast"
        for line in sys.stdin:
            if line.strip() == "fill":
                _say(bytes=_fill(ballast))
            else:
                ballast.unlink(missing_ok=True)
                ended = not cluster.is_alive()
                cluster.start()
                _say(ended=ended)
    finally:
        cluster.destroy()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
