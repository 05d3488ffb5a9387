"""What the reading process gives up before it opens a file that came from a stranger."""

from __future__ import annotations

import resource
import sys

from kamhub.desk.extraction.types import Limits

# What no reader of documents does, and a document that got hold of one would.
_FORBIDDEN = (
    "socket.",
    "subprocess.",
    "os.system",
    "os.exec",
    "os.fork",
    "os.posix_spawn",
    "os.remove",
    "os.rename",
    "os.mkdir",
    "os.rmdir",
    "os.kill",
    "ftplib.",
    "urllib.",
    "http.client.",
    "shutil.",
    "pty.",
)


def confine(limits: Limits) -> None:
    """Bounds of memory and processor time by the system; no file is written, no address asked, no program started."""
    _lower(resource.RLIMIT_AS, limits.memory_bytes)
    _lower(resource.RLIMIT_CPU, max(1, int(limits.seconds)))
    _lower(resource.RLIMIT_FSIZE, 0)
    _lower(resource.RLIMIT_CORE, 0)
    sys.addaudithook(_refuse)


def _lower(what: int, to: int) -> None:
    """Never above what the process was given."""
    _, hard = resource.getrlimit(what)
    bound = to if hard == resource.RLIM_INFINITY else min(to, hard)
    resource.setrlimit(what, (bound, bound))


def _refuse(event: str, _arguments: tuple[object, ...]) -> None:
    if event.startswith(_FORBIDDEN):
        raise PermissionError(f"a reader of documents does not do {event}")
