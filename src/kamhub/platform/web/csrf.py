"""Signed double submit: a form carries the value of a cookie that only we can have made.

A request that borrows a browser's cookies from another site cannot read the cookie and so cannot repeat its value. In
addition the browser's own word on where the request comes from (Origin, Sec-Fetch-Site) must not contradict.
"""

from __future__ import annotations

import hmac
import secrets
from typing import Any
from urllib.parse import urlsplit

from litestar.connection import ASGIConnection
from litestar.datastructures import Cookie
from litestar.handlers import BaseRouteHandler

from kamhub.platform.crypto.keys import KeyRing
from kamhub.platform.session.cookie import csrf_binding, session_token
from kamhub.platform.web.problems import CsrfFailed
from kamhub.platform.web.requests import FormRequest
from kamhub.platform.web.rules import rule_of

COOKIE = "csrf_token"
FIELD = "csrf_token"
HEADER = "x-csrf-token"
_PURPOSE = "csrf"
_NONCE_BYTES = 16
_MAC_BYTES = 16


class Csrf:
    """Makes and checks tokens; ``binding`` ties one to a signed-in session."""

    def __init__(self, keys: KeyRing, *, secure: bool, origins: tuple[str, ...]) -> None:
        self._keys = keys
        self._secure = secure
        self._origins = frozenset(origin.rstrip("/").lower() for origin in origins)

    def issue(self, binding: bytes = b"") -> str:
        """A fresh token: hex(nonce ‖ HMAC(nonce ‖ binding))."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return (nonce + self._keys.sign(_PURPOSE, nonce + binding)[:_MAC_BYTES]).hex()

    def genuine(self, token: str, binding: bytes = b"") -> bool:
        """Whether we made that token for that session."""
        try:
            raw = bytes.fromhex(token)
        except ValueError:
            return False
        nonce, mac = raw[:_NONCE_BYTES], raw[_NONCE_BYTES:]
        return len(raw) == _NONCE_BYTES + _MAC_BYTES and self._keys.verify(_PURPOSE, nonce + binding, mac)

    def token_for(self, connection: ASGIConnection[Any, Any, Any, Any]) -> tuple[str, Cookie | None]:
        """The token of this browser, and the cookie to set when it has none yet."""
        present = connection.cookies.get(COOKIE, "")
        binding = csrf_binding(session_token(connection))
        if self.genuine(present, binding):
            return present, None
        return self.fresh(binding)

    def fresh(self, binding: bytes = b"") -> tuple[str, Cookie]:
        """A new token and its cookie, as when a session begins or ends."""
        token = self.issue(binding)
        cookie = Cookie(key=COOKIE, value=token, path="/", samesite="lax", secure=self._secure, max_age=86_400)
        return token, cookie

    def check(self, connection: ASGIConnection[Any, Any, Any, Any], given: str) -> None:
        """Raise ``CsrfFailed`` unless the request comes from a page of ours, in the session of this browser."""
        cookie = connection.cookies.get(COOKIE, "")
        binding = csrf_binding(session_token(connection))
        if not self.genuine(cookie, binding) or not hmac.compare_digest(cookie.encode(), given.encode()):
            raise CsrfFailed
        self.check_origin(connection)

    def check_origin(self, connection: ASGIConnection[Any, Any, Any, Any]) -> None:
        """Raise ``CsrfFailed`` when the browser itself says that another site has made it ask."""
        if connection.headers.get("sec-fetch-site") == "cross-site":
            raise CsrfFailed("The form was sent from another site")
        # A browser that keeps the origin to itself may still tell the page it came from.
        origin = connection.headers.get("origin") or _origin_of(connection.headers.get("referer", ""))
        if origin and not self._ours(origin, connection.headers.get("host", "")):
            raise CsrfFailed("The form was sent from another site")

    def _ours(self, origin: str, host: str) -> bool:
        return origin.lower() in self._origins or urlsplit(origin).netloc.lower() == host.lower()


def _origin_of(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""


async def csrf_guard(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """Application-wide guard: checks the routes whose rule says ``form``."""
    declared = rule_of(handler)
    if declared is None or declared.csrf != "form":
        return
    given = connection.headers.get(HEADER, "")
    if not given:
        form = await FormRequest(connection.scope, connection.receive, connection.send).form()
        given = str(form.get(FIELD, ""))
    csrf: Csrf = connection.app.state.csrf
    csrf.check(connection, given)
