"""On a real S3 server with signatures, and encrypted."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pyrage
import pytest

from kamhub.kit.clock import ManualClock
from kamhub.platform.backup.actions.create import create
from kamhub.platform.backup.actions.listing import listed
from kamhub.platform.backup.actions.prune import prune
from kamhub.platform.backup.actions.restore import restore
from kamhub.platform.backup.actions.verify import verify
from kamhub.platform.backup.cipher import Cipher
from kamhub.platform.backup.manifest import MANIFEST
from kamhub.platform.backup.services import Backups
from kamhub.platform.backup.storage.s3 import S3Storage
from kamhub.platform.backup.types import BackupCorrupt, BackupError, BackupStopped, Policy, Stop
from tests.builders import World
from tests.platform.backup.conftest import address
from tests.s3 import BUCKET, S3Server

DAY = timedelta(days=1)


def prefix(remote: S3Storage) -> str:
    return remote._prefix


def test_it_is_kept_in_both_places_and_proven_from_afar(in_both: Backups, remote: S3Storage, s3: S3Server) -> None:
    made = create(in_both)
    [found] = listed(in_both)
    assert found.places == ("folder", "s3")
    assert found.manifest == made
    kept = {key.removeprefix(f"{prefix(remote)}{made.name}/") for key in s3.keys(prefix(remote))}
    assert kept == {MANIFEST, *(file.path for file in made.files)}
    shutil.rmtree(in_both.folder.root / made.name)
    verify(in_both, place="s3")
    [found] = listed(in_both)
    assert found.places == ("s3",)
    assert found.proven


def test_what_was_changed_afar_is_told_from_what_is_here(in_both: Backups, remote: S3Storage, s3: S3Server) -> None:
    made = create(in_both)
    largest = max(made.files, key=lambda file: file.size)
    key = f"{prefix(remote)}{made.name}/{largest.path}"
    s3.client.put_object(Bucket=BUCKET, Key=key, Body=b"x" * largest.size)
    with pytest.raises(BackupCorrupt, match="on the S3 service is not what was written"):
        verify(in_both, place="s3")
    s3.client.delete_object(Bucket=BUCKET, Key=key)
    with pytest.raises(BackupCorrupt, match="is missing on the S3 service"):
        restore(in_both, made.name, place="s3")


def test_a_wrong_key_of_the_service_is_refused_by_it(in_both: Backups, s3: S3Server) -> None:
    wrong = replace(in_both, remote=S3Storage(address(s3, "wrong", secret="not-the-secret")))
    with pytest.raises(BackupError, match="SignatureDoesNotMatch") as refused:
        create(wrong)
    assert "not-the-secret" not in str(refused.value)
    assert [b.places for b in listed(replace(wrong, remote=None))] == [("folder",)], "the one here is complete"


def test_a_service_that_is_away_is_a_sentence(in_both: Backups, s3: S3Server) -> None:
    away = S3Storage(replace(address(s3, "away"), endpoint="http://127.0.0.1:9"))
    with pytest.raises(BackupError, match="The S3 service cannot be used"):
        away.names()


def test_one_that_is_stopped_on_its_way_is_no_backup(in_both: Backups, remote: S3Storage) -> None:
    stop = Stop()
    with pytest.raises(BackupStopped):
        create(in_both, stop=stop, say=lambda _done, _total, what: stop.set() if what == "upload" else None)
    assert remote.names() == []


def test_each_place_keeps_as_long_as_it_is_told(in_both: Backups, remote: S3Storage, clock: ManualClock) -> None:
    names = []
    for _ in range(3):
        names.append(create(in_both).name)
        clock.advance(4 * DAY)
    remote.write(names[0].replace("T00", "T01"), "dump/toc.dat", b"of one that was killed")
    assert prune(in_both).removed == (
        f"folder/{names[0]}",
        f"folder/{names[1]}",
        f"s3/{names[0].replace('T00', 'T01')}",
    )
    assert [b.places for b in listed(in_both)] == [("s3",), ("s3",), ("folder", "s3")]
    clock.advance(90 * DAY)
    assert prune(in_both).removed == (f"s3/{names[0]}", f"s3/{names[1]}"), "the last good one stays in each place"
    assert [b.places for b in listed(in_both)] == [("folder", "s3")]


def test_nothing_is_left_here_when_it_is_to_be_kept_afar_alone(in_both: Backups) -> None:
    policy = Policy(timedelta(0), 30 * DAY)
    create(replace(in_both, policy=policy))
    assert [b.places for b in listed(in_both)] == [("s3",)]
    assert list(in_both.folder.root.iterdir()) == []


def test_an_encrypted_one_opens_with_its_key_alone(in_both: Backups, world: World, tmp_path: Path) -> None:
    ours, other = pyrage.x25519.Identity.generate(), pyrage.x25519.Identity.generate()
    key, wrong = tmp_path / "key", tmp_path / "wrong"
    key.write_text(f"# created: today\n{ours}\n")
    wrong.write_text(f"{other}\n")
    (in_both.data_dir / "assets").mkdir()
    (in_both.data_dir / "assets" / "secret.txt").write_text("Петропавловск")
    sealed = replace(in_both, cipher=Cipher((str(ours.to_public()),)))
    made = create(sealed)
    assert all(file.path.endswith(".age") for file in made.files)
    everything = b"".join(path.read_bytes() for path in in_both.folder.root.rglob("*") if path.is_file())
    assert "Петропавловск".encode() not in everything
    assert world.main.slug.encode() not in everything
    with pytest.raises(BackupError, match="KAMHUB_BACKUP_IDENTITY_FILE must name the key"):
        verify(sealed)
    for identity, words in ((wrong, "does not open this backup"), (tmp_path / "absent", "holds no identity")):
        with pytest.raises(BackupError, match=words):
            verify(replace(sealed, cipher=Cipher((), identity)))
    assert not listed(sealed)[0].verification, "that it could not be opened says nothing of the backup"
    verify(replace(sealed, cipher=Cipher((), key)), place="s3")
    assert not list(in_both.folder.root.glob("kamhub-backup-*")), "nothing in clear stays"


def test_a_key_that_is_none_is_refused_before_anything_is_done(backups: Backups) -> None:
    with pytest.raises(BackupError, match="must be public keys of age"):
        create(replace(backups, cipher=Cipher(("age1nonsense",))))
    assert not backups.folder.root.exists()


def test_a_cut_off_secret_is_corrupt(tmp_path: Path) -> None:
    identity = pyrage.x25519.Identity.generate()
    key = tmp_path / "key"
    key.write_text(str(identity))
    cipher = Cipher((str(identity.to_public()),), key)
    clear = tmp_path / "clear"
    clear.write_bytes(b"x" * 200_000)
    sealed = cipher.encrypt(clear)
    for content in (sealed.read_bytes()[:100_000], sealed.read_bytes()[:-1] + b"!", b"nonsense"):
        sealed.write_bytes(content)
        with pytest.raises(BackupCorrupt, match="cannot be decrypted"):
            cipher.decrypt(sealed, tmp_path / "again")


def test_the_manifest_afar_is_what_is_read(in_both: Backups, remote: S3Storage) -> None:
    made = create(in_both)
    (in_both.folder.root / made.name / MANIFEST).write_text("{")
    [found] = listed(in_both)
    assert found.manifest == made
    assert json.loads(remote.read(made.name, MANIFEST) or b"")["name"] == made.name
