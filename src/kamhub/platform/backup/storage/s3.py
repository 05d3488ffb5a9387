"""Backups on an S3-compatible service: objects below ``prefix/name/``, requests signed (SigV4), addresses in path style."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from kamhub.platform.backup.manifest import MANIFEST
from kamhub.platform.backup.rules import moment_of
from kamhub.platform.backup.types import BackupCorrupt, BackupError, PlaceName, Progress, Stop, StoredFile

_MOST_AT_ONCE = 1000  # keys that one request may delete
_CODE = re.compile(r"An error occurred \((\w+)\)")
_MISSING = frozenset({"404", "NoSuchKey", "NotFound"})


@dataclass(frozen=True, slots=True)
class S3Address:
    """Where the objects live and how to sign. ``endpoint`` None is Amazon's own."""

    bucket: str
    prefix: str
    region: str
    endpoint: str | None
    access_key: str = field(repr=False)
    secret_key: str = field(repr=False)


class S3Storage:
    """The manifest is written last and removed first, so a backup without it is none."""

    place: PlaceName = "s3"

    def __init__(self, address: S3Address) -> None:
        self._address = address
        self._prefix = address.prefix.strip("/") + "/" if address.prefix.strip("/") else ""

    @cached_property
    def _client(self) -> Any:
        import boto3
        from botocore.config import Config

        settings = Config(
            signature_version="s3v4",
            s3={"addressing_style": "path"},
            retries={"max_attempts": 5, "mode": "standard"},
            connect_timeout=10,
            read_timeout=60,
            # Newer checksums are refused by some services; ours are in the manifest.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        )
        return boto3.client(
            "s3",
            endpoint_url=self._address.endpoint,
            region_name=self._address.region,
            aws_access_key_id=self._address.access_key,
            aws_secret_access_key=self._address.secret_key,
            config=settings,
        )

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
        from botocore.exceptions import ClientError

        with self._in_a_sentence():
            try:
                reply = self._client.get_object(Bucket=self._address.bucket, Key=self._key(name, note))
            except ClientError as error:
                if error.response.get("Error", {}).get("Code") in _MISSING:
                    return None
                raise
            content: bytes = reply["Body"].read()
            return content

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
        from botocore.exceptions import ClientError

        counter = _Counter(sum(file.size for file in files), "download", stop, say)
        with self._in_a_sentence():
            for file in files:
                into = scratch / file.path
                into.parent.mkdir(parents=True, exist_ok=True)
                try:
                    self._client.download_file(
                        self._address.bucket, self._key(name, file.path), str(into), Callback=counter
                    )
                except ClientError as error:
                    if error.response.get("Error", {}).get("Code") in _MISSING:
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
        from boto3.exceptions import Boto3Error
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            yield
        except ClientError as error:
            code = error.response.get("Error", {}).get("Code", "unknown")
            raise BackupError(f"The S3 service refuses: {code} (bucket {self._address.bucket}).") from error
        except (BotoCoreError, Boto3Error) as error:
            code = _CODE.search(str(error))
            why = code[1] if code else type(error).__name__
            raise BackupError(f"The S3 service cannot be used: {why} (bucket {self._address.bucket}).") from error


class _Counter:
    """Told bytes as they go, from threads of the library; raises there when it is to stop."""

    def __init__(self, total: int, what: str, stop: Stop, say: Progress) -> None:
        self._total, self._what, self._stop, self._say = max(total, 1), what, stop, say
        self._done = 0

    def __call__(self, size: int) -> None:
        self._stop.check()
        self._done += size
        self._say(min(self._done, self._total), self._total, self._what)
