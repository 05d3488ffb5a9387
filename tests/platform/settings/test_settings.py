"""What production refuses to start with, and how settings are read."""

from __future__ import annotations

from pathlib import Path

import pytest

from kamhub.platform.settings import SettingsRefused, default_data_dir, load_settings

GOOD = {
    "KAMHUB_ENV": "production",
    "KAMHUB_SECRET_KEY": "qW3eRt5yUi8oPa9sDf2gHj4kLz6xCv7b",
    "KAMHUB_REDIS_URL": "redis://cache:6379/0",
    "KAMHUB_ALLOWED_ORIGINS": "https://shop.example, https://hub.example",
    "KAMHUB_PUBLIC_URL": "https://hub.example",
    "KAMHUB_DATABASE_URL": "postgresql://db/kamhub",
}


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    import os

    for name in [name for name in os.environ if name.startswith("KAMHUB_")]:
        monkeypatch.delenv(name)
    for name, value in GOOD.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


def refused(environment: pytest.MonkeyPatch, name: str, value: str | None) -> list[str]:
    if value is None:
        environment.delenv(name)
    else:
        environment.setenv(name, value)
    with pytest.raises(SettingsRefused) as caught:
        load_settings()
    return str(caught.value).splitlines()


def test_production_with_everything(environment: pytest.MonkeyPatch) -> None:
    settings = load_settings()
    assert settings.production
    assert settings.allowed_origins == ("https://shop.example", "https://hub.example")
    assert settings.trusted_networks == ()
    assert GOOD["KAMHUB_SECRET_KEY"] not in repr(settings)


@pytest.mark.parametrize("name", [name for name in GOOD if name != "KAMHUB_ENV"])
@pytest.mark.parametrize("blank", [None, "", "  "])
def test_production_says_what_is_missing(environment: pytest.MonkeyPatch, name: str, blank: str | None) -> None:
    found = refused(environment, name, blank)
    assert len(found) == 1
    assert found[0].startswith(f"{name} is missing")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("KAMHUB_SECRET_KEY", "short"),
        ("KAMHUB_SECRET_KEY", "a" * 64),
        ("KAMHUB_SECRET_KEY", "abcabcabc" * 8),
        ("KAMHUB_SECRET_KEY", f"{GOOD['KAMHUB_SECRET_KEY']},an old one"),
        ("KAMHUB_SECRET_KEY", f"{'a' * 64},{GOOD['KAMHUB_SECRET_KEY']}"),
        ("KAMHUB_SECRET_KEY", f"{GOOD['KAMHUB_SECRET_KEY']},"),
        ("KAMHUB_SECRET_KEY", f"{GOOD['KAMHUB_SECRET_KEY']}, ,{GOOD['KAMHUB_SECRET_KEY']}"),
        ("KAMHUB_SECURITY_CONTACT", "security@hub.example"),
        ("KAMHUB_SECURITY_CONTACT", "mailto:security"),
        ("KAMHUB_SECURITY_CONTACT", "http://hub.example/security"),
        ("KAMHUB_SECURITY_CONTACT", "https://hub.example\nExpires: never"),
        ("KAMHUB_ALLOWED_ORIGINS", "*"),
        ("KAMHUB_ALLOWED_ORIGINS", "https://shop.example,*"),
        ("KAMHUB_PUBLIC_URL", "http://hub.example"),
        ("KAMHUB_RATE_LIMITS", "off"),
        ("KAMHUB_RATE_LIMITS", "sometimes"),
        ("KAMHUB_TRUSTED_PROXIES", "proxy.local"),
        ("KAMHUB_WORKER_HEALTH_PORT", "70000"),
        ("KAMHUB_WORKER_HEALTH_PORT", "x"),
        ("KAMHUB_RATE_PRESETS", "holds=5/minute"),
        ("KAMHUB_RATE_PRESETS", "hold=often"),
        ("KAMHUB_ENV", "staging"),
        ("KAMHUB_LOG_LEVEL", "loud"),
    ],
)
def test_one_wrong_setting_is_named(environment: pytest.MonkeyPatch, name: str, value: str) -> None:
    found = refused(environment, name, value)
    assert len(found) == 1
    assert name in found[0]


