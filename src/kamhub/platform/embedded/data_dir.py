"""The data folder of one installation, and the lock that keeps a second kamhub out of it."""

from __future__ import annotations

import fcntl
import os
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from kamhub.platform.embedded.files import make_folder, own_like_folder
from kamhub.platform.embedded.types import DataDirBusy, EmbeddedDatabaseError

SYSTEM_DIR = Path("/var/lib/kamhub")
_LOCK_NAME = "kamhub.lock"
# A reader that asks who holds the lock takes it for an instant, so one refusal is not yet a second holder.
_ATTEMPTS, _PAUSE = 10, 0.02


@dataclass(frozen=True, slots=True)
class LockHolder:
    """Who uses a data folder: process id (None if it could not be read) and the address people open."""

    pid: int | None
    url: str


def default_data_dir() -> Path:
    """Where data lives when nobody says: `/var/lib/kamhub/data` for root, the XDG data folder for a user."""
    if os.geteuid() == 0:
        return SYSTEM_DIR / "data"
    base = os.environ.get("XDG_DATA_HOME", "")
    return (Path(base) if base.startswith("/") else Path.home() / ".local" / "share") / "kamhub"


def prepare_data_dir(path: Path) -> Path:
    """Make the data folder if it is missing and return its real path.

    Root's gets 0711 so that the database account can pass through to its own part; a user's gets 0700.
    Raises EmbeddedDatabaseError when it cannot be made or written to.
    """
    try:
        make_folder(path.absolute(), 0o711 if os.geteuid() == 0 else 0o700)
    except OSError as error:
        raise EmbeddedDatabaseError(f"the data folder {path} cannot be made: {error.strerror}") from error
    if not os.access(path, os.R_OK | os.W_OK | os.X_OK):
        raise EmbeddedDatabaseError(f"the data folder {path} may not be used by the current user")
    return path.resolve()


class DataDirLock:
    """Exclusive use of a data folder for as long as this process lives; children do not inherit it."""

    def __init__(self, data_dir: Path, url: str = "") -> None:
        self.data_dir = data_dir
        self._url = url
        self._descriptor: int | None = None

    def acquire(self) -> None:
        """Take the lock.

        Raises DataDirBusy when another process has it, EmbeddedDatabaseError when the folder cannot be used.
        """
        self.data_dir = prepare_data_dir(self.data_dir)
        try:
            descriptor = _open(self.data_dir)
        except OSError as error:
            raise EmbeddedDatabaseError(f"{error.filename} cannot be opened: {error.strerror}") from error
        if not _take(descriptor):
            holder = _read(descriptor)
            os.close(descriptor)
            raise DataDirBusy(self.data_dir, holder.pid, holder.url)
        self._descriptor = descriptor
        self.announce(self._url)

    def announce(self, url: str) -> None:
        """Write down our process id and the address people open, for whoever comes second."""
        if self._descriptor is None:
            raise RuntimeError("the lock is not held")
        self._url = url
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, f"{os.getpid()}\n{url}\n".encode(), 0)

    def release(self) -> None:
        """Let go; the file stays, because removing it would let two processes lock two different files."""
        if self._descriptor is not None:
            os.ftruncate(self._descriptor, 0)
            os.close(self._descriptor)
            self._descriptor = None

    def __enter__(self) -> Self:
        self.acquire()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


def lock_holder(data_dir: Path) -> LockHolder | None:
    """Who holds the lock of `data_dir` right now (this process included), or None when it is free."""
    try:
        descriptor = os.open(data_dir / _LOCK_NAME, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return _read(descriptor)
    else:
        return None
    finally:
        os.close(descriptor)


def _open(data_dir: Path) -> int:
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(data_dir / _LOCK_NAME, flags, 0o600)
    own_like_folder(descriptor, data_dir)
    return descriptor


def _take(descriptor: int) -> bool:
    for _ in range(_ATTEMPTS):
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(_PAUSE)
        else:
            return True
    return False


def _read(descriptor: int) -> LockHolder:
    lines = os.pread(descriptor, 4096, 0).decode("utf-8", "replace").splitlines()
    pid = int(lines[0]) if lines and lines[0].isdigit() else None
    return LockHolder(pid, lines[1] if len(lines) > 1 else "")
