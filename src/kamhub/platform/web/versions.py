"""Versions of things that several people edit: the ETag of what was read, asked back with If-Match (RFC 9110, 13.1.1).

A row counts its versions in a column ``version``; the store raises it with every change that a person makes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from litestar.connection import ASGIConnection

from kamhub.kit.errors import Refusal
from kamhub.kit.text import mark

# The versions a program takes, the one a page was made from, or None: whatever there is.
AskedVersion = frozenset[str] | int | None


class VersionStale(Refusal):
    """Somebody else was faster: what would be overwritten was not seen."""

    code = "version_stale"
    status = 412
    title = mark("Somebody has changed this since you opened it; look at it again")


def etag(version: int) -> dict[str, str]:
    """The header that names this version."""
    return {"ETag": f'"{version}"'}


def asked_version(connection: ASGIConnection[Any, Any, Any, Any]) -> frozenset[str] | None:
    """The versions an ``If-Match`` header takes; None without one, or when any will do."""
    header = connection.headers.get("if-match")
    if header is None or header.strip() == "*":
        return None
    return frozenset(part.strip() for part in header.split(","))


def require_version(asked: AskedVersion, version: int) -> None:
    """Raise ``VersionStale`` unless this version is one of those asked for (or the one a page was made from)."""
    if asked is None or asked == version:
        return
    if isinstance(asked, int) or f'"{version}"' not in asked:
        raise VersionStale


def page_version(sent: Mapping[str, object]) -> int:
    """The version a page was made from, as its form sends it; 0, which nothing has, when it does not."""
    text = str(sent.get("version", ""))
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else 0
