"""An asset, and what can be refused about one."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Literal, TypeAlias, get_args
from uuid import UUID

from kamhub.desk.knowledge.types import Source
from kamhub.kit.errors import Refusal
from kamhub.kit.text import mark
from kamhub.platform.job.types import Kind, Queue

MOST_BYTES = 50_000_000

AssetKind: TypeAlias = Literal["file", "url"]
AssetStatus: TypeAlias = Literal["pending", "processing", "completed", "failed"]
Stage: TypeAlias = Literal["fetch", "read", "cut", "embed", "link"]
STATUSES: tuple[AssetStatus, ...] = get_args(AssetStatus)

# The job of one run, and the one that removes a file which nothing needs any more (``digest`` in hex).
PROCESS = Kind("asset.process", Queue.KNOWLEDGE, "tenant", frozenset({"asset_id", "run_number"}))
FORGET_FILE = Kind("asset.forget_file", Queue.MAINTENANCE, "tenant", frozenset({"digest"}))
LOOK_AFTER = Kind("asset.look_after", Queue.MAINTENANCE, "system")

# Codes of why an asset failed, beside those of reading (``extraction.Reason``) and fetching (``outbound.FetchReason``).
INTERRUPTED = "interrupted"
FILE_MISSING = "file_missing"


@dataclass(frozen=True, slots=True)
class Asset:
    """A file, or what is at an address.

    ``digest`` is SHA-256 of the file, ``text_digest`` of the text as it is kept; ``error`` is the code of a sentence that
    ``error_facts`` fill. ``reread_hours`` is how often an address is read again, ``etag`` what its server said of its version.
    """

    id: UUID
    kind: AssetKind
    name: str
    url: str | None
    category_id: UUID | None
    media_type: str | None
    size: int | None
    digest: bytes | None
    text_digest: bytes | None
    status: AssetStatus
    stage: Stage | None
    progress: int
    error: str | None
    error_facts: Mapping[str, str | int]
    run: int
    language: str | None
    pages: int | None
    chunk_count: int
    reread_hours: int | None
    reread_at: datetime | None
    read_at: datetime | None
    etag: str | None
    created_at: datetime
    created_by: str
    changed_at: datetime

    @property
    def source(self) -> Source:
        """The asset as a source of knowledge."""
        return Source("asset", self.id, self.name, self.category_id)

    @property
    def facts(self) -> dict[str, object]:
        """What the log says of it."""
        category = None if self.category_id is None else str(self.category_id)
        return {"name": self.name, "url": self.url, "category_id": category, "reread_hours": self.reread_hours}

    @property
    def facts_version(self) -> int:
        """By what its ``facts`` are told from others: a page that changes them is not outdated by a run."""
        return version_of(self.facts)

    @property
    def version(self) -> int:
        """By what one reading of it is told from the next: microseconds of its last change."""
        return int(self.changed_at.timestamp() * 1_000_000)


def version_of(facts: Mapping[str, object]) -> int:
    """A number below 10^9 that other facts do not have."""
    return zlib.crc32(repr(sorted(facts.items())).encode()) % (10**9 - 1) + 1


@dataclass(frozen=True, slots=True)
class NewFile:
    """A file to be taken in."""

    name: str
    media_type: str | None
    category_id: UUID | None


@dataclass(frozen=True, slots=True)
class NewUrl:
    """An address to be read, once or every so many hours."""

    url: str
    name: str | None
    category_id: UUID | None
    reread_hours: int | None


@dataclass(frozen=True, slots=True)
class AssetChange:
    """What is to change, by the names of ``Asset``; what is not named stays."""

    fields: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class AssetQuery:
    """Which assets; what is None does not narrow. ``text`` is looked for in name and address."""

    status: AssetStatus | None = None
    text: str | None = None
    category_id: UUID | None = None


class AssetNotFound(Refusal):
    """There is no such asset in this organisation."""

    code = "asset_not_found"
    status = HTTPStatus.NOT_FOUND
    title = mark("There is no such document")


class AssetNotRead(Refusal):
    """Its text, or its file, is not there (yet)."""

    code = "asset_not_read"
    status = HTTPStatus.CONFLICT
    title = mark("This document has not been read yet")


class AssetTooLarge(Refusal):
    """A file of more than ``MOST_BYTES``."""

    code = "too_large"
    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    title = mark("The file is too large: at most 50 MB")


class AssetEmpty(Refusal):
    """A file without a single byte."""

    code = "empty"
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    title = mark("The file is empty")


class FilesAway(Refusal):
    """The place where files are kept cannot be used."""

    code = "files_unavailable"
    status = HTTPStatus.SERVICE_UNAVAILABLE
    title = mark("Files cannot be kept right now; try again in a moment")

    def __init__(self) -> None:
        super().__init__(headers={"Retry-After": "10"})
