"""The same web process with every wall taken down: no guards, no limits, no headers, no request id.

Run as ``python -m bench.bare web --port N --share-port``; shows what the walls cost.
"""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable
from typing import Any

from kamhub.app import asgi
from kamhub.app.cli import app


class NoEdge:
    """Hands everything on, with the state that handlers expect."""

    def __init__(self, inner: Callable[..., Awaitable[None]], **_: object) -> None:
        self._inner = inner

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        scope.setdefault("state", {})
        await self._inner(scope, receive, send)


if __name__ == "__main__":
    vars(asgi).update(Edge=NoEdge, guards_for=lambda _handler: [])
    app(["web", *sys.argv[1:]])
