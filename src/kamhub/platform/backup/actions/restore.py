"""Replacing the database by what a backup holds."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import psycopg
from psycopg import Connection

from kamhub.platform.backup.actions.listing import chosen
from kamhub.platform.backup.actions.load import load_into, opened, require_loadable
from kamhub.platform.backup.kept import put_in_place, unpack
from kamhub.platform.backup.rules import database_beside, require_own
from kamhub.platform.backup.services import Backups, in_a_sentence
from kamhub.platform.backup.store import server, source
from kamhub.platform.backup.tools import with_database
from kamhub.platform.backup.types import (
    BackupError,
    Manifest,
    PlaceName,
    Progress,
    Restored,
    Stop,
    no_progress,
)


def restore(
    backups: Backups,
    name: str,
    *,
    place: PlaceName | None = None,
    adopt: bool = False,
    stop: Stop | None = None,
    say: Progress = no_progress,
) -> Restored:
    """Load a backup into a new database, check it, then let it take the place of the one there is, which is kept.

    Until the very last step nothing that is in use is touched. ``adopt`` allows a backup of another hub. Raises
    ``BackupNotFound``, ``BackupCorrupt``, ``BackupForeign``, ``BackupNewer``, ``BackupBusy``, ``BackupError``.
    """
    began, stopping = time.monotonic(), stop or Stop()
    storage, manifest = chosen(backups, name, place)
    with backups.alone(loading=True) as connection, in_a_sentence():
        there = server.database_exists(connection, backups.database)
        if there:
            _require_replaceable(backups, connection, manifest, adopt=adopt)
        require_loadable(connection, manifest)
        stamp = f"{backups.clock.now():%Y%m%d_%H%M%S}"
        fresh = database_beside(backups.database, f"restored_{stamp}")
        kept = database_beside(backups.database, f"before_{stamp}") if there else None
        with opened(backups, storage, manifest, stopping, say) as backup:
            model = backups.database if there else None
            applied = load_into(backups, connection, backup, fresh, model, stopping, say)
            with tempfile.TemporaryDirectory(prefix="kamhub-files-", dir=backups.data_dir) as scratch:
                names = unpack(backup.archive, Path(scratch)) if backup.archive else []
                _swap(backups, connection, fresh, kept)
                put_in_place(Path(scratch), backups.data_dir, names, f"before_{stamp}")
    return Restored(name, kept, applied, manifest.key != backups.key, time.monotonic() - began)


def _require_replaceable(backups: Backups, connection: Connection, manifest: Manifest, *, adopt: bool) -> None:
    with source.connected(with_database(backups.owner_url, backups.database)) as current:
        hub, empty = source.installation(current), source.is_empty(current)
    if not adopt:
        require_own(manifest, hub[0] if hub else None, empty=empty)
    if not server.may_end_others(connection):
        raise BackupError(
            "This login may not end the connections of web and worker: GRANT pg_signal_backend TO it, or stop them all and "
            "restore as a superuser."
        )


def _swap(backups: Backups, connection: Connection, fresh: str, kept: str | None) -> None:
    try:
        server.swap(connection, backups.maintenance_url, current=backups.database, fresh=fresh, kept=kept)
    except psycopg.Error as error:
        server.drop_database(connection, fresh)
        words = str(error).strip().splitlines()[0]
        raise BackupError(f"The databases could not be swapped, nothing was changed: {words}") from None
