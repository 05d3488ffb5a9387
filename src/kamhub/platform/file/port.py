"""What a place for files can do."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Protocol
from uuid import UUID

from kamhub.platform.file.staging import Staging
from kamhub.platform.file.types import Staged


class FileStore(Protocol):
    """Everything raises ``FilesUnavailable`` when the place cannot be reached or refuses."""

    def staging(self, most: int) -> AbstractAsyncContextManager[Staging]:
        """A file to be written, of at most so many bytes; what was not kept when the block ends is gone."""
        ...

    async def keep(self, organisation_id: UUID, staged: Staged) -> None:
        """Keep it: there when this returns. What is kept already stays as it is."""
        ...

    async def has(self, organisation_id: UUID, digest: bytes) -> bool:
        """Whether there is such a file."""
        ...

    def opened(self, organisation_id: UUID, digest: bytes) -> AbstractAsyncContextManager[Path]:
        """The file as one of this machine, to be read and not to be changed, until the block ends.

        Raises ``FileMissing``.
        """
        ...

    async def remove(self, organisation_id: UUID, digest: bytes) -> None:
        """Remove it; what is not there is no fault."""
        ...
