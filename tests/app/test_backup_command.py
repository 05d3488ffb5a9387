"""`kamhub backup` as somebody types it, against a database of one's own; one sentence when it is refused."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from pathlib import Path

import pytest

from kamhub.app import cli
from kamhub.app.backups import make_backups
from kamhub.app.commands import backup
from kamhub.app.commands.doctor import doctor
from kamhub.platform.backup.services import Backups
from kamhub.platform.backup.store import server, source
from kamhub.platform.crypto.keys import KeyRing
from kamhub.platform.settings import Settings, SettingsRefused, load_settings
from tests.app.test_commands import logging_as_it_was
from tests.builders import World

__all__ = ["logging_as_it_was"]
SECRET = "0123456789abcdefghijklmnopqrstuvwxyz"


@pytest.fixture
def hub(
    world: World, database_url: str, data_dir: Path, monkeypatch: pytest.MonkeyPatch, logging_as_it_was: None
) -> Path:
    """The data folder of a hub whose settings are in the environment."""
    monkeypatch.setenv("KAMHUB_DATABASE_URL", database_url)
    monkeypatch.setenv("KAMHUB_MIGRATION_DATABASE_URL", world.owner_url)
    monkeypatch.setenv("KAMHUB_SECRET_KEY", SECRET)
    monkeypatch.setenv("KAMHUB_LOG_LEVEL", "error")
    return data_dir


def said(capsys: pytest.CaptureFixture[str]) -> str:
    return capsys.readouterr().out


def refusal(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """The sentence that a refused command leaves."""
    with pytest.raises(SystemExit) as ended:
        cli.app(["backup", *arguments], exit_on_error=False)
    assert ended.value.code not in (0, None)
    lines = capsys.readouterr().err.strip().splitlines()
    assert len(lines) == 1, lines
    return lines[0]


def test_from_the_first_to_the_last(
    hub: Path, world: World, database_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    backup.show(hub, as_json=False)
    assert "no backups yet" in said(capsys)
    backup.create(hub, as_json=True)
    made = json.loads(said(capsys))
    backup.show(hub, as_json=True)
    [row] = json.loads(said(capsys))
    assert {**row, **made} == row, "the list says what was said when it was made"
    assert row["verified_at"] is None
    backup.verify(hub, None, None)
    assert "every row is there" in said(capsys)
    backup.show(hub, as_json=True)
    assert json.loads(said(capsys))[0]["verified_at"] is not None
    backup.show(hub, as_json=False)
    assert made["name"] in said(capsys)
    world.execute("UPDATE organisations SET slug = 'after-' || slug")
    backup.restore(hub, made["name"], None, yes=True, adopt=False)
    assert "is restored" in said(capsys)
    drop_kept(make_backups(Settings(), database_url, hub, KeyRing(SECRET)))
    assert world.rows("SELECT count(*) FROM organisations WHERE slug LIKE 'after-%%'") == [(0,)]
    assert world.rows("SELECT task, ok FROM backup_runs") == [("restore", True)], "what came later is forgotten"
    backup.prune(hub, dry=False)
    backup.prune(hub, dry=True)
    assert said(capsys).splitlines() == ["Nothing has been kept for too long."] * 2


def drop_kept(backups: Backups) -> None:
    with source.connected(backups.maintenance_url) as connection:
        for name in server.databases_like(connection, f"{backups.database}_before_"):
            server.drop_database(connection, name)


def test_refusals_are_one_sentence(hub: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = ("--data-dir", str(hub))
    assert "say --yes" in refusal(capsys, "restore", "x", *folder)
    assert "no backup named x" in refusal(capsys, "restore", "x", "--yes", *folder)
    assert "There is no backup yet" in refusal(capsys, "verify", *folder)
    (hub / "backups").write_text("in the way")
    assert "cannot be used" in refusal(capsys, "list", *folder)
    assert "cannot be used" in refusal(capsys, "create", *folder)


def test_the_doctor_looks_at_them(
    hub: Path, world: World, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def backups() -> dict[str, object]:
        with contextlib.suppress(SystemExit):
            doctor(hub, as_json=True)
        findings = json.loads(said(capsys))["findings"]
        return next(finding for finding in findings if finding["name"] == "backups")

    assert "none yet" in str(backups()["detail"])
    world.execute("UPDATE installation SET created_at = now() - interval '9 hours'")
    assert "9 h old: run `kamhub backup create`" in str(backups()["detail"])
    insert = "INSERT INTO backup_runs (id, task, started_at, ended_at, ok, error) VALUES (uuidv7(), %s, now(), now(), %s, %s)"
    world.execute(insert, "create", True, None)
    assert "the newest is 0 h old, not proven yet" in str(backups()["detail"])
    world.execute(insert, "verify", False, "bad")
    assert "trial of a restore failed" in str(backups()["detail"])
    monkeypatch.setenv("KAMHUB_BACKUPS", "off")
    assert "switched off" in str(backups()["detail"])


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"s3_bucket": "b"}, "KAMHUB_S3_ACCESS_KEY and KAMHUB_S3_SECRET_KEY are needed"),
        ({"backup_local_days": 0}, "keeps no backup here"),
        ({"telegram_alert_token": "t"}, "belong together"),
    ],
)
def test_settings_that_cannot_work_are_refused(settings: dict[str, object], words: str) -> None:
    with pytest.raises(SettingsRefused, match=words):
        load_settings(**settings)


def test_a_list_needs_neither_database_nor_worker(tmp_path: Path) -> None:
    argv = [sys.executable, "-m", "kamhub", "backup", "list", "--json", "--data-dir", str(tmp_path)]
    done = subprocess.run(argv, capture_output=True, text=True, check=True, env={"PATH": "/usr/bin:/bin"})
    assert json.loads(done.stdout) == []
    assert list(tmp_path.iterdir()) == [], "it leaves nothing behind"
