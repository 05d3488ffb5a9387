"""The wall itself: counts a call before its handler runs, by the preset of the route's rule."""

from __future__ import annotations

from typing import Any

from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler

from kamhub.platform.limit.limiter import Limiter
from kamhub.platform.limit.rules import client_address
from kamhub.platform.web.edge import EXTRA_HEADERS
from kamhub.platform.web.rules import RouteRule, rule_of

# Key of the request's state under which the wall that let somebody in leaves who it was.
CALLER = "caller"

Call = ASGIConnection[Any, Any, Any, Any]


async def limit_guard(connection: Call, handler: BaseRouteHandler) -> None:
    """Guard of every route whose preset is not ``none``. Raises ``RateLimited``, ``LimiterUnavailable``."""
    declared = rule_of(handler)
    if declared is not None:
        await count(connection, declared)


async def count(connection: Call, declared: RouteRule) -> None:
    """Count this call for whoever makes it, and leave what is left to them for the reply's headers.

    The key is the route's template and the caller. Letter case, query, slashes, method and forged headers change neither.
    Raises ``RateLimited``, ``LimiterUnavailable``.
    """
    limiter: Limiter | None = connection.app.state.limiter
    if limiter is None or declared.rate == "none":
        return
    scope = connection.scope
    allowance = await limiter.hit(declared.rate, str(scope.get("path_template")), caller_of(connection))
    scope["state"][EXTRA_HEADERS] = allowance.headers()


async def count_seats(connection: Call, seats: int) -> None:
    """Count seats that are about to be held for whoever makes this call. Raises ``RateLimited``."""
    limiter: Limiter | None = connection.app.state.limiter
    if limiter is not None:
        await limiter.hit("seats", "hold", caller_of(connection), seats)


def caller_of(connection: Call) -> str:
    """``person:…`` or ``key:…`` where a wall before this one has let somebody in, else ``address:…``."""
    known: str | None = connection.scope.get("state", {}).get(CALLER)
    if known is not None:
        return known
    client = connection.scope.get("client")
    peer = client[0] if client else ""
    trusted = connection.app.state.settings.trusted_networks
    forwarded = connection.headers.getall("x-forwarded-for", []) if trusted else []
    return f"address:{client_address(peer, forwarded, trusted)}"
