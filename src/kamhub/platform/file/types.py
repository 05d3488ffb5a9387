"""A file before it is kept, and what can be wrong with it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Staged:
    """A whole file that is not kept yet: where it lies for the moment, its SHA-256 (32 bytes) and its size in bytes."""

    path: Path
    digest: bytes
    size: int


class FileTooLarge(Exception):
    """More bytes came than may; nothing is kept of them."""


class FileMissing(Exception):
    """There is no such file."""


class FilesUnavailable(Exception):
    """The place of the files cannot be used now; it may be tried again."""
