"""The layer around the web application that is there only when Sentry is: one transaction and one list of steps a request."""

from __future__ import annotations

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from kamhub.platform.monitoring.sentry import watched

UNMATCHED = "unmatched"


class Watch:
    """Plain ASGI; ``app`` is the whole application."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            await self._app(scope, receive, send)
            return
        trace = next((value.decode("latin-1") for name, value in scope["headers"] if name == b"sentry-trace"), "")
        with watched("http.server", UNMATCHED, trace) as transaction:

            async def observed(message: Message) -> None:
                if message["type"] == "http.response.start" and transaction is not None:
                    # Templates: an address names bookings, and its query people.
                    transaction.name = f"{scope['method']} {scope.get('path_template', UNMATCHED)}"
                    transaction.set_http_status(message["status"])
                await send(message)

            await self._app(scope, receive, observed)
