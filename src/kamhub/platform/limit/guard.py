"""The wall itself: counts a call before its handler runs, by the preset of the route's rule."""

from __future__ import annotations

from typing import Any

from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler

from kamhub.platform.limit.limiter import Limiter
from kamhub.platform.limit.rules import client_address
from kamhub.platform.web.edge import EXTRA_HEADERS
from kamhub.platform.web.rules import rule_of


async def limit_guard(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """Guard of every route whose preset is not ``none``. Raises ``RateLimited``.

    The key is the route's template and who calls: the person of the token, else the address. Letter case, query, slashes
    and forged headers change neither.
    """
    declared = rule_of(handler)
    limiter: Limiter | None = connection.app.state.limiter
    if declared is None or limiter is None:
        return
    scope = connection.scope
    allowance = await limiter.hit(declared.rate, str(scope.get("path_template")), caller_of(connection))
    scope["state"][EXTRA_HEADERS] = allowance.headers()


def caller_of(connection: ASGIConnection[Any, Any, Any, Any]) -> str:
    """``person:…`` for a verified token, else ``address:…``."""
    staff = connection.scope.get("state", {}).get("identity")
    if staff is not None:
        return f"person:{staff.person_id}"
    client = connection.scope.get("client")
    peer = client[0] if client else ""
    trusted = connection.app.state.settings.trusted_networks
    forwarded = connection.headers.getall("x-forwarded-for", []) if trusted else []
    return f"address:{client_address(peer, forwarded, trusted)}"
