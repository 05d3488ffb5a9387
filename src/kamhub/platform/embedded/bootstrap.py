"""Making a cluster: all or nothing, so that a start killed half-way is simply begun again."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from kamhub.platform.embedded import address, rules
from kamhub.platform.embedded.binaries import Installation
from kamhub.platform.embedded.files import make_folder, random_name, read_text, sync_folder, write_private
from kamhub.platform.embedded.launch import run_tool
from kamhub.platform.embedded.processes import wait_until
from kamhub.platform.embedded.types import OWNER, Account, Credentials, Placement

_CONF = "kamhub.conf"
_STAGING = ".postgres-new-"
_PROGRAMS_END = 5.0  # seconds


def create(installation: Installation, placement: Placement) -> Credentials:
    """Make a cluster with database and logins in a folder beside its place, then move it there.

    Raises EmbeddedDatabaseError; what was made until then is removed.
    """
    parent, account = placement.path.parent, placement.account
    # A program of a killed start may need a moment to notice, and writes until then.
    wait_until(lambda: _swept(parent), _PROGRAMS_END)
    staging = parent / f"{_STAGING}{random_name()}"
    make_folder(staging, 0o711)
    try:
        cluster = _initdb(installation, staging, account)
        credentials = address.new_credentials(cluster)
        write_settings(cluster)
        _include_settings(cluster / "postgresql.conf")
        statements = rules.login_statements(credentials) + rules.database_statements()
        _run_single_user(installation, cluster, account, statements)
        cluster.rename(placement.path)
        sync_folder(parent)
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    return credentials


def reset_credentials(installation: Installation, placement: Placement) -> Credentials:
    """Give both logins of a stopped cluster new passwords, for when the file with the old ones is lost."""
    credentials = address.new_credentials(placement.path)
    statements = rules.login_statements(credentials)
    _run_single_user(installation, placement.path, placement.account, statements)
    return credentials


def write_settings(cluster: Path) -> None:
    """Write our settings into `cluster` if they changed: a start may be the first of a newer release."""
    if read_text(cluster / _CONF) != rules.settings_text():
        write_private(cluster / _CONF, rules.settings_text())


def _initdb(installation: Installation, staging: Path, account: Account | None) -> Path:
    cluster, password_file = staging / "data", staging / "password"
    write_private(password_file, address.new_password())
    if account is not None:
        os.chown(password_file, account.uid, account.gid)
    cluster.mkdir(mode=0o700)
    if account is not None:
        os.chown(cluster, account.uid, account.gid)
    try:
        code, output = run_tool(
            [
                installation.tool("initdb"), f"--pgdata={cluster}", f"--username={OWNER}",
                f"--pwfile={password_file}", "--auth-host=scram-sha-256", "--auth-local=scram-sha-256",
                "--encoding=UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8",
                "--locale=C.UTF-8", "--lc-messages=C", "--data-checksums", "--no-instructions",
            ],
            account,
        )  # fmt: skip
    finally:
        password_file.unlink(missing_ok=True)
    if code != 0:
        raise rules.failure("PostgreSQL could not make a database", output)
    return cluster


def _swept(parent: Path) -> bool:
    for left_over in parent.glob(f"{_STAGING}*"):
        shutil.rmtree(left_over, ignore_errors=True)
    return not any(parent.glob(f"{_STAGING}*"))


def _include_settings(configuration: Path) -> None:
    # What initdb guessed is commented out where it would win over ours.
    kept = ("#", "\t", " ", "lc_", "default_text_search_config", "dynamic_shared_memory_type")
    lines = configuration.read_text(encoding="utf-8").splitlines()
    marked = [line if not line or line.startswith(kept) else f"#{line}" for line in lines]
    head = [f"include = '{_CONF}'", "", "# Your own settings below win over it.", ""]
    write_private(configuration, "\n".join([*head, *marked, ""]))


def _run_single_user(installation: Installation, cluster: Path, account: Account | None, statements: list[str]) -> None:
    # A single-user server needs no port and no password, and others cannot read its input as a command line.
    code, output = run_tool(
        [
            installation.tool("postgres"), "--single", "-D", cluster, "-c", "exit_on_error=true",
            "-c", "log_min_error_statement=panic", "postgres",
        ],
        account,
        "\n".join([*statements, ""]),
    )  # fmt: skip
    if code != 0:
        raise rules.failure("PostgreSQL could not set up its logins", output)
