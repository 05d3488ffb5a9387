"""Files of the data folder that others on the machine may read."""

from __future__ import annotations

import stat
from dataclasses import replace
from pathlib import Path

from kamhub.platform.monitoring.types import Finding

_SECRET_FILES = ("secret.key", "demo-password", "demo.json")
_OTHERS = stat.S_IRWXG | stat.S_IRWXO
# Root's folder lets the account of the database pass through, and nobody look around.
_OTHERS_LOOK_OR_WRITE = stat.S_IRGRP | stat.S_IWGRP | stat.S_IROTH | stat.S_IWOTH


def look_at_files(folder: Path, *, production: bool) -> list[Finding]:
    """The folder and each file with a secret in it, as far as they are there.

    In development a folder that others may look into is no fault, a secret that they may read is.
    """
    folders = [_look(folder, "data folder for others", _OTHERS_LOOK_OR_WRITE, "0700")] if folder.is_dir() else []
    if not production:
        folders = [replace(finding, ok=True, note=not finding.ok) for finding in folders]
    files = [folder / name for name in _SECRET_FILES]
    return folders + [_look(path, path.name, _OTHERS, "0600") for path in files if path.is_file()]


def _look(path: Path, name: str, forbidden: int, wanted: str) -> Finding:
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
    except OSError as error:
        return Finding(name, False, f"{path} cannot be looked at: {error.strerror}")
    if mode & forbidden:
        return Finding(name, False, f"others may use it (mode {mode:04o}): chmod {wanted} {path}")
    return Finding(name, True, f"mode {mode:04o}")
