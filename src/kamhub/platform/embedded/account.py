"""Who runs the server: PostgreSQL refuses root, so root hands it to an account without rights."""

from __future__ import annotations

import os
import pwd
import stat
from pathlib import Path

from kamhub.platform.embedded.types import Account, EmbeddedDatabaseError

_CANDIDATES = ("postgres", "nobody")


def service_account(data_dir: Path) -> Account | None:
    """The account for a new cluster: None (ourselves) unless we are root.

    Root takes the owner of the data folder if that is an ordinary user, who may then start it alone as well.
    Raises EmbeddedDatabaseError when root finds neither `postgres` nor `nobody`.
    """
    if os.geteuid() != 0:
        return None
    if data_dir.stat().st_uid != 0:
        return owner_account(data_dir)
    for name in _CANDIDATES:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        if entry.pw_uid != 0:
            return Account(name, entry.pw_uid, entry.pw_gid)
    raise EmbeddedDatabaseError("PostgreSQL does not run as root, and no user `postgres` or `nobody` exists")


def owner_account(path: Path) -> Account | None:
    """The account that `path` belongs to: PostgreSQL opens a cluster for its owner only.

    Raises EmbeddedDatabaseError when the current user cannot become that owner.
    """
    uid = path.stat().st_uid
    try:
        entry = pwd.getpwuid(uid)
    except KeyError:
        raise EmbeddedDatabaseError(f"{path} belongs to user id {uid}, which has no account here") from None
    if os.geteuid() not in (0, uid):
        raise EmbeddedDatabaseError(f"{path} belongs to {entry.pw_name}: start kamhub as that user")
    if uid == 0:
        raise EmbeddedDatabaseError(f"{path} belongs to root, and PostgreSQL does not run as root")
    return Account(entry.pw_name, uid, entry.pw_gid) if os.geteuid() == 0 else None


def barrier(path: Path, account: Account | None) -> Path | None:
    """The first folder above `path` that `account` may not pass through, or None when the way is free."""
    for folder in reversed(path.resolve().parents):
        if folder.exists() and not _may_execute(folder, account):
            return folder
    return None


def may_run(program: Path, account: Account | None) -> bool:
    """True when `account` reaches `program` and may execute it."""
    return barrier(program, account) is None and _may_execute(program.resolve(), account)


def _may_execute(path: Path, account: Account | None) -> bool:
    if account is None:
        return os.access(path, os.X_OK)
    entry = path.stat()
    if entry.st_uid == account.uid:
        return bool(entry.st_mode & stat.S_IXUSR)
    if entry.st_gid == account.gid:
        return bool(entry.st_mode & stat.S_IXGRP)
    return bool(entry.st_mode & stat.S_IXOTH)
