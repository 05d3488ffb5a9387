"""Addresses of our own static files, with a hash of the content so that a browser may keep them for ever."""

from __future__ import annotations

import hashlib
from pathlib import Path

STATIC_DIR = Path(__file__).parent / "static"
STATIC_URL = "/static"
_HASH_LENGTH = 10


class StaticFiles:
    """The files of a folder, hashed once when the program starts."""

    def __init__(self, folder: Path = STATIC_DIR) -> None:
        files = (path for path in sorted(folder.rglob("*")) if path.is_file())
        self._urls = {name: f"{STATIC_URL}/{name}?v={_digest(path)}" for path in files if (name := _name(path, folder))}

    def url(self, name: str) -> str:
        """``app.css`` → ``/static/app.css?v=0123456789``. Raises ``KeyError`` for an unknown file."""
        return self._urls[name]


def _name(path: Path, folder: Path) -> str:
    return path.relative_to(folder).as_posix()


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:_HASH_LENGTH]
