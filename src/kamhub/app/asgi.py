"""The ASGI application: every route, every layer, in one place."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from copy import copy
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event

from litestar import Litestar
from litestar.config.cors import CORSConfig
from litestar.datastructures import State
from litestar.di import Provide
from litestar.handlers import BaseRouteHandler
from litestar.types import ASGIApp, Guard

from kamhub.app import refusals
from kamhub.app.desk import make_desk
from kamhub.app.handlers import HANDLERS
from kamhub.app.metrics import RequestMetrics
from kamhub.app.templating import templates
from kamhub.app.wiring import open_hub
from kamhub.desk.services import Desk
from kamhub.hub.services import Hub
from kamhub.kit.clock import Clock, SystemClock
from kamhub.platform.access.guard import access_guard, current_staff
from kamhub.platform.crypto.keys import KeyRing
from kamhub.platform.limit.guard import limit_guard
from kamhub.platform.limit.limiter import Limiter
from kamhub.platform.mail import pages as mail_pages
from kamhub.platform.monitoring import sentry, traces
from kamhub.platform.monitoring.watch import Watch
from kamhub.platform.person.services import People
from kamhub.platform.settings import Settings
from kamhub.platform.web.csrf import Csrf, csrf_guard
from kamhub.platform.web.edge import Edge, Observe
from kamhub.platform.web.requests import FormRequest
from kamhub.platform.web.rules import RouteWithoutRule, route_table, rule_of


@dataclass(frozen=True, slots=True)
class WebConfig:
    """What a web process is started with. ``leaving`` is set when it has been asked to end and drains."""

    settings: Settings
    database_url: str
    keys: KeyRing
    public_url: str
    data_dir: Path
    clock: Clock | None = None
    leaving: Event = field(default_factory=Event)


def provide_hub(state: State) -> Hub:
    """The hub's services."""
    hub: Hub = state.hub
    return hub


def provide_desk(state: State) -> Desk:
    """The desk's services."""
    desk: Desk = state.desk
    return desk


def provide_people(state: State) -> People:
    """The services of sign-in."""
    people: People = state.people
    return people


def create_app(config: WebConfig, observe: Observe | None = None) -> ASGIApp:
    """The whole application. Raises ``RouteWithoutRule`` when a route forgot to say how it is guarded."""
    app = litestar_app(config)
    route_table(app)
    requests: RequestMetrics = app.state.requests
    settings = config.settings
    edge: ASGIApp = Edge(
        app,
        production=settings.production,
        observe=observe or requests.observe,
        sampled=settings.log_requests,
    )
    watched: ASGIApp = Watch(edge) if sentry.running() else edge
    return traces.Traced(watched) if traces.running() else watched


def litestar_app(config: WebConfig) -> Litestar:
    """The application without its outermost layer."""
    settings = config.settings
    return Litestar(
        route_handlers=_handlers(settings),
        dependencies={
            "hub": Provide(provide_hub, sync_to_thread=False),
            "desk": Provide(provide_desk, sync_to_thread=False),
            "people": Provide(provide_people, sync_to_thread=False),
            "staff": Provide(current_staff),
        },
        request_class=FormRequest,
        exception_handlers=refusals.HANDLERS,
        cors_config=_cors(settings),
        openapi_config=None,
        logging_config=None,
        lifespan=[_lifespan],
        state=state_of(config),
    )


def state_of(config: WebConfig) -> State:
    """What handlers find in ``app.state`` before the services are open."""
    settings = config.settings
    return State(
        {
            "config": config,
            "settings": settings,
            "csrf": Csrf(
                config.keys, secure=settings.production, origins=(config.public_url, *settings.allowed_origins)
            ),
            "keys": config.keys,
            "clock": config.clock or SystemClock(),
            "templates": templates(),
            "data_dir": config.data_dir,
            "limiter": _limiter(settings),
            "requests": RequestMetrics(),
        }
    )


def _handlers(settings: Settings) -> list[BaseRouteHandler]:
    handlers = [*HANDLERS, *(() if settings.production else mail_pages.HANDLERS)]
    # Copies: the handlers are made once for the whole program, the walls belong to this application.
    guarded = [copy(handler) for handler in handlers]
    for handler in guarded:
        handler.guards = guards_for(handler)
    return guarded


def guards_for(handler: BaseRouteHandler) -> list[Guard]:
    """The walls a route's own rule asks for. The others get none: even an idle guard costs a tenth of a hold."""
    declared = rule_of(handler)
    if declared is None:
        raise RouteWithoutRule(f"{handler} declares no rule")
    walls: list[Guard] = []
    if declared.access in {"staff", "key"}:
        walls.append(access_guard)  # before the limit, which then counts by person or key
    if declared.rate != "none":
        walls.append(limit_guard)
    if declared.csrf == "form":
        walls.append(csrf_guard)
    return walls


def _cors(settings: Settings) -> CORSConfig | None:
    """Browsers of the named origins may call with credentials; without names nobody's may."""
    if not settings.allowed_origins:
        return None
    return CORSConfig(
        allow_origins=list(settings.allowed_origins),
        allow_methods=["GET", "POST", "PATCH", "DELETE"],
        allow_headers=["Authorization", "Content-Type", "Idempotency-Key", "If-Match", "X-CSRF-Token", "X-Request-ID"],
        expose_headers=[
            "ETag",
            "Retry-After",
            "X-Request-ID",
            "RateLimit-Limit",
            "RateLimit-Remaining",
            "RateLimit-Reset",
        ],
        allow_credentials=True,
        max_age=600,
    )


def _limiter(settings: Settings) -> Limiter | None:
    if settings.rate_limits == "off":
        return None
    return Limiter(settings.redis_url.get_secret_value() if settings.redis_url else None, settings.rate_presets)


@asynccontextmanager
async def _lifespan(app: Litestar) -> AsyncIterator[None]:
    config: WebConfig = app.state.config
    async with open_hub(
        config.settings,
        config.database_url,
        config.keys,
        application="kamhub-web",
        public_url=config.public_url,
        clock=config.clock,
    ) as hub:
        app.state.hub = hub
        app.state.desk = make_desk(config.settings, hub, config.data_dir)
        app.state.people = People(
            hub.database,
            hub.clock,
            hub.keys,
            limiter=app.state.limiter,
            public_url=hub.public_url,
            production=hub.production,
        )
        yield
        await app.state.desk.gaps.settled()
