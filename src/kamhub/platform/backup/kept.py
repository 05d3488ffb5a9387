"""What the product keeps in files beside the database, and so goes into every backup.

A feature that keeps files adds its folder here. Left out on purpose: the secret key, which must not lie beside what it
opens; notes and mails of a demo, which are made again.
"""

from __future__ import annotations

import os
import shutil
import tarfile
from dataclasses import dataclass
from pathlib import Path

from kamhub.platform.backup.types import BackupCorrupt, Stop

ARCHIVE = "files.tar"


@dataclass(frozen=True, slots=True)
class KeptFolder:
    """A folder below the data folder. Its files are written once under names of their own and never changed; hidden ones,
    and those in hidden folders, are not finished and are left out."""

    name: str
    why: str


KEPT: tuple[KeptFolder, ...] = (KeptFolder("assets", "what operators upload"),)


def pack(data_dir: Path, kept: tuple[KeptFolder, ...], into: Path, stop: Stop) -> bool:
    """Write the folders that exist into one archive; returns whether there was any.

    What vanishes meanwhile was removed by its owner, after the moment of the dump or before: it is left out.
    """
    folders = [data_dir / folder.name for folder in kept if (data_dir / folder.name).is_dir()]
    if not folders:
        return False
    with tarfile.open(into, "w") as archive:
        for folder in folders:
            archive.add(folder, folder.name, recursive=False)
            for path in sorted(folder.rglob("*")):
                stop.check()
                if _is_hidden(path.relative_to(folder)):
                    continue
                try:
                    archive.add(path, str(path.relative_to(data_dir)), recursive=False)
                except FileNotFoundError:
                    continue
    return True


def _is_hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)


def unpack(archive: Path, into: Path) -> list[str]:
    """Unpack into an empty folder; returns the names of the kept folders. Raises ``BackupCorrupt``."""
    try:
        with tarfile.open(archive) as opened:
            opened.extractall(into, filter="data")
    except (tarfile.TarError, OSError) as error:
        raise BackupCorrupt(f"The archive of files cannot be read: {type(error).__name__}.") from error
    return sorted(path.name for path in into.iterdir())


def put_in_place(unpacked: Path, data_dir: Path, names: list[str], suffix: str) -> None:
    """Move folders to where the product expects them; those that are there are kept under a dated name."""
    for name in names:
        place = data_dir / name
        if place.exists():
            place.rename(data_dir / f"{name}_{suffix}")
        shutil.move(str(unpacked / name), str(place))
        _own_like(place, data_dir)


def _own_like(folder: Path, model: Path) -> None:
    """As root, give what was unpacked to the owner of the data folder."""
    if os.geteuid() != 0:
        return
    entry = model.stat()
    for path in (folder, *folder.rglob("*")):
        os.chown(path, entry.st_uid, entry.st_gid, follow_symlinks=False)
