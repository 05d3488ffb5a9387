"""Makes what backups are made with from the settings, and gives them the product's own checks."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

from pydantic import SecretStr

from kamhub.app.files import s3_address
from kamhub.hub.integrity.store.promises import INVARIANTS, count_breaches
from kamhub.kit.clock import Clock, SystemClock
from kamhub.platform.backup.cipher import Cipher
from kamhub.platform.backup.kept import KEPT
from kamhub.platform.backup.services import Backups
from kamhub.platform.backup.storage.folder import FolderStorage
from kamhub.platform.backup.storage.s3 import S3Storage
from kamhub.platform.backup.types import Policy
from kamhub.platform.crypto.keys import KeyRing
from kamhub.platform.database.pool import Database, PoolSizes
from kamhub.platform.embedded.address import running_address
from kamhub.platform.embedded.types import EmbeddedDatabaseError
from kamhub.platform.settings import Settings

FOLDER = "backups"
_ONE_EACH = PoolSizes(public=1, engine=1, tenant=1, system=1)


def make_backups(
    settings: Settings, app_url: str, data_dir: Path, keys: KeyRing | None, *, clock: Clock | None = None
) -> Backups:
    """What the verbs work with. The settings were judged when they were read. Listing needs neither address nor keys."""
    return Backups(
        reader_url=_login(settings.backup_database_url, settings.migration_database_url, app_url, data_dir),
        owner_url=_login(settings.migration_database_url, settings.backup_database_url, app_url, data_dir),
        app_url=app_url,
        folder=FolderStorage(settings.backup_dir or data_dir / FOLDER),
        remote=_remote(settings),
        cipher=Cipher(settings.backup_recipients, settings.backup_identity_file),
        policy=Policy(
            timedelta(days=settings.backup_local_days),
            timedelta(days=settings.backup_remote_days),
            settings.backup_jobs,
        ),
        clock=clock or SystemClock(),
        data_dir=data_dir,
        key=keys.sign("backup-key", b"which secret key").hex()[:16] if keys else "",
        check=check,
        kept=KEPT,
        pg_bin=settings.backup_pg_bin,
    )


def _login(wanted: SecretStr | None, instead: SecretStr | None, app_url: str, data_dir: Path) -> str:
    """A login with more rights than the running one: as set; of our own server its owner."""
    for named in (wanted, instead):
        if named is not None:
            return named.get_secret_value()
    try:
        ours = running_address(data_dir)
    except EmbeddedDatabaseError:
        ours = None  # not ours to read: then the running login has to do, and will say that it may not
    return ours.owner_url if ours is not None and ours.app_url == app_url else app_url


def _remote(settings: Settings) -> S3Storage | None:
    address = s3_address(settings)
    return S3Storage(address) if address else None


def check(app_url: str) -> dict[str, int]:
    """Breaches of every promise of the product in that database, by promise; for threads that run no loop."""
    return asyncio.run(count_all(app_url))


async def count_all(app_url: str) -> dict[str, int]:
    """The same. Raises ``DatabaseUnavailable``."""
    counts = {}
    async with Database(app_url, application="kamhub-check", sizes=_ONE_EACH, statement_timeout_seconds=0) as database:
        for invariant in INVARIANTS:
            async with database.system() as connection:
                counts[invariant.name] = await count_breaches(connection, invariant)
    return counts
