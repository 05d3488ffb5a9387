"""`DATA_DIR/postgres.json`: how other commands find the running server and its passwords."""

from __future__ import annotations

import base64
import json
import os
from pathlib import Path

from kamhub.platform.embedded.files import read_text, write_private
from kamhub.platform.embedded.placement import cluster_path
from kamhub.platform.embedded.processes import cluster_processes
from kamhub.platform.embedded.rules import parse_pid_file
from kamhub.platform.embedded.types import (
    APP,
    DATABASE,
    OWNER,
    ClusterAddress,
    Credentials,
    EmbeddedDatabaseError,
    PidFile,
)

HOST = "127.0.0.1"
_FILE = "postgres.json"


def running_address(data_dir: Path) -> ClusterAddress | None:
    """Address of the server of `data_dir`, or None when it does not run.

    The process behind the pid file is looked at, so a stale file or a reused number does not count.
    Raises EmbeddedDatabaseError when the address exists but the current user may not read it.
    """
    try:
        saved = load(data_dir)
        cluster = cluster_path(data_dir)
        found = read_pid_file(cluster)
        if saved is None or found is None or found.pid not in cluster_processes(cluster):
            return None
    except PermissionError as error:
        raise EmbeddedDatabaseError(f"{error.filename} may not be read by the current user") from error
    except FileNotFoundError:
        return None
    port, credentials = saved
    return address_at(found.port or port, credentials)


def read_pid_file(cluster: Path) -> PidFile | None:
    """What the server of `cluster` says of itself, or None when it says nothing."""
    text = read_text(cluster / "postmaster.pid")
    return parse_pid_file(text) if text is not None else None


def address_at(port: int, credentials: Credentials) -> ClusterAddress:
    """The full address of a server of ours on `port`."""
    return ClusterAddress(
        HOST, port, DATABASE, OWNER, credentials.owner_password, APP, credentials.app_password
    )  # fmt: skip


def new_credentials(cluster: Path) -> Credentials:
    """Fresh passwords for `cluster`."""
    return Credentials(system_identifier(cluster), new_password(), new_password())


def new_password() -> str:
    """A fresh password of 192 random bits, safe inside SQL and URLs."""
    return base64.urlsafe_b64encode(os.urandom(24)).decode("ascii")


def system_identifier(cluster: Path) -> int:
    """The number PostgreSQL gave the cluster when it was made: the first eight bytes of its control file."""
    with (cluster / "global" / "pg_control").open("rb") as file:
        return int.from_bytes(file.read(8), "little")


def save(data_dir: Path, port: int, credentials: Credentials) -> None:
    """Write the address for other commands, mode 0600."""
    content = {
        "host": HOST,
        "port": port,
        "database": DATABASE,
        "owner_user": OWNER,
        "owner_password": credentials.owner_password,
        "app_user": APP,
        "app_password": credentials.app_password,
        "system_identifier": str(credentials.system_identifier),
    }
    write_private(data_dir / _FILE, json.dumps(content, indent=2) + "\n")


def load(data_dir: Path) -> tuple[int, Credentials] | None:
    """The port used last and the passwords, or None when the file is absent or spoilt."""
    text = read_text(data_dir / _FILE)
    try:
        content = json.loads(text or "")
        return int(content["port"]), Credentials(
            int(content["system_identifier"]), str(content["owner_password"]), str(content["app_password"])
        )
    except (ValueError, KeyError, TypeError):
        return None


def forget(data_dir: Path) -> None:
    """Remove the saved address."""
    (data_dir / _FILE).unlink(missing_ok=True)


def is_known(data_dir: Path) -> bool:
    """True when a cluster was finished for `data_dir` before."""
    return (data_dir / _FILE).exists()
