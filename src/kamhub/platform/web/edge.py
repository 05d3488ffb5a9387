"""The outermost layer: request id, body limit, security headers, the log line of a request. Plain ASGI, once a request."""

from __future__ import annotations

import logging
import random
import re
import time
from collections.abc import Callable
from typing import Any

import structlog
from litestar import Litestar
from litestar.enums import HttpMethod, ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send
from structlog.contextvars import bind_contextvars, clear_contextvars
from uuid_utils import uuid7

from kamhub.platform.web import problems
from kamhub.platform.web.rules import handlers_of, rule_of

log = structlog.get_logger("kamhub.request")

MAX_BODY_BYTES = 1_000_000
# Of the routes whose rule says ``upload`` and no number of its own: a file of 8 MB in the wrapping of a form.
MAX_UPLOAD_BYTES = 8_500_000
# Key of the request's state under which inner layers leave headers for the reply.
EXTRA_HEADERS = "extra_headers"
SLOW_SECONDS = 1.0
_REQUEST_ID = re.compile(rb"[A-Za-z0-9_.-]{8,64}")
# Nothing inline and nothing from elsewhere; QR codes and icons are inline SVG or data images.
_CONTENT_SECURITY_POLICY = (
    b"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; "
    b"form-action 'self'; base-uri 'none'; frame-ancestors 'none'; manifest-src 'self'"
)
_HEADERS: list[tuple[bytes, bytes]] = [
    (b"content-security-policy", _CONTENT_SECURITY_POLICY),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"strict-origin-when-cross-origin"),
    (b"permissions-policy", b"camera=(self), geolocation=(), microphone=(), payment=()"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
]
# A document that is no page needs no more than not to be mistaken for one.
_MACHINE_HEADERS: list[tuple[bytes, bytes]] = [
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"x-content-type-options", b"nosniff"),
]
_EVENT_STREAM = (b"content-type", b"text/event-stream; charset=utf-8")
# What only the caller may see must not stay in anybody's cache.
_NO_STORE = (b"cache-control", b"no-store")
_HSTS = (b"strict-transport-security", b"max-age=63072000; includeSubDomains")

Headers = list[tuple[bytes, bytes]]
Observe = Callable[[str, str, int, float], None]


class Edge:
    """Wraps the whole application. ``observe`` gets method, route template, status and seconds of each request.

    ``sampled`` is the share of ordinary requests that get a line in the log.
    """

    def __init__(self, app: ASGIApp, *, production: bool, observe: Observe | None = None, sampled: float = 0.0) -> None:
        self._sampled = sampled
        self._app = app
        self._uploads = _upload_addresses(app)
        always = [_HSTS] if production else []
        self.page_headers = [*_HEADERS, *always]
        self.machine_headers = [*_MACHINE_HEADERS, *always]
        self._observe = observe

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            await self._app(scope, receive, send)
            return
        request_id, length, private = _read(scope["headers"])
        number = request_id.decode()
        scope.setdefault("state", {})["request_id"] = number
        clear_contextvars()
        # Every line of the log, and every job that this request puts into the queue, carries it.
        bind_contextvars(request_id=number)
        if scope["method"] == "HEAD":
            # Answered as GET is; the server leaves the body out, by the scope that it keeps for itself.
            scope = {**scope, "method": HttpMethod.GET}
        exchange = _Exchange(self, scope, request_id, receive, send, private=private)
        started = time.perf_counter()
        try:
            if length > MAX_BODY_BYTES and length > self.most_bytes(scope):
                await _refuse_body(exchange)
            else:
                await self._app(scope, exchange.receive, exchange.send)
        finally:
            # A stream has answered when it begins; how long it goes on is up to whoever listens.
            ended = exchange.streams_since or time.perf_counter()
            self._account(scope, exchange.status, ended - started, request_id)

    def most_bytes(self, scope: Scope) -> int:
        """How long the body of that request may be; asked only about one that is long."""
        found = (most for address, most in self._uploads if address.fullmatch(scope["path"]))
        return next(found, MAX_BODY_BYTES)

    def _account(self, scope: Any, status: int, seconds: float, request_id: bytes) -> None:
        template = scope.get("path_template", "unmatched")
        if self._observe is not None:
            self._observe(scope["method"], template, status, seconds)
        bad = status >= 500 or status == 0 or seconds > SLOW_SECONDS
        if bad or (self._sampled and random.random() < self._sampled):  # noqa: S311 - not a secret
            log.log(
                logging.WARNING if bad else logging.INFO,
                "request",
                method=scope["method"],
                route=template,
                status=status,
                seconds=round(seconds, 4),
                request_id=request_id.decode(),
            )


