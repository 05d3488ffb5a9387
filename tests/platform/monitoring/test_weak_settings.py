"""What the doctor says about settings and files."""

from __future__ import annotations

from pathlib import Path

import pytest

from kamhub.platform.monitoring.types import Finding
from kamhub.platform.monitoring.weak_files import look_at_files
from kamhub.platform.monitoring.weak_settings import look_at_settings
from kamhub.platform.settings import Settings

NEW, OLD = "0123456789abcdefghijklmnopqrstuvwxyz", "zyxwvutsrqponmlkjihgfedcba9876543210"
GOOD: dict[str, object] = {
    "env": "production",
    "secret_key": NEW,
    "redis_url": "rediss://:a-password@cache.example:6379/0",
    "allowed_origins": "https://hub.example",
    "public_url": "https://hub.example",
    "smtp_url": "smtps://hub:a-password@mail.example",
    "security_contact": "mailto:security@hub.example",
}


def look(**changes: object) -> dict[str, Finding]:
    settings = Settings(**(GOOD | changes))  # type: ignore[arg-type]  # as in the environment
    return {finding.name: finding for finding in look_at_settings(settings)}


def test_nothing_is_wrong_with_good_settings() -> None:
    found = look()
    assert all(finding.ok and not finding.note for finding in found.values()), found
    assert NEW not in str(found)
    assert "a-password" not in str(found)


@pytest.mark.parametrize(
    ("name", "changes", "words"),
    [
        ("secret key", {"secret_key": None}, "not set"),
        ("secret key", {"secret_key": "a" * 40}, "short or even"),
        ("secret key", {"secret_key": f"{NEW},old"}, "short or even"),
        ("public address", {"public_url": None}, "not set"),
        ("public address", {"public_url": "http://hub.example"}, "http://hub.example"),
        ("allowed origins", {"allowed_origins": "https://hub.example,http://shop.example"}, "http://shop.example"),
        ("trusted proxies", {"trusted_proxies": "10.0.0.1,0.0.0.0/0"}, "0.0.0.0/0"),
        ("trusted proxies", {"trusted_proxies": "0.0.0.0/1,128.0.0.0/1"}, "0.0.0.0/1, 128.0.0.0/1"),
        ("trusted proxies", {"trusted_proxies": "::/0"}, "::/0"),
        ("rate limits", {"rate_limits": "off"}, "off"),
        ("rate limits", {"rate_presets": "authentication=500/minute,hold=1000/minute"}, "authentication 500/minute"),
        ("rate limits", {"rate_presets": "authentication=5/minute"}, "authentication 5/minute"),
        ("rate limits", {"rate_presets": "account=100/day"}, "account 100/day"),
        ("redis", {"redis_url": None}, "not set"),
        ("redis", {"redis_url": "rediss://cache.example:6379/0"}, "without a password"),
        ("redis", {"redis_url": "redis://127.0.0.1:6379/0"}, "without a password"),
        ("redis", {"redis_url": "redis://:a-password@cache.example:6379/0"}, "without TLS"),
        ("mail", {"smtp_url": None}, "KAMHUB_SMTP_URL"),
    ],
)
def test_a_weakness_is_a_fault_in_production_and_a_note_in_development(
    name: str, changes: dict[str, object], words: str
) -> None:
    fault = look(**changes)[name]
    assert not fault.ok
    assert words in fault.detail
    note = look(env="development", **changes)[name]
    assert (note.ok, note.note, note.detail) == (True, True, fault.detail)
    assert [other for other, finding in look(**changes).items() if not finding.ok] == [name]


@pytest.mark.parametrize(
    ("name", "changes", "words"),
    [
        ("secret key", {"secret_key": f"{NEW},{OLD}"}, "1 earlier key"),
        ("redis", {"redis_url": "redis://:a-password@127.0.0.1:6379/0"}, "without TLS"),
        ("redis", {"redis_url": "redis://:a-password@redis:6379/0"}, "without TLS"),
        ("redis", {"redis_url": "redis://:a-password@10.0.0.7:6379/0"}, "without TLS"),
        ("mail", {"smtp_url": "smtp://127.0.0.1:25"}, "without TLS"),
        ("security contact", {"security_contact": None}, "KAMHUB_SECURITY_CONTACT"),
        ("demo password", {"env": "development", "demo_password": "qwerty12345"}, "easy to guess"),
        ("demo password", {"env": "development", "demo_password": "xK7!m2Q"}, "easy to guess"),
    ],
)
def test_a_note_is_no_fault(name: str, changes: dict[str, object], words: str) -> None:
    found = look(**changes)[name]
    assert (found.ok, found.note) == (True, True)
    assert words in found.detail


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("rate limits", {"rate_presets": "authentication=3/15 minutes,account=5/hour,hold=1000/minute"}),
        ("trusted proxies", {"trusted_proxies": "10.0.0.0/8,192.168.0.0/16,fd00::/16"}),
        ("mail", {"smtp_url": "smtp://hub:a-password@mail.example:587"}),
        ("redis", {"redis_url": "unix:///run/redis.sock"}),
        ("demo password", {"env": "development", "demo_password": "xK7!m2Q9vB"}),
    ],
)
def test_what_is_well(name: str, changes: dict[str, object]) -> None:
    found = look(**changes)[name]
    assert (found.ok, found.note) == (True, False)


def test_what_cannot_be_used_at_all() -> None:
    assert not look(smtp_url="mail.example")["mail"].ok
    assert not look(demo_password="xK7!m2Q9vB")["demo password"].ok


def test_files_that_others_may_read(tmp_path: Path) -> None:
    assert look_at_files(tmp_path / "not there", production=True) == []
    tmp_path.chmod(0o700)
    for name in ("secret.key", "demo-password"):
        (tmp_path / name).touch(mode=0o600)
    assert [(finding.name, finding.ok) for finding in look_at_files(tmp_path, production=True)] == [
        ("data folder for others", True),
        ("secret.key", True),
        ("demo-password", True),
    ]
    tmp_path.chmod(0o711)
    assert look_at_files(tmp_path, production=True)[0].ok  # the account of the database passes through
    tmp_path.chmod(0o755)
    (tmp_path / "secret.key").chmod(0o640)
    found = look_at_files(tmp_path, production=True)
    assert [finding.ok for finding in found] == [False, False, True]
    assert f"chmod 0600 {tmp_path / 'secret.key'}" in found[1].detail
    note, fault, _ = look_at_files(tmp_path, production=False)
    assert (note.ok, note.note, fault.ok) == (True, True, False)
