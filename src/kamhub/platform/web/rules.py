"""What every route declares about itself; a route without it keeps the application from starting."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

from litestar import Litestar
from litestar.handlers import HTTPRouteHandler
from pydantic import BaseModel

Access = Literal["public", "booking", "staff", "key", "webhook", "page"]
Rate = Literal["authentication", "creation", "hold", "public", "page", "api", "upload", "webhook", "none"]
# form: signed double submit, checked. The others say why there is nothing to check: reading only, a token that a browser
# does not send by itself (with the session cookie in its place it is checked all the same), a signature over the body, or
# no standing right that another site could borrow.
Csrf = Literal["safe", "form", "token", "signature", "anonymous"]
# What a reply is when no model describes it. "none" is 204 or a redirect.
Content = Literal["none", "page", "text", "csv", "pdf", "calendar", "json", "file", "zip", "events"]

_OPT_KEY = "rule"
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True, slots=True)
class RouteRule:
    """Who may call, how often, how forged requests are told, what comes in and what goes out.

    ``permission`` is the right a staff route asks for, or the scope a key route asks for. ``body`` is the model of the
    body, of a GET the query. ``audit`` is the action that a staff route which changes something writes down.
    ``most_bytes`` is how long a body the edge lets through, where that is not what its rate says.
    """

    access: Access
    rate: Rate
    csrf: Csrf
    permission: str | None
    body: type[BaseModel] | Literal["none"] | None
    reply: type[BaseModel] | Content | None
    refusals: tuple[int, ...]
    audit: str | None
    most_bytes: int | None = None

    @property
    def body_model(self) -> type[BaseModel] | None:
        """The model of what comes in."""
        return self.body if isinstance(self.body, type) else None

    @property
    def reply_model(self) -> type[BaseModel] | None:
        """The model of what goes out."""
        return self.reply if isinstance(self.reply, type) else None


def rule(
    *,
    access: Access,
    rate: Rate,
    csrf: Csrf = "safe",
    permission: str | None = None,
    body: type[BaseModel] | Literal["none"] | None = None,
    reply: type[BaseModel] | Content | None = None,
    refusals: Iterable[int] = (),
    audit: str | None = None,
    most_bytes: int | None = None,
) -> dict[str, Any]:
    """The ``opt`` of a handler."""
    return {_OPT_KEY: RouteRule(access, rate, csrf, permission, body, reply, tuple(refusals), audit, most_bytes)}


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
    schema: str
    audit: str | None


class RouteWithoutRule(Exception):
    """A route was registered that does not say who may call it, how often, how it is guarded, or what it takes and gives."""


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
    if fault := _fault(method, declared):
        raise RouteWithoutRule(f"{method} {path} {fault}")
    return RouteRow(
        method,
        path,
        declared.access,
        declared.permission,
        declared.rate,
        declared.csrf,
        _schema(declared),
        declared.audit,
    )


def _fault(method: str, declared: RouteRule) -> str | None:
    """What the rule of a route leaves open."""
    changes = method not in _SAFE_METHODS
    if changes and declared.csrf == "safe":
        return "changes something and declares no CSRF rule"
    if declared.access in {"staff", "key"} and not declared.permission:
        return f"is for {declared.access} and names no permission"
    if declared.reply is None:
        return "does not say what it replies"
    if changes and declared.body is None:
        return "does not say what it takes"
    if changes and declared.access in {"staff", "key"} and not declared.audit:
        return "is used by staff to change something and names no audit action"
    return None


def _schema(declared: RouteRule) -> str:
    """``what comes in -> what goes out``, such as ``HoldForm -> BookingReply``."""
    reply = declared.reply if isinstance(declared.reply, str) else declared.reply and declared.reply.__name__
    body = declared.body_model
    return f"{body.__name__} -> {reply}" if body else str(reply)


def handlers_of(app: Litestar) -> list[tuple[str, HTTPRouteHandler]]:
    """``(path, handler)`` of every HTTP route."""
    return [
        (route.path_format, handler)
        for route in app.routes
        for handler in getattr(route, "route_handlers", [])
        if isinstance(handler, HTTPRouteHandler)
    ]
