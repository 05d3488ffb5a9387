"""Proving that a backup can be restored, by restoring it into a database that nobody uses."""

from __future__ import annotations

import secrets
import time

from kamhub.platform.backup.actions.listing import chosen, newest
from kamhub.platform.backup.actions.load import load_into, opened, require_loadable
from kamhub.platform.backup.manifest import MANIFEST, VERIFIED, write_verification
from kamhub.platform.backup.rules import database_beside
from kamhub.platform.backup.services import Backups, in_a_sentence
from kamhub.platform.backup.store import server
from kamhub.platform.backup.types import (
    BackupBusy,
    BackupCorrupt,
    BackupError,
    BackupNotFound,
    BackupStopped,
    PlaceName,
    Progress,
    Stop,
    Verification,
    no_progress,
)

_SCRATCH = "verify_"


def verify(
    backups: Backups,
    name: str | None = None,
    *,
    place: PlaceName | None = None,
    stop: Stop | None = None,
    say: Progress = no_progress,
) -> tuple[str, Verification]:
    """Restore a backup (the newest unless named) into a scratch database and check it; returns its name and how it went.

    The result is noted beside the backup, also a bad one, which is then raised: ``BackupCorrupt`` says that the backup is
    bad, any other ``BackupError`` that it could not be found out. Raises ``BackupNotFound``, ``BackupBusy``.
    """
    stopping = stop or Stop()
    if name is None:
        found = newest(backups)
        if found is None:
            raise BackupNotFound("There is no backup yet: `kamhub backup create` makes one.")
        name = found.name
    began, at = time.monotonic(), backups.clock.now()
    try:
        _restore_into_scratch(backups, name, place, stopping, say)
    except BackupCorrupt as corrupt:
        _note(backups, name, Verification(at, False, time.monotonic() - began, str(corrupt)))
        raise
    result = Verification(at, True, time.monotonic() - began)
    _note(backups, name, result)
    return name, result


def _restore_into_scratch(backups: Backups, name: str, place: PlaceName | None, stop: Stop, say: Progress) -> None:
    storage, manifest = chosen(backups, name, place)
    with backups.alone(loading=True) as connection, in_a_sentence():
        prefix = database_beside(backups.database, _SCRATCH)
        for left in server.databases_like(connection, prefix):
            server.drop_database(connection, left)  # of a verification that was killed: nobody else holds the lock
        require_loadable(connection, manifest)
        scratch = f"{prefix}{secrets.token_hex(4)}"
        with opened(backups, storage, manifest, stop, say) as backup:
            load_into(backups, connection, backup, scratch, backups.database, stop, say)
        server.drop_database(connection, scratch)


def _note(backups: Backups, name: str, verification: Verification) -> None:
    """Into every place that has the backup; one that is away now loses nothing but a remark."""
    for storage in backups.places:
        try:
            if storage.read(name, MANIFEST) is not None:
                storage.write(name, VERIFIED, write_verification(verification))
        except (BackupBusy, BackupStopped):
            raise
        except BackupError:
            continue
