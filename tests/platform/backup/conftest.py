"""Backups of a small world, in a folder and on a real S3 server."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from kamhub.app.backups import check
from kamhub.kit.clock import ManualClock
from kamhub.platform.backup.cipher import Cipher
from kamhub.platform.backup.kept import KEPT
from kamhub.platform.backup.services import Backups
from kamhub.platform.backup.storage.folder import FolderStorage
from kamhub.platform.backup.storage.s3 import S3Storage
from kamhub.platform.backup.types import Policy
from kamhub.platform.s3.types import S3Address
from tests.builders import World
from tests.s3 import ACCESS_KEY, BUCKET, SECRET_KEY, S3Server, s3_server


@pytest.fixture
def backups(world: World, database_url: str, clock: ManualClock, data_dir: Path) -> Backups:
    """In a folder alone, not encrypted."""
    return Backups(
        reader_url=world.owner_url,
        owner_url=world.owner_url,
        app_url=database_url,
        folder=FolderStorage(data_dir / "backups"),
        remote=None,
        cipher=Cipher(),
        policy=Policy(timedelta(days=7), timedelta(days=30), jobs=2),
        clock=clock,
        data_dir=data_dir,
        key="a-key",
        check=check,
        kept=KEPT,
    )


@pytest.fixture(scope="module")
def s3() -> Iterator[S3Server]:
    """One server for all tests of a module."""
    with s3_server() as server:
        yield server


@pytest.fixture
def remote(s3: S3Server, request: pytest.FixtureRequest) -> S3Storage:
    """A corner of the server that no other test uses."""
    return S3Storage(address(s3, request.node.name))


@pytest.fixture
def in_both(backups: Backups, remote: S3Storage) -> Backups:
    """In the folder and on the S3 server."""
    return replace(backups, remote=remote)


def address(s3: S3Server, prefix: str, *, secret: str = SECRET_KEY) -> S3Address:
    return S3Address(BUCKET, prefix, "us-east-1", s3.url, ACCESS_KEY, secret)
