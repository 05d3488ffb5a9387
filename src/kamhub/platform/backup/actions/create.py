"""Making a backup."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

from psycopg import Connection

import kamhub
from kamhub.platform.backup import tools
from kamhub.platform.backup.actions.listing import listed
from kamhub.platform.backup.kept import ARCHIVE, pack
from kamhub.platform.backup.manifest import MANIFEST, write_manifest
from kamhub.platform.backup.rules import backup_name
from kamhub.platform.backup.services import Backups, in_a_sentence
from kamhub.platform.backup.storage.port import Storage
from kamhub.platform.backup.store import source
from kamhub.platform.backup.types import BackupError, Manifest, Progress, Stop, StoredFile, no_progress

DUMP = "dump"


@dataclass(frozen=True, slots=True)
class _Content:
    """What was dumped, all of one moment."""

    tables: Mapping[str, int]
    schema: int
    roles: tuple[str, ...]


def create(backups: Backups, *, stop: Stop | None = None, say: Progress = no_progress) -> Manifest:
    """Make a backup and put it into every place it is to be kept in; returns its manifest.

    Raises ``BackupBusy``, or ``BackupError``; nothing is left then, but for the complete backup in the folder when it was
    the other place that refused.
    """
    stopping = stop or Stop()
    backups.cipher.parsed_recipients()
    with backups.alone():
        with in_a_sentence(), source.connected(backups.reader_url) as connection:
            hub = _require_hub(connection)
            created_at = _free_moment(backups, hub)
            staged = backups.folder.staging(backup_name(created_at, hub))
            try:
                content = _dump(backups, connection, staged, stopping, say)
            except BaseException:
                shutil.rmtree(staged, ignore_errors=True)
                raise
            server = connection.info.server_version
        try:
            manifest = _finish(backups, hub, created_at, server, content, staged, stopping, say)
            _keep(backups, manifest, staged, stopping, say)
        finally:
            shutil.rmtree(staged, ignore_errors=True)
    return manifest


def size_before(backups: Backups, manifest: Manifest) -> int | None:
    """Size of the newest good backup of this hub before that one, if it was kept in the same manner; else None."""
    sizes = [
        backup.manifest.size
        for backup in listed(backups)
        if backup.good
        and backup.manifest is not None
        and backup.manifest.installation == manifest.installation
        and backup.manifest.encrypted == manifest.encrypted
        and backup.created_at < manifest.created_at
    ]
    return sizes[-1] if sizes else None


def _require_hub(connection: Connection) -> UUID:
    """Which hub it is. Raises ``BackupError`` when this login may not dump it, or there is none."""
    hub = source.installation(connection) if source.may_read_all(connection) else None
    if hub is not None:
        return hub[0]
    if source.may_read_all(connection):
        raise BackupError("The database has not the schema of this program: run `kamhub migrate`.")
    raise BackupError(
        "This login may not read everything: set KAMHUB_BACKUP_DATABASE_URL, or KAMHUB_MIGRATION_DATABASE_URL, to the "
        "owner of the schema."
    )


def _free_moment(backups: Backups, hub: UUID) -> datetime:
    """Now, to the second; a second later when there is a backup of this one already."""
    moment = backups.clock.now().replace(microsecond=0)
    while any(_has(place, backup_name(moment, hub)) for place in backups.places):
        moment += timedelta(seconds=1)
    return moment


def _has(storage: Storage, name: str) -> bool:
    """Whether a place has it; one that is away must not keep the other from getting a backup."""
    try:
        return storage.read(name, MANIFEST) is not None
    except BackupError:
        return False


def _dump(backups: Backups, connection: Connection, staged: Path, stop: Stop, say: Progress) -> _Content:
    """Dump the database and count its rows side by side, both of the same snapshot, so that the numbers are exact."""
    programs = tools.find_tools(backups.reader_url, connection.info.server_version, backups.pg_bin)
    with source.frozen(connection) as snapshot, ThreadPoolExecutor(1, "pg_dump") as beside:
        sizes = source.table_sizes(connection)
        dumping = beside.submit(
            tools.dump,
            programs,
            backups.reader_url,
            staged / DUMP,
            snapshot,
            jobs=backups.policy.jobs,
            sizes=sizes,
            stop=stop,
            say=say,
        )
        try:
            content = _Content(
                source.count_rows(connection), source.schema_version(connection), source.roles(connection)
            )
        except BaseException:
            stop.set()
            raise
        dumping.result()
    return content


def _finish(
    backups: Backups,
    hub: UUID,
    created_at: datetime,
    server: int,
    content: _Content,
    staged: Path,
    stop: Stop,
    say: Progress,
) -> Manifest:
    """Add the files of the product, seal everything and write the manifest."""
    pack(backups.data_dir, backups.kept, staged / ARCHIVE, stop)
    manifest = Manifest(
        name=backup_name(created_at, hub),
        installation=hub,
        created_at=created_at,
        program=kamhub.__version__,
        schema=content.schema,
        server=server,
        key=backups.key,
        encrypted=backups.cipher.encrypts,
        roles=content.roles,
        tables=content.tables,
        files=_seal(backups, staged, stop, say),
    )
    (staged / MANIFEST).write_bytes(write_manifest(manifest))
    return manifest


def _seal(backups: Backups, staged: Path, stop: Stop, say: Progress) -> tuple[StoredFile, ...]:
    """Encrypt what is to be encrypted, and take the checksum of what will be kept."""
    paths = sorted(path for path in staged.rglob("*") if path.is_file())
    sealed = []
    for number, path in enumerate(paths, 1):
        stop.check()
        kept = backups.cipher.encrypt(path) if backups.cipher.encrypts else path
        sealed.append(StoredFile(str(kept.relative_to(staged)), kept.stat().st_size, digest(kept)))
        say(number, len(paths), "seal")
    return tuple(sealed)


def digest(path: Path) -> str:
    """Hexadecimal SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _keep(backups: Backups, manifest: Manifest, staged: Path, stop: Stop, say: Progress) -> None:
    here = staged
    if backups.policy.local:
        backups.folder.put(manifest.name, staged, manifest.files, stop, say)
        here = backups.folder.root / manifest.name
    if backups.remote is not None:
        backups.remote.put(manifest.name, here, manifest.files, stop, say)
