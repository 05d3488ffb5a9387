"""Spans of requests, jobs and calls out, by OpenTelemetry (OTLP over HTTP); nothing without an address to send them to.

The library is optional (``kamhub[tracing]``) and loaded only then. A span has the template of a route, the name of a job, the
host that was called, the status, and the request id of the log: no address, query, body or error text. A job goes on with the
trace of the request that enqueued it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal

import structlog
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send
from structlog.contextvars import get_contextvars

if TYPE_CHECKING:
    from kamhub.platform.settings import Settings

_log = structlog.get_logger("kamhub.traces")
_STANDARD = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
_PATH = "/v1/traces"
_LAST_WORDS_MS = 2_000
_REFUSED, _FAULT = 400, 500
_UNMATCHED = "unmatched"
_IDS = ("request_id", "job_id", "organisation_id")
Kind = Literal["server", "consumer", "client"]


class _Told:
    """The library, once it is started."""

    provider: Any = None
    tracer: Any = None


def start(settings: Settings, part: Literal["web", "worker"]) -> bool:
    """Begin to send; whether there is anybody to send to. The standard ``OTEL_…`` variables set the rest."""
    if settings.otlp_endpoint is None and not any(os.environ.get(name) for name in _STANDARD):
        return False
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ModuleNotFoundError:
        _log.error("tracing is not installed", needed="kamhub[tracing]")
        return False
    endpoint = settings.otlp_endpoint.rstrip("/") + _PATH if settings.otlp_endpoint else None
    provider = TracerProvider(resource=Resource.create({"service.name": f"kamhub-{part}"}), shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=endpoint)))
    _Told.provider, _Told.tracer = provider, provider.get_tracer("kamhub")
    return True


def stop() -> None:
    """Send what is left, for two seconds at most, and nothing more."""
    provider, _Told.provider, _Told.tracer = _Told.provider, None, None
    if provider is not None:
        provider.force_flush(_LAST_WORDS_MS)
        provider.shutdown()


def running() -> bool:
    """Whether spans are sent."""
    return _Told.tracer is not None


@contextmanager
def span(
    name: str, kind: Kind, attributes: Mapping[str, str | int] | None = None, *, parent: str | None = None
) -> Iterator[Any]:
    """One step of the work; yields its span, None when nothing is sent. ``parent`` is what ``here`` gave elsewhere.

    Of an error its type is told, not its text.
    """
    if _Told.tracer is None:
        yield None
        return
    from opentelemetry.trace import SpanKind
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    context = TraceContextTextMapPropagator().extract({"traceparent": parent}) if parent else None
    bound = get_contextvars()
    ids = {f"kamhub.{known}": str(bound[known]) for known in _IDS if bound.get(known)}
    with _Told.tracer.start_as_current_span(
        name,
        context=context,
        kind=SpanKind[kind.upper()],
        attributes={**ids, **(attributes or {})},
        record_exception=False,
        set_status_on_exception=False,
    ) as begun:
        try:
            yield begun
        except BaseException as error:
            failed(begun, type(error).__name__)
            raise


def failed(begun: Any, error: str) -> None:
    """The step of that span went wrong; ``error`` is a type or a status, no text."""
    if begun is None:
        return
    from opentelemetry.trace import Status, StatusCode

    begun.set_status(Status(StatusCode.ERROR))
    begun.set_attribute("error.type", error)


def answered(begun: Any, status: int) -> None:
    """A call out was answered with that status."""
    if begun is None:
        return
    begun.set_attribute("http.response.status_code", status)
    if status >= _REFUSED:
        failed(begun, str(status))


def here() -> str | None:
    """Where we are, as ``traceparent`` (W3C): for a job that goes on with it. None when nothing is sent."""
    if _Told.tracer is None:
        return None
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    carrier: dict[str, str] = {}
    TraceContextTextMapPropagator().inject(carrier)
    return carrier.get("traceparent")


class Traced:
    """The layer around the whole web application that is there only when spans are sent: one a request."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            await self._app(scope, receive, send)
            return
        # Whoever calls us is not asked which trace this belongs to: the ids of strangers are no ids of ours.
        with span(scope["method"], "server", {"http.request.method": scope["method"]}) as begun:

            async def observed(message: Message) -> None:
                if message["type"] == "http.response.start":
                    _answered(begun, scope, message["status"])
                await send(message)

            await self._app(scope, receive, observed)


def _answered(begun: Any, scope: Any, status: int) -> None:
    route = scope.get("path_template", _UNMATCHED)
    begun.update_name(f"{scope['method']} {route}")
    begun.set_attribute("http.route", route)
    begun.set_attribute("http.response.status_code", status)
    begun.set_attribute("kamhub.request_id", str(scope.get("state", {}).get("request_id", "")))
    if status >= _FAULT:
        failed(begun, str(status))
