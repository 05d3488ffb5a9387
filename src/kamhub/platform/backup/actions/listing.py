"""Which backups there are, asked of the places they are kept in: it works without a database."""

from __future__ import annotations

from datetime import UTC, datetime

from kamhub.platform.backup.manifest import MANIFEST, VERIFIED, read_manifest, read_verification
from kamhub.platform.backup.rules import moment_of
from kamhub.platform.backup.services import Backups
from kamhub.platform.backup.storage.port import Storage
from kamhub.platform.backup.types import (
    Backup,
    BackupCorrupt,
    BackupForeign,
    BackupNewer,
    BackupNotFound,
    Manifest,
    PlaceName,
)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def listed(backups: Backups) -> list[Backup]:
    """Every complete backup, the oldest first, also of other hubs. Raises ``BackupError``."""
    found: dict[str, list[Storage]] = {}
    for storage in backups.places:
        for name in storage.names():
            found.setdefault(name, []).append(storage)
    return [_backup(name, places) for name, places in sorted(found.items())]


def _backup(name: str, storages: list[Storage]) -> Backup:
    manifest: Manifest | None = None
    for storage in storages:
        try:
            manifest = read_manifest(storage.read(name, MANIFEST) or b"", name)
            break
        except (BackupCorrupt, BackupForeign, BackupNewer):
            continue
    notes = [note for storage in storages if (note := read_verification(storage.read(name, VERIFIED)))]
    return Backup(
        name=name,
        created_at=moment_of(name) or _EPOCH,
        places=tuple(storage.place for storage in storages),
        manifest=manifest,
        verification=max(notes, key=lambda note: note.at, default=None),
    )


def chosen(backups: Backups, name: str, place: PlaceName | None) -> tuple[Storage, Manifest]:
    """The place to take a backup from and its manifest there; without a place the nearest that has it.

    Raises ``BackupNotFound``, ``BackupCorrupt``, ``BackupForeign``, ``BackupNewer``.
    """
    for storage in backups.places:
        if place is not None and storage.place != place:
            continue
        raw = storage.read(name, MANIFEST) if moment_of(name) is not None else None
        if raw is not None:
            return storage, read_manifest(raw, name)
    where = {"folder": " in the folder", "s3": " on the S3 service", None: ""}[place]
    raise BackupNotFound(f"There is no backup named {name}{where}: `kamhub backup list` shows those there are.")


def newest(backups: Backups) -> Backup | None:
    """The newest backup; None when there is none."""
    found = listed(backups)
    return found[-1] if found else None
