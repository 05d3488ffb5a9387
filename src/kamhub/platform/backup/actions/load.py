"""Loading a backup into a fresh database and looking whether everything is there; for verifying and for restoring."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import Connection

from kamhub.platform.backup import tools
from kamhub.platform.backup.actions.create import DUMP, digest
from kamhub.platform.backup.cipher import SUFFIX
from kamhub.platform.backup.kept import ARCHIVE
from kamhub.platform.backup.rules import breaches_in_words, differences, require_restorable
from kamhub.platform.backup.services import Backups
from kamhub.platform.backup.storage.port import Storage
from kamhub.platform.backup.store import server, source
from kamhub.platform.backup.tools import with_database
from kamhub.platform.backup.types import BackupCorrupt, BackupError, Manifest, Progress, Stop
from kamhub.platform.database.errors import DatabaseUnsuitable
from kamhub.platform.database.migrate import check_server, load_migrations, migrate


@dataclass(frozen=True, slots=True)
class Opened:
    """A backup on this machine, whole and in clear. ``archive`` are its files of the product, None when it has none."""

    manifest: Manifest
    dump: Path
    archive: Path | None


@contextmanager
def opened(backups: Backups, storage: Storage, manifest: Manifest, stop: Stop, say: Progress) -> Iterator[Opened]:
    """Bring a backup here, hold it against its checksums and decrypt it; the clear copy is removed afterwards.

    Raises ``BackupCorrupt``, or ``BackupError`` when it cannot be opened.
    """
    if manifest.encrypted:
        backups.cipher.identities()
    scratch = Path(tempfile.mkdtemp(prefix="kamhub-backup-", dir=_roomy(backups)))
    try:
        folder = storage.fetch(manifest.name, manifest.files, scratch / "fetched", stop, say)
        for number, file in enumerate(manifest.files, 1):
            stop.check()
            if (folder / file.path).stat().st_size != file.size or digest(folder / file.path) != file.sha256:
                where = "in the folder" if storage.place == "folder" else "on the S3 service"
                raise BackupCorrupt(f"{manifest.name} is spoilt: {file.path} {where} is not what was written.")
            say(number, len(manifest.files), "compare")
        if manifest.encrypted:
            folder = _decrypted(backups, manifest, folder, scratch / "clear", stop)
        archive = folder / ARCHIVE
        yield Opened(manifest, folder / DUMP, archive if archive.is_file() else None)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _roomy(backups: Backups) -> Path:
    """Beside the backups: where one was made there is room for one."""
    backups.folder.root.mkdir(mode=0o700, parents=True, exist_ok=True)
    return backups.folder.root


def _decrypted(backups: Backups, manifest: Manifest, folder: Path, clear: Path, stop: Stop) -> Path:
    for file in manifest.files:
        stop.check()
        into = clear / file.path.removesuffix(SUFFIX)
        into.parent.mkdir(parents=True, exist_ok=True)
        backups.cipher.decrypt(folder / file.path, into)
    return clear


def require_loadable(connection: Connection, manifest: Manifest) -> None:
    """Raises ``BackupNewer``, or ``BackupError`` when the server lacks what the backup needs and it cannot be made."""
    require_restorable(manifest, newest_schema=load_migrations()[-1].version, server=connection.info.server_version)
    if not server.may_create(connection):
        raise BackupError(
            "This login may not make a database to load the backup into: run ALTER ROLE … CREATEDB for it, or set "
            "KAMHUB_MIGRATION_DATABASE_URL to one that may."
        )
    try:
        check_server(connection)
    except DatabaseUnsuitable as unsuitable:
        raise BackupError(str(unsuitable)) from None
    server.create_running_roles(connection)
    if missing := server.missing_roles(connection, manifest.roles):
        raise BackupError(
            f"The backup gives rights to {', '.join(missing)}, which this server has not: roles belong to the server and are "
            "not in a backup. CREATE ROLE them first."
        )


def load_into(
    backups: Backups, connection: Connection, backup: Opened, fresh: str, model: str | None, stop: Stop, say: Progress
) -> int:
    """Make a database, load the backup into it and hold it against the manifest, the schema and every promise.

    Returns how many migrations it lacked. Whom the database ``model`` lets in is let in here. Raises ``BackupCorrupt``
    when something is not as it was; the database is dropped then.
    """
    server.create_database(connection, fresh)
    try:
        server.copy_access(connection, model, fresh)
        _load(backups, backup, with_database(backups.owner_url, fresh), stop, say)
        applied = _migrated(with_database(backups.owner_url, fresh))
        stop.check()
        _require_promises(backups, backup.manifest.name, with_database(backups.app_url, fresh))
    except BaseException:
        server.drop_database(connection, fresh)
        raise
    return applied


def _load(backups: Backups, backup: Opened, url: str, stop: Stop, say: Progress) -> None:
    with source.connected(url) as target:
        programs = tools.find_tools(url, target.info.server_version, backups.pg_bin)
        rows = {name.partition(".")[2]: count for name, count in backup.manifest.tables.items()}
        tools.load(programs, url, backup.dump, jobs=backups.policy.jobs, sizes=rows, stop=stop, say=say)
        if wrong := differences(backup.manifest.tables, source.count_rows(target)):
            raise BackupCorrupt(f"{backup.manifest.name} did not load completely: {wrong}.")
        source.analyse(target)


def _migrated(url: str) -> int:
    try:
        return len(migrate(url))
    except DatabaseUnsuitable as unsuitable:
        raise BackupCorrupt(f"The schema of the backup is not one of this program: {unsuitable}") from None


def _require_promises(backups: Backups, name: str, app_url: str) -> None:
    """The running login works, and nothing that the product promises is broken."""
    try:
        with source.connected(app_url) as running:
            source.take_each_role(running)
    except psycopg.Error as error:
        words = str(error).strip().splitlines()[0]
        raise BackupError(f"The running login cannot work on the loaded database: {words}") from None
    if broken := breaches_in_words(backups.check(app_url)):
        raise BackupCorrupt(f"{name} breaks promises of the product: {broken}.")
