"""Files are kept whole or not at all, by what is in them, in a folder as on an S3 service."""

from __future__ import annotations

import asyncio
import hashlib
import os
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest

from kamhub.app.files import FOLDER, make_files, s3_address
from kamhub.kit.ids import new_id
from kamhub.platform.backup.kept import KEPT, pack, put_in_place, unpack
from kamhub.platform.backup.types import Stop
from kamhub.platform.file import staging as staging_module
from kamhub.platform.file.folder import FolderFiles
from kamhub.platform.file.port import FileStore
from kamhub.platform.file.s3 import S3Files
from kamhub.platform.file.types import FileMissing, FilesUnavailable, FileTooLarge
from kamhub.platform.s3.types import S3Address
from kamhub.platform.settings import Settings
from tests.s3 import ACCESS_KEY, BUCKET, SECRET_KEY, S3Server, s3_server

PARTS = [b"a" * 700_000, b"b" * 700_000, b"c"]
WHOLE = b"".join(PARTS)
DIGEST = hashlib.sha256(WHOLE).digest()


@pytest.fixture(scope="module")
def s3() -> Iterator[S3Server]:
    with s3_server() as server:
        yield server


def on_s3(server: S3Server, scratch: Path, secret: str = SECRET_KEY) -> S3Files:
    address = S3Address(BUCKET, new_id().hex, "us-east-1", server.url, ACCESS_KEY, secret)
    return S3Files(address, scratch / "scratch")


@pytest.fixture(params=["folder", "s3"])
def files(request: pytest.FixtureRequest, tmp_path: Path) -> FileStore:
    if request.param == "folder":
        return FolderFiles(tmp_path / "assets")
    return on_s3(request.getfixturevalue("s3"), tmp_path)


async def keep(files: FileStore, organisation: UUID, *parts: bytes, most: int = 10_000_000) -> bytes:
    async with files.staging(most) as staging:
        for part in parts:
            await staging.add(part)
        staged = await staging.finish()
        await files.keep(organisation, staged)
        return staged.digest


def left(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


async def test_a_file_is_kept_once_by_what_is_in_it(files: FileStore, tmp_path: Path) -> None:
    organisation = new_id()
    assert not await files.has(organisation, DIGEST)
    assert await keep(files, organisation, *PARTS) == DIGEST
    assert await keep(files, organisation, WHOLE) == DIGEST
    assert await files.has(organisation, DIGEST)
    async with files.opened(organisation, DIGEST) as path:
        assert await asyncio.to_thread(path.read_bytes) == WHOLE
    assert len(left(tmp_path)) == (1 if isinstance(files, FolderFiles) else 0), "nothing lies about"


async def test_organisations_share_nothing(files: FileStore) -> None:
    mine, theirs = new_id(), new_id()
    await keep(files, mine, *PARTS)
    assert not await files.has(theirs, DIGEST)
    with pytest.raises(FileMissing):
        async with files.opened(theirs, DIGEST):
            pass
    await keep(files, theirs, *PARTS)
    await files.remove(mine, DIGEST)
    assert await files.has(theirs, DIGEST)
    assert not await files.has(mine, DIGEST)
    await files.remove(mine, DIGEST)


async def test_too_much_is_too_much_and_nothing_is_left_of_it(files: FileStore, tmp_path: Path) -> None:
    with pytest.raises(FileTooLarge):
        await keep(files, new_id(), *PARTS, most=len(WHOLE) - 1)
    assert left(tmp_path) == []
    assert await keep(files, new_id(), *PARTS, most=len(WHOLE)) == DIGEST


async def test_many_at_once_keep_the_same_file(files: FileStore) -> None:
    organisation = new_id()
    assert set(await asyncio.gather(*(keep(files, organisation, *PARTS) for _ in range(5)))) == {DIGEST}
    async with files.opened(organisation, DIGEST) as path:
        assert await asyncio.to_thread(path.read_bytes) == WHOLE


async def test_a_place_that_cannot_be_used_says_so(tmp_path: Path) -> None:
    (tmp_path / "assets").write_text("in the way")
    with pytest.raises(FilesUnavailable):
        await keep(FolderFiles(tmp_path / "assets"), new_id(), b"x")


async def test_a_service_that_does_not_know_us_says_so(s3: S3Server, tmp_path: Path) -> None:
    files = on_s3(s3, tmp_path, "wrong")
    with pytest.raises(FilesUnavailable, match="refuses: SignatureDoesNotMatch"):
        await files.remove(new_id(), DIGEST)
    away = S3Files(S3Address(BUCKET, "", "us-east-1", "http://127.0.0.1:9", ACCESS_KEY, SECRET_KEY), tmp_path)
    with pytest.raises(FilesUnavailable, match="cannot be used"):
        await away.has(new_id(), DIGEST)


async def test_a_file_system_without_hard_links_will_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "link", refuse)
    files, organisation = FolderFiles(tmp_path / "assets"), new_id()
    await keep(files, organisation, *PARTS)
    async with files.opened(organisation, DIGEST) as path:
        assert await asyncio.to_thread(path.read_bytes) == WHOLE
    assert len(left(tmp_path)) == 1


async def test_what_a_killed_process_left_is_removed_by_the_next(tmp_path: Path) -> None:
    files = FolderFiles(tmp_path)
    async with files.staging(1) as staging:
        await staging.add(b"x")
        (abandoned,) = left(tmp_path)
        longer = time.time() - staging_module._ABANDONED_SECONDS - 1
        os.utime(abandoned, (longer, longer))
        async with files.staging(1):
            assert not abandoned.exists()


async def test_a_backup_holds_what_is_kept_and_not_what_comes_in(tmp_path: Path) -> None:
    data, organisation = tmp_path / "data", new_id()
    files = FolderFiles(data / FOLDER)
    assert [folder.name for folder in KEPT] == [FOLDER]
    await keep(files, organisation, *PARTS)
    async with files.staging(100) as staging:
        await staging.add(b"x")
        assert pack(data, KEPT, tmp_path / "files.tar", Stop())
    await files.remove(organisation, DIGEST)
    unpacked = tmp_path / "unpacked"
    unpacked.mkdir()
    names = unpack(tmp_path / "files.tar", unpacked)
    assert [path.name for path in left(unpacked)] == [DIGEST.hex()]
    put_in_place(unpacked, data, names, "before")
    async with files.opened(organisation, DIGEST) as path:
        assert await asyncio.to_thread(path.read_bytes) == WHOLE


def test_the_settings_say_where(tmp_path: Path) -> None:
    assert isinstance(make_files(Settings(), tmp_path), FolderFiles)
    bucket = Settings(s3_bucket="b", s3_access_key="a", s3_secret_key="s", s3_prefix="/hub/")  # type: ignore[arg-type]
    assert isinstance(make_files(bucket, tmp_path), S3Files)
    address = s3_address(bucket)
    assert address is not None
    assert address.root == "hub/"
    assert "secret" not in repr(address)
