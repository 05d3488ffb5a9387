"""The way back after a switch of language never leaves this site."""

from __future__ import annotations

import pytest

from kamhub.platform.i18n.pages import own_path


@pytest.mark.parametrize("path", ["/", "/search?from=a&to=b", "/booking/1#qr"])
def test_own_paths_are_kept(path: str) -> None:
    assert own_path(path) == path


@pytest.mark.parametrize(
    "path",
    [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "javascript:alert(1)",
        "",
        "/a\r\nSet-Cookie: x",
    ],
)
def test_anything_else_leads_home(path: str) -> None:
    assert own_path(path) == "/"
