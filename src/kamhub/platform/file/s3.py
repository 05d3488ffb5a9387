"""Files on an S3-compatible service: objects below ``prefix/assets/``, so that every machine sees every file."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID, uuid4

from kamhub.platform.file.staging import Staging, staging_in
from kamhub.platform.file.types import FileMissing, FilesUnavailable, Staged
from kamhub.platform.s3.client import S3Refused, client_of, in_a_sentence
from kamhub.platform.s3.types import S3Address

_BELOW = "assets"
Result = TypeVar("Result")


class S3Files:
    """``<prefix>/assets/<organisation>/<first two digits>/<SHA-256 in hex>``. The library blocks: it works in threads.

    ``scratch`` is where files lie while they come and go; a folder for temporary files unless given.
    """

    def __init__(self, address: S3Address, scratch: Path | None = None) -> None:
        self._address = address
        self._scratch = scratch or Path(tempfile.gettempdir()) / "kamhub-files"

    @cached_property
    def _client(self) -> Any:
        return client_of(self._address)

    def staging(self, most: int) -> AbstractAsyncContextManager[Staging]:
        """See the port."""
        return staging_in(self._scratch, most)

    async def keep(self, organisation_id: UUID, staged: Staged) -> None:
        """See the port."""
        key = self._key(organisation_id, staged.digest)
        await self._do(lambda: self._upload(key, staged))

    def _upload(self, key: str, staged: Staged) -> None:
        if self._size(key) == staged.size:
            return
        with staged.path.open("rb") as content:
            self._client.put_object(Bucket=self._address.bucket, Key=key, Body=content)
        if (kept := self._size(key)) != staged.size:
            raise FilesUnavailable(f"The S3 service kept {kept} of {staged.size} bytes.")

    async def has(self, organisation_id: UUID, digest: bytes) -> bool:
        """See the port."""
        key = self._key(organisation_id, digest)
        return await self._do(lambda: self._size(key)) is not None

    @asynccontextmanager
    async def opened(self, organisation_id: UUID, digest: bytes) -> AsyncIterator[Path]:
        """See the port."""
        key, path = self._key(organisation_id, digest), self._scratch / uuid4().hex
        try:
            await self._do(lambda: self._download(key, path))
            yield path
        finally:
            path.unlink(missing_ok=True)

    def _download(self, key: str, path: Path) -> None:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            with in_a_sentence(self._address):
                self._client.download_file(self._address.bucket, key, str(path))
        except S3Refused as refused:
            if refused.missing:
                raise FileMissing(key) from None
            raise

    async def remove(self, organisation_id: UUID, digest: bytes) -> None:
        """See the port."""
        key = self._key(organisation_id, digest)
        await self._do(lambda: self._client.delete_object(Bucket=self._address.bucket, Key=key))

    def _size(self, key: str) -> int | None:
        """Bytes of an object; None when there is none."""
        try:
            with in_a_sentence(self._address):
                return int(self._client.head_object(Bucket=self._address.bucket, Key=key)["ContentLength"])
        except S3Refused as refused:
            if refused.missing:
                return None
            raise

    async def _do(self, work: Callable[[], Result]) -> Result:
        def safely() -> Result:
            with in_a_sentence(self._address):
                return work()

        try:
            return await asyncio.to_thread(safely)
        except S3Refused as refused:
            raise FilesUnavailable(str(refused)) from refused
        except OSError as error:
            raise FilesUnavailable(error.strerror or type(error).__name__) from error

    def _key(self, organisation_id: UUID, digest: bytes) -> str:
        name = digest.hex()
        return f"{self._address.root}{_BELOW}/{organisation_id}/{name[:2]}/{name}"
