"""Starting PostgreSQL programs: as the right account, with a clean environment, dying with their parent."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from kamhub.platform.embedded.files import own_like_folder
from kamhub.platform.embedded.types import Account

_PR_SET_PDEATHSIG = 1
# Nothing is inherited: a stray PGPORT or LD_LIBRARY_PATH of the caller must not reach the server.
_ENVIRONMENT = {"PATH": "/usr/bin:/bin", "HOME": "/", "LC_ALL": "C.UTF-8", "TZ": "UTC"}


def run_tool(argv: Sequence[str | Path], account: Account | None, text: str = "") -> tuple[int, str]:
    """Run a program to its end with `text` on its input; return its exit code and all it wrote.

    It is killed when this process dies, so that a killed first start leaves nothing at work.
    """
    done = subprocess.run(
        argv, input=text, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8",
        errors="replace", cwd="/", env=_ENVIRONMENT, check=False, timeout=300, umask=0o077,
        start_new_session=True,
        user=account.uid if account else None, group=account.gid if account else None,
        extra_groups=[] if account else None,
        preexec_fn=_dying_with_parent(signal.SIGKILL),
    )  # fmt: skip
    return done.returncode, done.stdout


def spawn(argv: Sequence[str | Path], account: Account | None, log: Path) -> subprocess.Popen[bytes]:
    """Start a server that appends to `log`.

    It is interrupted (a fast shutdown) when the calling thread ends, so call this from the main thread.
    It has a session of its own: Ctrl-C in a terminal does not reach it.
    """
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC
    output = os.open(log, flags, 0o600)
    try:
        own_like_folder(output, log.parent)
        return subprocess.Popen(
            argv, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
            cwd="/", env=_ENVIRONMENT, umask=0o077, start_new_session=True,
            user=account.uid if account else None, group=account.gid if account else None,
            extra_groups=[] if account else None,
            preexec_fn=_dying_with_parent(signal.SIGINT),  # noqa: PLW1509 - see the docstring
        )  # fmt: skip
    finally:
        os.close(output)


def _dying_with_parent(signum: signal.Signals) -> Callable[[], None] | None:
    if sys.platform != "linux":
        return None
    parent = os.getpid()
    prctl = ctypes.CDLL(None).prctl

    def arrange() -> None:
        # After the change of account, which would clear it.
        prctl(_PR_SET_PDEATHSIG, ctypes.c_ulong(signum), 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)  # the parent died before we asked to be told

    return arrange
