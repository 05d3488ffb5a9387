"""What a backup is, what may be asked of it, and the ways in which it is refused."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal, TypeAlias
from uuid import UUID

Task: TypeAlias = Literal["create", "verify", "prune", "restore"]
PlaceName: TypeAlias = Literal["folder", "s3"]

# How far a verb is: done, total, of what.
Progress: TypeAlias = Callable[[int, int, str], None]
# Counts the breaches of every promise of the product in the database at that address of the running login.
Check: TypeAlias = Callable[[str], Mapping[str, int]]


class BackupError(Exception):
    """Something about a backup cannot be done; the text is a sentence for a person, without secrets."""


class BackupBusy(BackupError):
    """Another process of the fleet makes, verifies, restores or prunes backups of this database right now."""


class BackupNotFound(BackupError):
    """There is no complete backup of that name."""


class BackupCorrupt(BackupError):
    """It is not what was written: a file is missing, changed, or cannot be read."""


class BackupForeign(BackupError):
    """It is another hub's, or not made by this product at all."""


class BackupNewer(BackupError):
    """It was made by a newer program or a newer server than what it would be restored with."""


class BackupStopped(BackupError):
    """It was asked to stop before it was finished."""


class Stop:
    """Set from outside, from another thread, to end a verb early; what it has begun is removed."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def set(self) -> None:
        """Ask to stop."""
        self._event.set()

    def check(self) -> None:
        """Raises ``BackupStopped`` when it was asked for."""
        if self._event.is_set():
            raise BackupStopped("it was asked to stop")


def no_progress(_done: int, _total: int, _what: str) -> None:
    """For whoever does not want to know."""


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file of a backup as it is kept, encrypted if the backup is: path below the backup, bytes, hexadecimal SHA-256."""

    path: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup says of itself; the file never holds a secret or a person's data.

    ``tables`` are rows by table at the moment of the dump, of the very snapshot that was dumped; ``roles`` are those that
    the dump grants rights to; ``schema`` is the newest migration; ``server`` is such as 180006; ``key`` tells secret keys
    apart without giving anything of them away.
    """

    name: str
    installation: UUID
    created_at: datetime
    program: str
    schema: int
    server: int
    key: str
    encrypted: bool
    roles: tuple[str, ...]
    tables: Mapping[str, int]
    files: tuple[StoredFile, ...]

    @property
    def size(self) -> int:
        """Bytes of all its files."""
        return sum(file.size for file in self.files)


@dataclass(frozen=True, slots=True)
class Verification:
    """How the last verification of a backup ended; ``problem`` is empty when it was well."""

    at: datetime
    ok: bool
    seconds: float
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Backup:
    """A complete backup and the places it is kept in. ``manifest`` is None when it cannot be read: it is spoilt."""

    name: str
    created_at: datetime
    places: tuple[PlaceName, ...]
    manifest: Manifest | None
    verification: Verification | None = None

    @property
    def good(self) -> bool:
        """Whether nothing bad is known of it."""
        return self.manifest is not None and (self.verification is None or self.verification.ok)

    @property
    def proven(self) -> bool:
        """Whether it was restored once, and all was well."""
        return self.good and self.verification is not None


@dataclass(frozen=True, slots=True)
class Policy:
    """How long backups are kept in which place, and how many processes dump and load side by side."""

    local: timedelta
    remote: timedelta
    jobs: int = 2


@dataclass(frozen=True, slots=True)
class Pruned:
    """What was removed, as ``place/name``."""

    removed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Restored:
    """``kept_as`` is the name of the database that was there before, None when there was none."""

    backup: str
    kept_as: str | None
    migrations: int
    other_key: bool
    seconds: float


@dataclass(frozen=True, slots=True)
class BackupRun:
    """How one verb ended, as it is written down."""

    id: UUID
    task: Task
    backup: str | None
    started_at: datetime
    ended_at: datetime
    ok: bool
    size_bytes: int | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class BackupState:
    """What is known of the fleet's backups, for status and metrics; None where nothing happened yet.

    ``since`` is when there began to be something to back up, ``verified_ok`` is how the latest verification ended, ``verified_at`` when one was last well.
    """

    since: datetime
    created_at: datetime | None = None
    size_bytes: int | None = None
    created_ok: bool | None = None
    verified_at: datetime | None = None
    verified_ok: bool | None = None
    failures: Mapping[Task, int] = field(default_factory=dict)
