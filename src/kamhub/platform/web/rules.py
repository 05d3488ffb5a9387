"""What every route declares about itself; a route without it keeps the application from starting."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

from litestar import Litestar
from litestar.handlers import HTTPRouteHandler
from pydantic import BaseModel

Access = Literal["public", "booking", "staff", "key", "webhook", "page"]
Rate = Literal["authentication", "creation", "hold", "public", "page", "api", "webhook", "none"]
# form: signed double submit, checked. The others say why there is nothing to check: reading only, a token that a browser
# does not send by itself, a signature over the body, or no standing right that another site could borrow.
Csrf = Literal["safe", "form", "token", "signature", "anonymous"]

_OPT_KEY = "rule"
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True, slots=True)
class RouteRule:
    """Access, rate preset, CSRF rule, permission (staff only), and the schemas of body and reply for the OpenAPI."""

    access: Access
    rate: Rate
    csrf: Csrf
    permission: str | None = None
    body: type[BaseModel] | None = None
    reply: type[BaseModel] | None = None
    refusals: tuple[int, ...] = ()


def rule(
    *,
    access: Access,
    rate: Rate,
    csrf: Csrf = "safe",
    permission: str | None = None,
    body: type[BaseModel] | None = None,
    reply: type[BaseModel] | None = None,
    refusals: Iterable[int] = (),
) -> dict[str, Any]:
    """The ``opt`` of a handler."""
    return {_OPT_KEY: RouteRule(access, rate, csrf, permission, body, reply, tuple(refusals))}


def rule_of(handler: Any) -> RouteRule | None:
    """The rule a handler declared, or None."""
    found = getattr(handler, "opt", {}).get(_OPT_KEY)
    return found if isinstance(found, RouteRule) else None


@dataclass(frozen=True, slots=True)
class RouteRow:
    """One line of ``kamhub routes``."""

    method: str
    path: str
    access: Access
    permission: str | None
    rate: Rate
    csrf: Csrf
    schema: str | None


class RouteWithoutRule(Exception):
    """A route was registered that does not say who may call it, how often, and how it is guarded."""


def route_table(app: Litestar) -> list[RouteRow]:
    """Every route with its rule, by path. Raises ``RouteWithoutRule``."""
    rows = []
    for route in app.routes:
        for handler in getattr(route, "route_handlers", [getattr(route, "route_handler", None)]):
            declared = rule_of(handler)
            # Litestar answers OPTIONS by itself from the route's methods; it says nothing else.
            methods = sorted(getattr(handler, "http_methods", {"GET"}))
            if methods == ["OPTIONS"] and declared is None:
                continue
            if declared is None:
                raise RouteWithoutRule(f"{methods} {route.path} declares no rule")
            rows += [_row(method, route.path_format, declared) for method in methods]
    return sorted(rows, key=lambda row: (row.path, row.method))


def _row(method: str, path: str, declared: RouteRule) -> RouteRow:
    if method not in _SAFE_METHODS and declared.csrf == "safe":
        raise RouteWithoutRule(f"{method} {path} changes something and declares no CSRF rule")
    if declared.access == "staff" and not declared.permission:
        raise RouteWithoutRule(f"{method} {path} is for staff and names no permission")
    schema = declared.body or declared.reply
    return RouteRow(
        method,
        path,
        declared.access,
        declared.permission,
        declared.rate,
        declared.csrf,
        schema.__name__ if schema else None,
    )


def handlers_of(app: Litestar) -> list[tuple[str, HTTPRouteHandler]]:
    """``(path, handler)`` of every HTTP route."""
    return [
        (route.path_format, handler)
        for route in app.routes
        for handler in getattr(route, "route_handlers", [])
        if isinstance(handler, HTTPRouteHandler)
    ]
