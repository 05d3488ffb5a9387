"""Faults, a tenth of the traces, and what the business did before a fault, told to Sentry; nothing without a DSN.

None of the library's integrations is on: what is told is told here, and goes through ``scrub``. The library is loaded only
when there is somebody to tell. Whose request or job it is comes from what is bound to the lines of the log.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit
from uuid import UUID

from structlog.contextvars import get_contextvars
from structlog.typing import EventDict

import kamhub
from kamhub.kit.errors import Refusal
from kamhub.platform.monitoring.scrub import TAGS, facts_of, scrub, trace_parent

if TYPE_CHECKING:
    from kamhub.platform.settings import Settings

TRACES = 0.1
_LAST_WORDS_SECONDS = 2.0
_PARTS_OF_A_DSN = "give http(s)://key@host/number"

Part = Literal["web", "worker"]
# What happens to a booking and its money, as far as it helps to understand a fault.
Step = Literal[
    "booking created",
    "booking confirmed",
    "booking cancelled",
    "payment begun",
    "payment succeeded",
    "payment failed",
]


class _Told:
    """The library, once it is started."""

    sdk: ModuleType | None = None


def start(settings: Settings, part: Part) -> bool:
    """Begin to tell; whether there is anybody to tell."""
    if settings.sentry_dsn is None:
        return False
    import sentry_sdk

    sentry_sdk.init(
        dsn=settings.sentry_dsn.get_secret_value(),
        environment=settings.env,
        release=release(),
        server_name=part,
        default_integrations=False,
        auto_enabling_integrations=False,
        auto_session_tracking=False,
        send_client_reports=False,
        include_local_variables=False,
        include_source_context=False,
        max_request_body_size="never",
        in_app_include=["kamhub"],
        spotlight=False,
        traces_sample_rate=1.0,  # of those that are begun
        # Nobody we call is told the numbers of our traces.
        trace_propagation_targets=[],
        before_send=_scrubbed,
        before_send_transaction=_scrubbed,
    )
    _Told.sdk = sentry_sdk
    return True


def stop() -> None:
    """Say the last words, for two seconds at most, and tell nothing more."""
    if _Told.sdk is not None:
        _Told.sdk.get_client().close(timeout=_LAST_WORDS_SECONDS)
        _Told.sdk = None


def running() -> bool:
    """Whether faults are told to anybody."""
    return _Told.sdk is not None


def release() -> str:
    """The version of this program, as Sentry names releases."""
    return f"kamhub@{kamhub.__version__}"


def page_report(settings: Settings) -> dict[str, object] | None:
    """What a page needs to tell Sentry by itself: ``dsn, environment, release``, and whose page it is; None without a DSN."""
    if settings.sentry_dsn is None:
        return None
    bound = get_contextvars()
    return {
        "dsn": settings.sentry_dsn.get_secret_value(),
        "environment": settings.env,
        "release": release(),
        "person": bound.get("person_id"),
        "organisation": bound.get("organisation_id"),
    }


def check_dsn(dsn: str) -> str:
    """The DSN as it is. Raises ``ValueError`` when it is none."""
    parts = urlsplit(dsn)
    number = parts.path.rpartition("/")[2]
    if parts.scheme not in {"http", "https"} or not parts.hostname or not parts.username or not number.isdecimal():
        raise ValueError(_PARTS_OF_A_DSN)
    return dsn


def tell(error: BaseException, *, level: Literal["error", "warning"] = "error", **tags: object) -> None:
    """Tell of a fault. A refusal is none, whoever raised it."""
    if _Told.sdk is None or isinstance(error, Refusal):
        return
    bound = get_contextvars()
    with _Told.sdk.new_scope() as scope:
        scope.set_level(level)
        for name, value in {**bound, **facts_of(error), **tags}.items():
            if name in TAGS and value is not None:
                scope.set_tag(name, str(value))
        if person := bound.get("person_id"):
            scope.set_user({"id": str(person)})
        scope.capture_exception(error)


def note(step: Step, **ids: UUID | None) -> None:
    """Remember a step of the business, to be told with a fault that follows in the same request or job."""
    if _Told.sdk is not None:
        data = {name: str(value) for name, value in ids.items() if value is not None}
        _Told.sdk.add_breadcrumb(category=step, level="info", data=data)


def tell_logged(_logger: object, method: str, event: EventDict) -> EventDict:
    """Processor of structlog: an error that is logged with its trace is a fault, and told."""
    if _Told.sdk is not None and method in {"error", "exception", "critical"} and (cause := event.get("exc_info")):
        error = cause if isinstance(cause, BaseException) else cause[1] if isinstance(cause, tuple) else _current()
        if error is not None:
            tell(error, **{name: value for name, value in event.items() if name in TAGS})
    return event


@contextmanager
def watched(kind: Literal["http.server", "queue.task"], name: str, trace: str = "") -> Iterator[Any]:
    """A request or a job, with steps of its own; yields its transaction, None when it is not told of.

    ``trace`` is what the caller says of theirs (``sentry-trace``).
    """
    if _Told.sdk is None:
        yield None
        return
    with _Told.sdk.isolation_scope() as scope:
        scope.clear()
        parent = trace_parent(trace)
        # Thrown here and not by the library: what is not kept would cost as much as what is.
        if random.random() >= TRACES:  # noqa: S311 - not a secret
            if parent:
                scope.generate_propagation_context(parent)
            yield None
            return
        begun = _Told.sdk.continue_trace(parent, op=kind, name=name, source="route")
        with _Told.sdk.start_transaction(begun) as transaction:
            yield transaction


def _current() -> BaseException | None:
    return sys.exc_info()[1]


def _scrubbed(event: Any, _hint: object) -> Any:
    return scrub(event)
