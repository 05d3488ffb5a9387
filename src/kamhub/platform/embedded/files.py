"""Writing small files so that a kill leaves the old or the new one, and no planted link leads elsewhere."""

from __future__ import annotations

import os
from pathlib import Path


def random_name() -> str:
    """A name that nobody guesses; `secrets` would load OpenSSL into a parent that is to stay small."""
    return os.urandom(8).hex()


def write_private(path: Path, text: str) -> None:
    """Replace `path` by `text`, mode 0600, owned like its folder, on disk when this returns.

    A fresh file is renamed over the old one: a symbolic link planted at `path` is replaced, never followed,
    which matters when root writes into a folder of an unprivileged account.
    """
    fresh = path.with_name(f".{path.name}.{random_name()}")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            own_like_folder(file.fileno(), path.parent)
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
    except OSError:
        fresh.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def own_like_folder(descriptor: int, folder: Path) -> None:
    """As root, give an open file to the owner of `folder`: root must not lock users out of their own data."""
    if os.geteuid() == 0:
        entry = folder.stat()
        os.fchown(descriptor, entry.st_uid, entry.st_gid)


def sync_folder(folder: Path) -> None:
    """Make renames inside `folder` survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def make_folder(path: Path, mode: int) -> None:
    """Make `path` with exactly `mode` and its missing parents with 0755; what exists is left as it is."""
    if path.is_dir():
        return
    make_folder(path.parent, 0o755)
    try:
        path.mkdir()
    except FileExistsError:
        return
    # Through a descriptor, so that a link put in its place meanwhile is not followed.
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        os.fchmod(descriptor, mode)
        own_like_folder(descriptor, path.parent)
    finally:
        os.close(descriptor)


def read_text(path: Path) -> str | None:
    """Text of `path`, or None when there is no such file."""
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except (FileNotFoundError, NotADirectoryError):
        return None
