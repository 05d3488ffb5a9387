"""Pure decisions about backups: names, sizes, ages, what is kept, what is refused."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

from kamhub.platform.backup.types import (
    Backup,
    BackupCorrupt,
    BackupForeign,
    BackupNewer,
    BackupState,
    Manifest,
    PlaceName,
)

FORMAT = 1
PRODUCT = "kamhub"
TOO_OLD = timedelta(hours=7)  # one every six hours, and an hour to make it
SMALLEST_PART = 0.5  # of the one before
_NAME = re.compile(r"(\d{8}T\d{6}Z)-([0-9a-f]{8})")
_STAMP = "%Y%m%dT%H%M%SZ"
_LONGEST_NAME = 63  # bytes of a PostgreSQL identifier
_MOST_NAMED = 3
MINIMUM_TOOLS = 17


def backup_name(created_at: datetime, installation: UUID) -> str:
    """Such as ``20261129T060000Z-1a2b3c4d``: when, in UTC, and the beginning of whose it is. Names sort by age."""
    return f"{created_at.astimezone(UTC).strftime(_STAMP)}-{installation.hex[:8]}"


def moment_of(name: str) -> datetime | None:
    """When a backup of that name was made; None when it is no name of a backup."""
    match = _NAME.fullmatch(name)
    if match is None:
        return None
    try:
        return datetime.strptime(match[1], _STAMP).replace(tzinfo=UTC)
    except ValueError:
        return None


def belongs_to(name: str, installation: UUID) -> bool:
    """Whether a name says that it is a backup of that hub."""
    match = _NAME.fullmatch(name)
    return match is not None and match[2] == installation.hex[:8]


def is_safe_path(path: str) -> bool:
    """Whether a path of a manifest stays inside the backup."""
    parts = path.split("/")
    return bool(path) and "\\" not in path and not any(part in ("", ".", "..") for part in parts)


def too_small(size: int, before: int | None) -> bool:
    """Whether a backup lost so much against the one before that something must be missing."""
    return before is not None and size < before * SMALLEST_PART


def is_overdue(state: BackupState, now: datetime) -> bool:
    """Whether the newest backup is too old; a hub without any is given the same time from its first day."""
    return now - newest_of(state) > TOO_OLD


def newest_of(state: BackupState) -> datetime:
    """From when on the age of the newest backup is counted."""
    return max(state.created_at or state.since, state.since)


def to_remove(
    backups: Sequence[Backup], place: PlaceName, keep: timedelta, installation: UUID, now: datetime
) -> list[str]:
    """Names of this hub's backups in that place that have been kept long enough, the oldest first.

    Never the newest one that nothing bad is known of, never the newest one that was proven; when all are known to be
    spoilt, not the newest of them either.
    """
    ours = [b for b in backups if place in b.places and belongs_to(b.name, installation)]
    ours.sort(key=lambda backup: backup.created_at)
    spared = {_newest(b for b in ours if b.good), _newest(b for b in ours if b.proven)}
    if not any(b.good for b in ours):
        spared = {_newest(ours)}
    return [b.name for b in ours if now - b.created_at > keep and b.name not in spared]


def _newest(backups: Iterable[Backup]) -> str | None:
    names = [backup.name for backup in backups]
    return names[-1] if names else None


def differences(dumped: Mapping[str, int], loaded: Mapping[str, int]) -> str:
    """In words, which tables do not have the rows they had; empty when all have."""
    wrong = [
        f"{table}: {dumped.get(table, 'no table')} dumped, {loaded.get(table, 'no table')} loaded"
        for table in sorted({*dumped, *loaded})
        if dumped.get(table) != loaded.get(table)
    ]
    more = f" and {len(wrong) - _MOST_NAMED} more" if len(wrong) > _MOST_NAMED else ""
    return "; ".join(wrong[:_MOST_NAMED]) + more


def breaches_in_words(breaches: Mapping[str, int]) -> str:
    """Which promises do not hold, with how often; empty when all do."""
    return ", ".join(f"{name}: {count}" for name, count in breaches.items() if count)


def require_restorable(manifest: Manifest, *, newest_schema: int, server: int) -> None:
    """Raises ``BackupNewer`` when this program or that server is too old for the backup."""
    if manifest.schema > newest_schema:
        raise BackupNewer(
            f"{manifest.name} has the schema of version {manifest.schema}, this program knows {newest_schema}: "
            f"restore it with kamhub {manifest.program} or newer."
        )
    if manifest.server // 10000 > server // 10000:
        raise BackupNewer(
            f"{manifest.name} was made on PostgreSQL {manifest.server // 10000}, this server is {server // 10000}: "
            "restore it on a server of that version or a newer one."
        )


def require_own(manifest: Manifest, installation: UUID | None, *, empty: bool) -> None:
    """Raises ``BackupForeign`` when the backup is another hub's than the one whose data would be replaced.

    A hub without data (``empty``), or no hub at all, may become any: that is what a restore on a new machine is.
    """
    if installation is None or empty or manifest.installation == installation:
        return
    raise BackupForeign(
        f"{manifest.name} is a backup of another hub ({manifest.installation}), the database here is of {installation} "
        "and has data; --adopt restores it all the same."
    )


def require_files(manifest: Manifest) -> None:
    """Raises ``BackupCorrupt`` when the manifest names files outside the backup, or one twice."""
    paths = [file.path for file in manifest.files]
    if len(set(paths)) != len(paths) or not all(map(is_safe_path, paths)):
        raise BackupCorrupt(f"The manifest of {manifest.name} names files that cannot be.")


def database_beside(database: str, what: str) -> str:
    """The name of a database that belongs to ``database``, short enough for the server."""
    room = _LONGEST_NAME - len(what.encode()) - 1
    return f"{database.encode()[:room].decode(errors='ignore')}_{what}"


def tools_suit(tools_major: int, server: int) -> bool:
    """Whether client programs of that version may dump and load for the server: they must not be older than it."""
    return tools_major >= max(server // 10000, MINIMUM_TOOLS)
