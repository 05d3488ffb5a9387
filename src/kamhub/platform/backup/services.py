"""What the verbs work with."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import Connection
from psycopg.conninfo import conninfo_to_dict

from kamhub.kit.clock import Clock
from kamhub.platform.backup.cipher import Cipher
from kamhub.platform.backup.kept import KeptFolder
from kamhub.platform.backup.storage.folder import FolderStorage
from kamhub.platform.backup.storage.port import Storage
from kamhub.platform.backup.store import server, source
from kamhub.platform.backup.tools import with_database
from kamhub.platform.backup.types import BackupBusy, BackupError, Check, Policy


@dataclass(frozen=True, slots=True)
class Backups:
    """``reader_url`` is of a login that may read everything, ``owner_url`` of the one that is to own what is restored and may
    make databases, ``app_url`` of the running one; the first two are often the same. ``remote`` is None when backups are kept in
    the folder alone. ``key`` tells secret keys apart.
    """

    reader_url: str
    owner_url: str
    app_url: str
    folder: FolderStorage
    remote: Storage | None
    cipher: Cipher
    policy: Policy
    clock: Clock
    data_dir: Path
    key: str
    check: Check
    kept: tuple[KeptFolder, ...]
    pg_bin: Path | None = None

    @property
    def database(self) -> str:
        """Name of the product's database."""
        return str(conninfo_to_dict(self.app_url).get("dbname") or "")

    @property
    def maintenance_url(self) -> str:
        """The owner on the server's database `postgres`, which is there whatever becomes of ours."""
        return with_database(self.owner_url, "postgres")

    @property
    def places(self) -> tuple[Storage, ...]:
        """Where backups may be, the nearest first."""
        return (self.folder, self.remote) if self.remote else (self.folder,)

    @contextmanager
    def alone(self, *, loading: bool = False) -> Iterator[Connection]:
        """Hold the fleet's lock; yields a connection to the server, of the owner when something is to be loaded.

        Raises ``BackupBusy``, or ``BackupError`` when the server is away.
        """
        url = self.maintenance_url if loading else with_database(self.reader_url, "postgres")
        with (
            in_a_sentence(),
            source.connected(url) as connection,
            server.locked(connection, self.database) as taken,
        ):
            if not taken:
                raise BackupBusy("Another backup, verification, restore or pruning is under way: try again later.")
            yield connection


@contextmanager
def in_a_sentence() -> Iterator[None]:
    """What the database refuses or how it cannot be reached, as a ``BackupError``."""
    try:
        yield
    except psycopg.OperationalError as error:
        raise BackupError(f"The database cannot be reached: {_first_line(error)}") from error
    except psycopg.Error as error:
        raise BackupError(f"The database refuses: {_first_line(error)}") from error


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
