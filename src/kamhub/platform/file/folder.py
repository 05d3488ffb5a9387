"""Files in a folder of this machine, or on a disk that is mounted there."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from pathlib import Path
from uuid import UUID

from kamhub.platform.file.staging import Staging, staging_in
from kamhub.platform.file.types import FileMissing, FilesUnavailable, Staged

# Hidden, as everything that is not finished: backups leave it out.
_INCOMING = ".incoming"


class FolderFiles:
    """``<organisation>/<first two digits>/<SHA-256 in hex>`` below the root."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def staging(self, most: int) -> AbstractAsyncContextManager[Staging]:
        """See the port."""
        return staging_in(self._root / _INCOMING, most)

    async def keep(self, organisation_id: UUID, staged: Staged) -> None:
        """See the port."""
        await asyncio.to_thread(self._keep, self._path(organisation_id, staged.digest), staged.path)

    def _keep(self, path: Path, staged: Path) -> None:
        with _in_a_sentence():
            if path.exists():
                return
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            whole = staged.with_name(f"{staged.name}.whole")
            try:
                os.link(staged, whole)
            except OSError:  # a file system without hard links
                shutil.copyfile(staged, whole)
                _sync(whole)
            whole.rename(path)
            for folder in (path.parent, path.parent.parent, self._root):
                _sync(folder)

    async def has(self, organisation_id: UUID, digest: bytes) -> bool:
        """See the port."""
        return await asyncio.to_thread(self._path(organisation_id, digest).is_file)

    @asynccontextmanager
    async def opened(self, organisation_id: UUID, digest: bytes) -> AsyncIterator[Path]:
        """See the port."""
        if not await self.has(organisation_id, digest):
            raise FileMissing(digest.hex())
        yield self._path(organisation_id, digest)

    async def remove(self, organisation_id: UUID, digest: bytes) -> None:
        """See the port."""
        await asyncio.to_thread(self._remove, self._path(organisation_id, digest))

    def _remove(self, path: Path) -> None:
        with _in_a_sentence():
            path.unlink(missing_ok=True)

    def _path(self, organisation_id: UUID, digest: bytes) -> Path:
        name = digest.hex()
        return self._root / str(organisation_id) / name[:2] / name


@contextmanager
def _in_a_sentence() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise FilesUnavailable(error.strerror or type(error).__name__) from error


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
