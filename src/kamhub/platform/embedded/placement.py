"""Where a cluster lives: in the data folder, or beside the system's own when root's account cannot get there.

A root session may be given a data folder below a private one (`/tmp/pytest-of-root` is 0700). Permissions of
folders that are not ours are never loosened; the cluster moves to `SYSTEM_DIR/cluster/<id>/data` instead and
`DATA_DIR/postgres.location` names it. `<id>/origin` names the data folder back.
"""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from kamhub.platform.embedded.account import barrier, owner_account, service_account
from kamhub.platform.embedded.files import make_folder, random_name, read_text, write_private
from kamhub.platform.embedded.processes import cluster_processes
from kamhub.platform.embedded.types import EmbeddedDatabaseError, Placement

_FOLDER = "postgres"
_MARKER = "postgres.location"
_ORIGIN = "origin"
_UNFINISHED_AFTER = 3600.0  # seconds after which a folder without an origin is no longer being made


def cluster_path(data_dir: Path) -> Path:
    """Folder of the cluster of `data_dir` as recorded; it need not exist yet."""
    elsewhere = (read_text(data_dir / _MARKER) or "").strip()
    return Path(elsewhere) if elsewhere else data_dir / _FOLDER


def place(data_dir: Path, system_dir: Path) -> Placement:
    """Decide or recall where the cluster of `data_dir` lives and who runs it.

    Raises EmbeddedDatabaseError when its account cannot get there or it belongs to another data folder.
    """
    path = cluster_path(data_dir)
    if path.exists():
        account = owner_account(path)
    else:
        account = service_account(data_dir)
        if path.parent == data_dir and barrier(path, account) is not None:
            path = _reserve(data_dir, system_dir)
    wall = barrier(path, account)
    if wall is not None:
        who = account.name if account else "the current user"
        raise EmbeddedDatabaseError(f"PostgreSQL runs as {who}, who may not pass through {wall} to {path}")
    if path.parent != data_dir:
        _claim(path, data_dir)
    return Placement(path, account)


def remove(data_dir: Path) -> None:
    """Delete the cluster of `data_dir` and what recorded where it was. The server must be stopped."""
    path = cluster_path(data_dir)
    shutil.rmtree(path if path.parent == data_dir else path.parent, ignore_errors=True)
    (data_dir / _MARKER).unlink(missing_ok=True)


def remove_orphans(system_dir: Path) -> list[Path]:
    """Delete stopped clusters whose data folder, below the temporary folder, is gone or was made anew."""
    removed = []
    for folder in _clusters(system_dir):
        if _is_orphan(folder):
            shutil.rmtree(folder, ignore_errors=True)
            removed.append(folder)
    return removed


def _reserve(data_dir: Path, system_dir: Path) -> Path:
    make_folder(system_dir / "cluster", 0o711)
    folder = system_dir / "cluster" / random_name()
    # The marker comes first: a folder that no data folder speaks of counts as an orphan.
    write_private(data_dir / _MARKER, f"{folder / 'data'}\n")
    return folder / "data"


def _claim(path: Path, data_dir: Path) -> None:
    make_folder(path.parent, 0o711)
    origin = (read_text(path.parent / _ORIGIN) or "").strip()
    if origin == str(data_dir):
        return
    if origin and Path(origin) != data_dir and cluster_path(Path(origin)) == path:
        raise EmbeddedDatabaseError(
            f"{data_dir} is a copy of {origin} and both name the database {path}: "
            f"remove {data_dir / _MARKER} to begin with an empty one"
        )
    write_private(path.parent / _ORIGIN, f"{data_dir}\n")


def _clusters(system_dir: Path) -> Iterator[Path]:
    parent = system_dir / "cluster"
    if parent.is_dir():
        yield from (entry for entry in parent.iterdir() if entry.is_dir() and not entry.is_symlink())


def _is_orphan(folder: Path) -> bool:
    origin = (read_text(folder / _ORIGIN) or "").strip()
    try:
        if not origin:
            return time.time() - folder.stat().st_mtime > _UNFINISHED_AFTER
        temporary = {Path(tempfile.gettempdir()).resolve(), Path("/tmp").resolve()}  # noqa: S108 - looked up only
        if temporary.isdisjoint(Path(origin).parents) or cluster_path(Path(origin)) == folder / "data":
            return False
        return not (folder / "data").exists() or not cluster_processes(folder / "data")
    except OSError:
        # Another start removes the same orphan at this moment, or it lies where we may not look.
        return False