class _Exchange:
    """One request's receive and send, with the body counted and the headers added."""

    __slots__ = (
        "_edge",
        "_private",
        "_receive",
        "_received",
        "_request_id",
        "_scope",
        "_send",
        "status",
        "streams_since",
    )

    def __init__(
        self, edge: Edge, scope: Scope, request_id: bytes, receive: Receive, send: Send, *, private: bool
    ) -> None:
        self._edge = edge
        self._private = private
        self._scope = scope
        self._request_id = request_id
        self._receive = receive
        self._send = send
        self._received = 0
        self.status = 0
        self.streams_since = 0.0

    async def receive(self) -> Any:
        message = await self._receive()
        if message["type"] == "http.request":
            self._received += len(message["body"])
            if self._received > MAX_BODY_BYTES and self._received > self._edge.most_bytes(self._scope):
                raise problems.BodyTooLarge  # a refusal: the application answers it like any other
        return message

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            own = list(message.get("headers") or ())
            if (b"content-type", b"application/json") in own:
                own += self._edge.machine_headers
            else:
                present = {name for name, _ in own}
                own += (pair for pair in self._edge.page_headers if pair[0] not in present)
                if _EVENT_STREAM in own:
                    self.streams_since = time.perf_counter()
            own += self._scope["state"].get(EXTRA_HEADERS, ())
            if self._private and not any(name == b"cache-control" for name, _ in own):
                own.append(_NO_STORE)
            own.append((b"x-request-id", self._request_id))
            message["headers"] = own
        await self._send(message)


def _upload_addresses(app: ASGIApp) -> list[tuple[re.Pattern[str], int]]:
    """The addresses of the routes that take files, and how many bytes each takes."""
    if not isinstance(app, Litestar):
        return []
    rules = {path: rule for path, handler in handlers_of(app) if (rule := rule_of(handler)) and rule.rate == "upload"}
    return [
        (re.compile(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(path))), rule.most_bytes or MAX_UPLOAD_BYTES)
        for path, rule in sorted(rules.items())
    ]


def _read(headers: Any) -> tuple[bytes, int, bool]:
    """Request id, announced length of the body, and whether the caller shows who they are."""
    request_id, length, private = b"", 0, False
    for name, value in headers:
        if name == b"x-request-id" and _REQUEST_ID.fullmatch(value):
            request_id = value
        elif name == b"content-length" and value.isdigit():
            length = int(value) if len(value) < 19 else MAX_BODY_BYTES + 1  # int() refuses thousands of digits
        elif name == b"authorization":
            private = True
    return request_id or uuid7().hex.encode(), length, private


async def _refuse_body(exchange: _Exchange) -> None:
    response = problems.reply(problems.BodyTooLarge())
    body: bytes = response.content
    await exchange.send(
        {
            "type": "http.response.start",
            "status": problems.BodyTooLarge.status,
            "headers": [
                (b"content-type", problems.MEDIA_TYPE.encode()),
                (b"content-length", str(len(body)).encode()),
                (b"connection", b"close"),
            ],
        }
    )
    await exchange.send({"type": "http.response.body", "body": body, "more_body": False})
