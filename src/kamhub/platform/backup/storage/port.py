"""What a place for backups can do."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from kamhub.platform.backup.types import PlaceName, Progress, Stop, StoredFile


class Storage(Protocol):
    """A place for backups. Everything raises ``BackupError`` when the place cannot be reached or refuses."""

    @property
    def place(self) -> PlaceName:
        """Which one it is."""
        ...

    def names(self) -> list[str]:
        """Names of the complete backups, the oldest first."""
        ...

    def read(self, name: str, note: str) -> bytes | None:
        """A small file of a backup, such as its manifest; None when there is none."""
        ...

    def write(self, name: str, note: str, content: bytes) -> None:
        """Put a small file beside a backup, instead of what was there."""
        ...

    def put(self, name: str, staged: Path, files: Sequence[StoredFile], stop: Stop, say: Progress) -> None:
        """Take over a backup from a folder; it is there when this returns, and not before."""
        ...

    def fetch(self, name: str, files: Sequence[StoredFile], scratch: Path, stop: Stop, say: Progress) -> Path:
        """A folder with the files of a backup: its own, or ``scratch`` after they were brought there.

        Raises ``BackupCorrupt`` when one is missing.
        """
        ...

    def remove(self, name: str) -> None:
        """Remove a backup, or what is left of one: first what makes it complete."""
        ...

    def leftovers(self) -> list[str]:
        """Names of backups that were begun and not finished, or half removed."""
        ...
