"""What the embedded database is spoken of in: its address, where it lives, who runs it, what can go wrong."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

DATABASE = "kamhub"
OWNER = "kamhub_owner"
APP = "kamhub_app"


class EmbeddedDatabaseError(Exception):
    """The embedded database cannot do what was asked; the first line is a sentence for a person."""

    def __init__(self, message: str, log_tail: str = "") -> None:
        self.message = message
        self.log_tail = log_tail
        super().__init__(f"{message}\n{log_tail}" if log_tail else message)


class PortTaken(EmbeddedDatabaseError):
    """Another program listens on the port that the database wants."""


class DataDirBusy(EmbeddedDatabaseError):
    """Another process holds the lock of the data folder; `pid` is None when it could not be read."""

    def __init__(self, data_dir: Path, pid: int | None, url: str = "") -> None:
        self.data_dir = data_dir
        self.pid = pid
        self.url = url
        who = f"process {pid}" if pid is not None else "process unknown"
        at = f" at {url}" if url else ""
        super().__init__(f"another kamhub ({who}) is already using {data_dir}{at}")


@dataclass(frozen=True, slots=True)
class ClusterAddress:
    """Where the running server listens and the two logins it knows."""

    host: str
    port: int
    database: str
    owner_user: str
    owner_password: str = field(repr=False)
    app_user: str
    app_password: str = field(repr=False)

    @property
    def owner_url(self) -> str:
        """URL of the superuser that owns the schema: for migrations, backup and restore."""
        return self._url(self.owner_user, self.owner_password)

    @property
    def app_url(self) -> str:
        """URL of the login bound by row-level security: for web and worker."""
        return self._url(self.app_user, self.app_password)

    def _url(self, user: str, password: str) -> str:
        login = f"{quote(user, safe='')}:{quote(password, safe='')}"
        return f"postgresql://{login}@{self.host}:{self.port}/{quote(self.database, safe='')}"


@dataclass(frozen=True, slots=True)
class Credentials:
    """The two passwords, and the cluster (by its PostgreSQL system identifier) that they open."""

    system_identifier: int
    owner_password: str = field(repr=False)
    app_password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Account:
    """An unprivileged user that root hands the server to."""

    name: str
    uid: int
    gid: int


@dataclass(frozen=True, slots=True)
class Placement:
    """The folder of the cluster and the account that runs it (None: the current user)."""

    path: Path
    account: Account | None

    @property
    def version_file(self) -> Path:
        """The file by which a finished cluster is told from an absent one."""
        return self.path / "PG_VERSION"


@dataclass(frozen=True, slots=True)
class PidFile:
    """The parts of `postmaster.pid` that matter; `status` is `starting`, `ready`, `stopping` or empty."""

    pid: int
    port: int | None
    status: str
