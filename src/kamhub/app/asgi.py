"""The ASGI application: every route, every layer, in one place."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from copy import copy
from dataclasses import dataclass
from pathlib import Path

from litestar import Litestar
from litestar.config.cors import CORSConfig
from litestar.datastructures import State
from litestar.di import Provide
from litestar.handlers import HTTPRouteHandler
from litestar.types import ASGIApp, Guard

from kamhub.app import health, openapi, refusals, static_serving, well_known
from kamhub.app.metrics import RequestMetrics
from kamhub.app.static_files import StaticFiles
from kamhub.app.templating import Templates
from kamhub.app.wiring import open_hub
from kamhub.hub.booking import api as booking_api
from kamhub.hub.booking import pages as booking_pages
from kamhub.hub.payment import api as payment_api
from kamhub.hub.privacy import api as privacy_api
from kamhub.hub.privacy import pages as privacy_pages
from kamhub.hub.search import api as search_api
from kamhub.hub.search import pages as search_pages
from kamhub.hub.services import Hub
from kamhub.kit.clock import Clock, SystemClock
from kamhub.platform.access.guard import access_guard, current_staff
from kamhub.platform.api_key import api as api_key_api
from kamhub.platform.api_key import pages as api_key_pages
from kamhub.platform.audit import api as audit_api
from kamhub.platform.audit import pages as audit_pages
from kamhub.platform.crypto.keys import KeyRing
from kamhub.platform.i18n import pages as i18n_pages
from kamhub.platform.job import api as job_api
from kamhub.platform.job import pages as job_pages
from kamhub.platform.limit.guard import limit_guard
from kamhub.platform.limit.limiter import Limiter
from kamhub.platform.mail import pages as mail_pages
from kamhub.platform.mailed_link import api as mailed_link_api
from kamhub.platform.mailed_link import pages as mailed_link_pages
from kamhub.platform.organisation import api as organisation_api
from kamhub.platform.organisation import pages as organisation_pages
from kamhub.platform.person import api as person_api
from kamhub.platform.person import pages as person_pages
from kamhub.platform.person.services import People
from kamhub.platform.second_factor import api as second_factor_api
from kamhub.platform.second_factor import pages as second_factor_pages
from kamhub.platform.session import api as session_api
from kamhub.platform.session import pages as session_pages
from kamhub.platform.settings import Settings
from kamhub.platform.web import api as web_api
from kamhub.platform.web.csrf import Csrf, csrf_guard
from kamhub.platform.web.edge import Edge, Observe
from kamhub.platform.web.rules import RouteWithoutRule, route_table, rule_of


@dataclass(frozen=True, slots=True)
class WebConfig:
    """What a web process is started with."""

    settings: Settings
    database_url: str
    keys: KeyRing
    public_url: str
    data_dir: Path
    clock: Clock | None = None


def provide_hub(state: State) -> Hub:
    """The hub's services."""
    hub: Hub = state.hub
    return hub


def provide_people(state: State) -> People:
    """The services of sign-in."""
    people: People = state.people
    return people


def create_app(config: WebConfig, observe: Observe | None = None) -> ASGIApp:
    """The whole application. Raises ``RouteWithoutRule`` when a route forgot to say how it is guarded."""
    app = litestar_app(config)
    route_table(app)
    requests: RequestMetrics = app.state.requests
    return Edge(app, production=config.settings.production, observe=observe or requests.observe)


def litestar_app(config: WebConfig) -> Litestar:
    """The application without its outermost layer."""
    settings = config.settings
    csrf = Csrf(config.keys, secure=settings.production, origins=(config.public_url, *settings.allowed_origins))
    return Litestar(
        route_handlers=_handlers(settings),
        dependencies={
            "hub": Provide(provide_hub, sync_to_thread=False),
            "people": Provide(provide_people, sync_to_thread=False),
            "staff": Provide(current_staff),
        },
        exception_handlers=refusals.HANDLERS,
        cors_config=_cors(settings),
        openapi_config=None,
        logging_config=None,
        lifespan=[_lifespan(config)],
        state=State(
            {
                "settings": settings,
                "csrf": csrf,
                "keys": config.keys,
                "clock": config.clock or SystemClock(),
                "templates": Templates(StaticFiles()),
                "data_dir": config.data_dir,
                "limiter": _limiter(settings),
                "requests": RequestMetrics(),
            }
        ),
    )


def _handlers(settings: Settings) -> list[HTTPRouteHandler]:
    handlers: list[HTTPRouteHandler] = [
        *health.HANDLERS,
        *web_api.HANDLERS,
        *openapi.HANDLERS,
        static_serving.serve,
        *well_known.HANDLERS,
        i18n_pages.switch_locale,
        *session_api.HANDLERS,
        *session_pages.HANDLERS,
        *person_api.HANDLERS,
        *person_pages.HANDLERS,
        *mailed_link_api.HANDLERS,
        *mailed_link_pages.HANDLERS,
        *second_factor_api.HANDLERS,
        *second_factor_pages.HANDLERS,
        *organisation_api.HANDLERS,
        *organisation_pages.HANDLERS,
        *api_key_api.HANDLERS,
        *api_key_pages.HANDLERS,
        *audit_api.HANDLERS,
        *audit_pages.HANDLERS,
        *job_api.HANDLERS,
        *job_pages.HANDLERS,
        *search_api.HANDLERS,
        *search_pages.HANDLERS,
        *booking_api.HANDLERS,
        *booking_pages.HANDLERS,
        *payment_api.HANDLERS,
        *privacy_api.HANDLERS,
        *privacy_pages.HANDLERS,
    ]
    if not settings.production:
        handlers += mail_pages.HANDLERS
    # Copies: the handlers are made once for the whole program, the walls belong to this application.
    guarded = [copy(handler) for handler in handlers]
    for handler in guarded:
        handler.guards = guards_for(handler)
    return guarded


def guards_for(handler: HTTPRouteHandler) -> list[Guard]:
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


def _lifespan(config: WebConfig) -> Callable[[Litestar], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(app: Litestar) -> AsyncIterator[None]:
        async with open_hub(
            config.settings,
            config.database_url,
            config.keys,
            application="kamhub-web",
            public_url=config.public_url,
            clock=config.clock,
        ) as hub:
            app.state.hub = hub
            app.state.people = People(
                hub.database,
                hub.clock,
                hub.keys,
                limiter=app.state.limiter,
                public_url=hub.public_url,
                production=hub.production,
            )
            yield

    return lifespan
