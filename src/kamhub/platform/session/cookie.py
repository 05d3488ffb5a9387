"""The cookie of a signed-in browser."""

from __future__ import annotations

import hashlib
from typing import Any

from litestar.connection import ASGIConnection
from litestar.datastructures import Cookie

from kamhub.platform.session.rules import BROWSER_LIFETIME

_NAME = "session"
_BINDING_BYTES = 16


def cookie_name(*, production: bool) -> str:
    """With the prefix that browsers keep from being set by a neighbouring host or without TLS (RFC 6265bis)."""
    return f"__Host-{_NAME}" if production else _NAME


def session_token(connection: ASGIConnection[Any, Any, Any, Any]) -> str | None:
    """The token this browser sends, if any."""
    return connection.cookies.get(cookie_name(production=connection.app.state.settings.production)) or None


def session_cookie(token: str, *, production: bool) -> Cookie:
    """Keeps the token; not for scripts, not for requests that other sites begin."""
    return Cookie(
        key=cookie_name(production=production),
        value=token,
        path="/",
        max_age=int(BROWSER_LIFETIME.total_seconds()),
        httponly=True,
        samesite="lax",
        secure=production,
    )


def ended_cookie(*, production: bool) -> Cookie:
    """Takes it away."""
    return Cookie(
        key=cookie_name(production=production),
        value="",
        path="/",
        max_age=0,
        httponly=True,
        samesite="lax",
        secure=production,
    )


def csrf_binding(token: str | None) -> bytes:
    """What ties a form's token to the session: forms of one sign-in are no good in another."""
    return hashlib.sha256(token.encode()).digest()[:_BINDING_BYTES] if token else b""
