"""How long sessions live, and what their browsers are called."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from kamhub.platform.session.rules import agent_name, browser_expiry, should_note

NOW = datetime(2026, 11, 24, tzinfo=UTC)


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        (
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 "
                "YaBrowser/25.10.0.0 Safari/537.36"
            ),
            "Yandex Browser, Windows",
        ),
        (
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
                "Version/19.0 Mobile/15E148 Safari/604.1"
            ),
            "Safari, iPhone",
        ),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox, Linux"),
        ("Mozilla/5.0 (Linux; Android 15; K) AppleWebKit/537.36 Chrome/140.0 Mobile Safari/537.36", "Chrome, Android"),
        ("curl/8.11.1", "curl/8.11.1"),
        ("", ""),
    ],
)
def test_a_browser_by_the_name_people_know(agent: str, name: str) -> None:
    assert agent_name(agent) == name


def test_a_browser_is_signed_out_by_age_or_idleness() -> None:
    assert browser_expiry(NOW, NOW) == NOW + timedelta(days=7)
    assert browser_expiry(NOW, NOW + timedelta(days=29)) == NOW + timedelta(days=30)


def test_being_seen_is_noted_now_and_then() -> None:
    assert not should_note(NOW, NOW + timedelta(minutes=4))
    assert should_note(NOW, NOW + timedelta(minutes=5))
