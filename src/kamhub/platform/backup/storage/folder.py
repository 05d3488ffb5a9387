"""Backups in a folder of this machine, or a disk that is mounted there."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from kamhub.platform.backup.manifest import MANIFEST
from kamhub.platform.backup.rules import moment_of
from kamhub.platform.backup.types import BackupCorrupt, BackupError, PlaceName, Progress, Stop, StoredFile

_PARTIAL = ".partial-"


class FolderStorage:
    """One folder a backup. What is unfinished has a name that begins with ``.partial-``."""

    place: PlaceName = "folder"

    def __init__(self, root: Path) -> None:
        self.root = root

    def staging(self, name: str) -> Path:
        """A fresh folder, beside the finished ones, to make a backup in."""
        with _in_a_sentence(self.root):
            self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
            path = self.root / f"{_PARTIAL}{name}"
            shutil.rmtree(path, ignore_errors=True)
            path.mkdir(mode=0o700)
            return path

    def names(self) -> list[str]:
        """See the port."""
        with _in_a_sentence(self.root):
            if not self.root.exists():
                return []
            found = [entry.name for entry in self.root.iterdir() if (entry / MANIFEST).is_file()]
        return sorted(name for name in found if moment_of(name) is not None)

    def read(self, name: str, note: str) -> bytes | None:
        """See the port."""
        with _in_a_sentence(self.root):
            try:
                return (self.root / name / note).read_bytes()
            except (FileNotFoundError, NotADirectoryError):
                return None

    def write(self, name: str, note: str, content: bytes) -> None:
        """See the port."""
        with _in_a_sentence(self.root):
            fresh = self.root / name / f".{note}.new"
            fresh.write_bytes(content)
            fresh.replace(self.root / name / note)

    def put(self, name: str, staged: Path, files: Sequence[StoredFile], stop: Stop, say: Progress) -> None:
        """See the port. The staged folder is moved here, it is no copy."""
        stop.check()
        with _in_a_sentence(self.root):
            for path in (*(staged / file.path for file in files), staged / MANIFEST, staged):
                _sync(path)
            staged.rename(self.root / name)
            _sync(self.root)
        say(1, 1, "keep")

    def fetch(self, name: str, files: Sequence[StoredFile], scratch: Path, stop: Stop, say: Progress) -> Path:
        """See the port."""
        del scratch, stop, say
        folder = self.root / name
        for file in files:
            if not (folder / file.path).is_file():
                raise BackupCorrupt(f"{name} is spoilt: {file.path} is missing in {folder}.")
        return folder

    def remove(self, name: str) -> None:
        """See the port."""
        with _in_a_sentence(self.root):
            whole, partial = self.root / name, self.root / f"{_PARTIAL}{name}"
            if whole.is_dir():
                shutil.rmtree(partial, ignore_errors=True)
                whole.rename(partial)
            if partial.is_dir():
                shutil.rmtree(partial)

    def leftovers(self) -> list[str]:
        """See the port."""
        with _in_a_sentence(self.root):
            found = self.root.glob(f"{_PARTIAL}*") if self.root.is_dir() else ()
            return sorted(path.name.removeprefix(_PARTIAL) for path in found)


@contextmanager
def _in_a_sentence(root: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise BackupError(f"The folder of backups {root} cannot be used: {error.strerror or error}.") from error


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
