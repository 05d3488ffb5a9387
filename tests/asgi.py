"""The real application in this process: started and ended as a server would, called without a socket."""

from __future__ import annotations

import asyncio
import warnings
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

import httpx
from litestar import Litestar
from litestar.exceptions import LitestarDeprecationWarning
from litestar.types import ASGIApp

from kamhub.app.asgi import WebConfig, litestar_app, state_of
from kamhub.hub.payment.client import CloudPaymentsClient
from kamhub.hub.services import Hub
from kamhub.kit.clock import Clock
from kamhub.platform.crypto.keys import KeyRing
from kamhub.platform.live import api as live_api
from kamhub.platform.person.types import Role
from kamhub.platform.session.tokens import issue_access_token
from kamhub.platform.session.types import Identity
from kamhub.platform.settings import Settings
from kamhub.platform.web.edge import Edge
from tests.builders import Operator

ORIGIN = "http://hub.test"
STREAM_SECONDS = 0.2


@asynccontextmanager
async def running(app: ASGIApp) -> AsyncIterator[None]:
    """Start the application by the lifespan messages of ASGI, and end it."""
    sent: asyncio.Queue[dict[str, str]] = asyncio.Queue()
    received: asyncio.Queue[dict[str, str]] = asyncio.Queue()
    scope: Any = {"type": "lifespan", "asgi": {"version": "3.0"}, "state": {}}
    life: asyncio.Task[None] = asyncio.create_task(app(scope, sent.get, received.put))  # type: ignore[arg-type]
    for step in ("startup", "shutdown"):
        await sent.put({"type": f"lifespan.{step}"})
        answered = asyncio.create_task(received.get())
        await asyncio.wait({life, answered}, return_when=asyncio.FIRST_COMPLETED)
        assert answered.done(), life.exception() if life.done() else "no answer"
        assert answered.result()["type"] == f"lifespan.{step}.complete", answered.result()
        if step == "startup":
            yield
    await life


@dataclass(slots=True)
class Web:
    """The running application and a client of it. A fault in a handler is a reply of 500, as over the wire."""

    app: Litestar
    client: httpx.AsyncClient
    keys: KeyRing
    clock: Clock

    @property
    def hub(self) -> Hub:
        hub: Hub = self.app.state.hub
        return hub

    def staff(self, operator: Operator, role: Role = "owner") -> dict[str, str]:
        """The header of somebody of that operator's staff."""
        identity = Identity(operator.people[role], operator.id, role, operator.sessions[role])
        return {"Authorization": f"Bearer {issue_access_token(self.keys, identity, self.clock.now())}"}


# Applications that serve nobody, by what their routes and walls depend on: registering 400 routes takes longer than most
# tests, and what tests differ in is all in the state.
_IDLE: dict[tuple[bool, tuple[str, ...]], list[Litestar]] = {}


def _app(config: WebConfig) -> Litestar:
    """An application with the state of that configuration alone."""
    idle = _IDLE.setdefault(_sort_of(config.settings), [])
    if idle:
        app = idle.pop()
        app.state = state_of(config)
        return app
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", LitestarDeprecationWarning)
        return litestar_app(config)


def routed(config: WebConfig) -> Litestar:
    """An application for who only reads its routes. It serves whoever comes next, so nothing of it may be changed."""
    app = _app(config)
    _IDLE[_sort_of(config.settings)].append(app)
    return app


def _sort_of(settings: Settings) -> tuple[bool, tuple[str, ...]]:
    return settings.production, tuple(settings.allowed_origins)


@asynccontextmanager
async def serve(
    database_url: str,
    keys: KeyRing,
    clock: Clock,
    data_dir: Path,
    *,
    provider: httpx.AsyncBaseTransport,
    settings: Settings | None = None,
) -> AsyncIterator[Web]:
    """The whole application on that database, with a payment service of the caller's."""
    chosen = settings or Settings(env="development", rate_limits="off")
    app = _app(WebConfig(chosen, database_url, keys, ORIGIN, data_dir, clock))
    edge = Edge(app, production=chosen.production)
    # Streams end soon: a client without a socket reads every reply to its end.
    with patch.object(live_api, "MOST_SECONDS", STREAM_SECONDS):
        async with running(edge):
            payments = CloudPaymentsClient("http://provider.test", transport=provider, notes=app.state.hub.calls)
            app.state.hub = replace(app.state.hub, provider=payments)
            transport = httpx.ASGITransport(edge, raise_app_exceptions=False)  # type: ignore[arg-type]
            async with httpx.AsyncClient(transport=transport, base_url=ORIGIN) as client:
                yield Web(app, client, keys, clock)
            await payments.close()
    _IDLE[_sort_of(chosen)].append(app)
