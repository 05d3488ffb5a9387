"""A file while it comes in: written to a name of its own and hashed on the way, so that it is never in memory as a whole."""

from __future__ import annotations

import asyncio
import hashlib
import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import BinaryIO
from uuid import uuid4

from kamhub.platform.file.types import FilesUnavailable, FileTooLarge, Staged

# What is gathered before it is written, by a thread, so that a slow disk holds nobody else up.
_AT_A_TIME = 1_000_000
# What a process that was killed has left behind is removed by the next that writes, when it is so old.
_ABANDONED_SECONDS = 24 * 3600


class Staging:
    """Made by ``staging_in``. ``size`` is what has come so far."""

    def __init__(self, path: Path, file: BinaryIO, most: int) -> None:
        self._path = path
        self._file = file
        self._most = most
        self._hash = hashlib.sha256()
        self._waiting: list[bytes] = []
        self._length = 0
        self.size = 0

    async def add(self, part: bytes) -> None:
        """Write what comes next. Raises ``FileTooLarge``, ``FilesUnavailable``."""
        self.size += len(part)
        if self.size > self._most:
            raise FileTooLarge
        self._waiting.append(part)
        self._length += len(part)
        if self._length >= _AT_A_TIME:
            await self._write()

    async def finish(self) -> Staged:
        """That was all of it; returns when it is on the disk. Raises ``FilesUnavailable``."""
        await self._write()
        try:
            await asyncio.to_thread(self._sync)
        except OSError as error:
            raise FilesUnavailable(error.strerror or type(error).__name__) from error
        return Staged(self._path, self._hash.digest(), self.size)

    async def _write(self) -> None:
        parts, self._waiting, self._length = self._waiting, [], 0
        try:
            await asyncio.to_thread(self._write_down, parts)
        except OSError as error:
            raise FilesUnavailable(error.strerror or type(error).__name__) from error

    def _write_down(self, parts: list[bytes]) -> None:
        for part in parts:
            self._hash.update(part)
            self._file.write(part)

    def _sync(self) -> None:
        self._file.flush()
        os.fsync(self._file.fileno())


@asynccontextmanager
async def staging_in(folder: Path, most: int) -> AsyncIterator[Staging]:
    """A file to be written in that folder; its own name is gone when the block ends. Raises ``FilesUnavailable``."""
    path = folder / uuid4().hex
    try:
        file = await asyncio.to_thread(_open, path)
    except OSError as error:
        raise FilesUnavailable(error.strerror or type(error).__name__) from error
    try:
        yield Staging(path, file, most)
    finally:
        file.close()
        path.unlink(missing_ok=True)


def _open(path: Path) -> BinaryIO:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    _remove_abandoned(path.parent)
    return path.open("xb")


def _remove_abandoned(folder: Path) -> None:
    oldest = time.time() - _ABANDONED_SECONDS
    for entry in folder.iterdir():
        try:
            if entry.stat().st_mtime < oldest:
                entry.unlink()
        except FileNotFoundError:  # another process was faster
            continue
