"""`DATA_DIR/log/postgres.log`: kept, read back after a failure, and bounded."""

from __future__ import annotations

import os
from pathlib import Path

from kamhub.platform.embedded.files import make_folder, own_like_folder

_LIMIT = 8 * 1024 * 1024  # bytes; twice as much may be on disk


def log_path(data_dir: Path) -> Path:
    """The log of the server of `data_dir`; its folder is made if missing."""
    make_folder(data_dir / "log", 0o700)
    return data_dir / "log" / "postgres.log"


def size(path: Path) -> int:
    """Bytes in the log now."""
    return path.stat().st_size if path.exists() else 0


def read_from(path: Path, offset: int) -> str:
    """What was written after `offset`, at most the last 64 KiB of it."""
    with path.open("rb") as file:
        file.seek(max(offset, size(path) - 65536))
        return file.read().decode("utf-8", "replace")


def trim(path: Path, limit: int = _LIMIT) -> None:
    """Move the end of an overgrown log to `postgres.log.1` and empty it.

    The server keeps its descriptor, which appends, so it writes on at the new end.
    """
    grown = size(path)
    if grown <= limit:
        return
    with path.open("rb") as file:
        file.seek(grown - limit)
        end = file.read(limit)
    older = path.with_name(f"{path.name}.1")
    descriptor = os.open(older, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        own_like_folder(file.fileno(), older.parent)
        file.write(end)
    os.truncate(path, 0)
