"""Backups on an S3-compatible service: objects below ``prefix/name/``, requests signed (SigV4), addresses in path style."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

from kamhub.platform.backup.manifest import MANIFEST
from kamhub.platform.backup.rules import moment_of
from kamhub.platform.backup.types import BackupCorrupt, BackupError, PlaceName, Progress, Stop, StoredFile
from kamhub.platform.s3.client import S3Refused, client_of, in_a_sentence
from kamhub.platform.s3.types import S3Address

_MOST_AT_ONCE = 1000  # keys that one request may delete


class S3Storage:
    """The manifest is written last and removed first, so a backup without it is none."""

    place: PlaceName = "s3"

    def __init__(self, address: S3Address) -> None:
        self._address = address
        self._prefix = address.root

    @cached_property
    def _client(self) -> Any:
        return client_of(self._address)

    def names(self) -> list[str]:
        """See the port."""
        return [name for name, complete in self._found().items() if complete]

    def leftovers(self) -> list[str]:
        """See the port."""
        return [name for name, complete in self._found().items() if not complete]

    def _found(self) -> dict[str, bool]:
        """Whether it has a manifest, by name."""
        found: dict[str, bool] = {}
        for key in self._keys(""):
            name, _, path = key.removeprefix(self._prefix).partition("/")
            if moment_of(name) is not None:
                found[name] = found.get(name, False) or path == MANIFEST
        return dict(sorted(found.items()))

    def read(self, name: str, note: str) -> bytes | None:
        """See the port."""
        try:
            with in_a_sentence(self._address):
                reply = self._client.get_object(Bucket=self._address.bucket, Key=self._key(name, note))
                content: bytes = reply["Body"].read()
                return content
        except S3Refused as refused:
            if refused.missing:
                return None
            raise BackupError(str(refused)) from refused

    def write(self, name: str, note: str, content: bytes) -> None:
        """See the port."""
        with self._in_a_sentence():
            self._client.put_object(Bucket=self._address.bucket, Key=self._key(name, note), Body=content)

    def put(self, name: str, staged: Path, files: Sequence[StoredFile], stop: Stop, say: Progress) -> None:
        """See the port."""
        counter = _Counter(sum(file.size for file in files), "upload", stop, say)
        with self._in_a_sentence():
            for file in files:
                key = self._key(name, file.path)
                self._client.upload_file(str(staged / file.path), self._address.bucket, key, Callback=counter)
                kept = self._client.head_object(Bucket=self._address.bucket, Key=key)["ContentLength"]
                if kept != file.size:
                    raise BackupError(f"The S3 service kept {kept} of {file.size} bytes of {file.path}.")
        self.write(name, MANIFEST, (staged / MANIFEST).read_bytes())

    def fetch(self, name: str, files: Sequence[StoredFile], scratch: Path, stop: Stop, say: Progress) -> Path:
        """See the port."""
        counter = _Counter(sum(file.size for file in files), "download", stop, say)
        with self._in_a_sentence():
            for file in files:
                into = scratch / file.path
                into.parent.mkdir(parents=True, exist_ok=True)
                try:
                    with in_a_sentence(self._address):
                        self._client.download_file(
                            self._address.bucket, self._key(name, file.path), str(into), Callback=counter
                        )
                except S3Refused as refused:
                    if refused.missing:
                        raise BackupCorrupt(f"{name} is spoilt: {file.path} is missing on the S3 service.") from None
                    raise
        return scratch

    def remove(self, name: str) -> None:
        """See the port."""
        with self._in_a_sentence():
            self._client.delete_object(Bucket=self._address.bucket, Key=self._key(name, MANIFEST))
            keys = list(self._keys(f"{name}/"))
            for start in range(0, len(keys), _MOST_AT_ONCE):
                objects = [{"Key": key} for key in keys[start : start + _MOST_AT_ONCE]]
                reply = self._client.delete_objects(Bucket=self._address.bucket, Delete={"Objects": objects})
                if errors := reply.get("Errors"):
                    raise BackupError(f"The S3 service would not delete {len(errors)} object(s) of {name}.")

    def _keys(self, below: str) -> Iterator[str]:
        with self._in_a_sentence():
            pages = self._client.get_paginator("list_objects_v2")
            for page in pages.paginate(Bucket=self._address.bucket, Prefix=self._prefix + below):
                yield from (entry["Key"] for entry in page.get("Contents", ()))

    def _key(self, name: str, path: str) -> str:
        return f"{self._prefix}{name}/{path}"

    @contextmanager
    def _in_a_sentence(self) -> Iterator[None]:
        try:
            with in_a_sentence(self._address):
                yield
        except S3Refused as refused:
            raise BackupError(str(refused)) from refused


class _Counter:
    """Told bytes as they go, from threads of the library; raises there when it is to stop."""

    def __init__(self, total: int, what: str, stop: Stop, say: Progress) -> None:
        self._total, self._what, self._stop, self._say = max(total, 1), what, stop, say
        self._done = 0

    def __call__(self, size: int) -> None:
        self._stop.check()
        self._done += size
        self._say(min(self._done, self._total), self._total, self._what)
