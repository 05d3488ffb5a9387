"""Which language a reader gets."""

from __future__ import annotations

import pytest

from kamhub.platform.i18n.choice import choose_locale


@pytest.mark.parametrize(
    ("cookie", "accept_language", "expected"),
    [
        (None, None, "ru"),
        (None, "", "ru"),
        (None, "en", "en"),
        (None, "en-GB,en;q=0.9,ru;q=0.8", "en"),
        (None, "ru-RU,ru;q=0.9,en;q=0.8", "ru"),
        (None, "de-DE,de;q=0.9,en;q=0.5", "en"),
        (None, "en;q=0.2, ru;q=0.7", "ru"),
        (None, "en;q=0", "ru"),
        (None, "en;q=much,ru", "ru"),
        (None, "*", "ru"),
        (None, "zh, ja;q=0.5", "ru"),
        ("en", "ru", "en"),
        ("ru", "en", "ru"),
        ("klingon", "en", "en"),
        ("", "en", "en"),
    ],
)
def test_own_choice_then_browser_then_russian(cookie: str | None, accept_language: str | None, expected: str) -> None:
    assert choose_locale(cookie, accept_language) == expected