def test_all_that_is_missing_is_said_at_once(environment: pytest.MonkeyPatch) -> None:
    for name in GOOD:
        environment.delenv(name)
    environment.setenv("KAMHUB_ENV", "production")
    with pytest.raises(SettingsRefused) as caught:
        load_settings()
    assert [line.split()[0] for line in str(caught.value).splitlines()] == [
        "KAMHUB_SECRET_KEY",
        "KAMHUB_REDIS_URL",
        "KAMHUB_ALLOWED_ORIGINS",
        "KAMHUB_PUBLIC_URL",
        "KAMHUB_DATABASE_URL",
    ]


def test_development_needs_nothing_and_still_refuses_every_origin(environment: pytest.MonkeyPatch) -> None:
    for name in GOOD:
        environment.delenv(name)
    assert not load_settings().production
    assert "refused" in refused(environment, "KAMHUB_ALLOWED_ORIGINS", "*")[0]


def test_the_parts_of_the_secret_key_are_read_without_the_blanks_around_them(environment: pytest.MonkeyPatch) -> None:
    new, old = GOOD["KAMHUB_SECRET_KEY"], GOOD["KAMHUB_SECRET_KEY"][::-1]
    assert load_settings().secret_keys == (new,)
    environment.setenv("KAMHUB_SECRET_KEY", f" {new} , {old} ")
    assert load_settings().secret_keys == (new, old)
    environment.setenv("KAMHUB_ENV", "development")
    environment.setenv("KAMHUB_SECRET_KEY", "short,shorter")
    assert load_settings().secret_keys == ("short", "shorter")
    assert "empty part" in refused(environment, "KAMHUB_SECRET_KEY", "short,,shorter")[0]


def test_what_is_blank_counts_as_not_set(environment: pytest.MonkeyPatch) -> None:
    for name in ("CLOUDPAYMENTS_API_URL", "MAIL_FROM", "RATE_LIMITS", "WORKER_HEALTH_PORT", "RATE_PRESETS", "DATA_DIR"):
        environment.setenv(f"KAMHUB_{name}", " ")
    settings = load_settings()
    assert "cloudpayments_api_url" not in settings.model_fields_set
    assert settings.cloudpayments_api_url == "https://api.cloudpayments.ru"
    assert (settings.rate_limits, settings.worker_health_port, settings.data_dir) == ("on", 0, None)


@pytest.mark.parametrize("contact", ["mailto:security@hub.example", "https://hub.example/security"])
def test_where_weaknesses_are_reported(environment: pytest.MonkeyPatch, contact: str) -> None:
    environment.setenv("KAMHUB_SECURITY_CONTACT", contact)
    assert load_settings().security_contact == contact


def test_lists_and_networks(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("KAMHUB_TRUSTED_PROXIES", "10.0.0.1, 192.168.1.7/16,::1,")
    environment.setenv("KAMHUB_RATE_PRESETS", " hold = 7/minute, page=3/second ,")
    settings = load_settings()
    assert [str(network) for network in settings.trusted_networks] == ["10.0.0.1/32", "192.168.0.0/16", "::1/128"]
    assert settings.rate_presets == {"hold": "7/minute", "page": "3/second"}
    assert load_settings(rate_presets={"hold": "9/minute"}).rate_presets == {"hold": "9/minute"}


def test_the_folder_when_none_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 0)
    assert default_data_dir() == Path("/var/lib/kamhub/data")
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    monkeypatch.setenv("XDG_DATA_HOME", "/home/anna/data")
    assert default_data_dir() == Path("/home/anna/data/kamhub")
    monkeypatch.delenv("XDG_DATA_HOME")
    monkeypatch.setenv("HOME", "/home/anna")
    assert default_data_dir() == Path("/home/anna/.local/share/kamhub")
