"""What may leave the house about a fault: a list of what is kept, not of what is hidden. Pure.

The words of an error are not on it: ``ValueError: 'Ivanova'`` names a person as no rule can know. They stay, masked, in our
own log under the request's id, which is sent.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from psycopg import Error as DatabaseError

from kamhub.platform.monitoring.masks import mask_text

TAGS = (
    "request_id",
    "organisation_id",
    "key_id",
    "job",
    "job_id",
    "attempt",
    "route",
    "method",
    "status",
    "sqlstate",
    "constraint",
    "table",
)
_EVENT = (
    "event_id",
    "timestamp",
    "start_timestamp",
    "platform",
    "level",
    "release",
    "environment",
    "type",
    "server_name",
)
_FRAME = ("filename", "function", "module", "lineno", "in_app")
_TRACE = ("trace_id", "span_id", "parent_span_id", "op", "status")
_CRUMB = ("timestamp", "category", "level")
_ID = re.compile(r"[0-9a-fA-F]{8}(?:-?[0-9a-fA-F]{4}){3}-?[0-9a-fA-F]{12}")
_TRACE_PARENT = re.compile(r"(?P<ids>[0-9a-f]{32}-[0-9a-f]{16})(?:-[01])?")
_LONGEST = 200
_CAUSES = 10


def scrub(event: Mapping[str, Any]) -> dict[str, Any]:
    """An event or a transaction of Sentry with nothing in it but what is on the list."""
    kept = _only(event, _EVENT) | {"sdk": _only(event.get("sdk") or {}, ("name", "version"))}
    tags = {name: _short(value) for name, value in (event.get("tags") or {}).items() if name in TAGS}
    user = is_id((event.get("user") or {}).get("id"))
    # An event takes the name of the place from where it was raised; a transaction was given its own, a template.
    name = event.get("transaction") if event.get("type") == "transaction" else tags.get("route") or tags.get("job")
    return (
        kept
        | {"tags": tags, "breadcrumbs": {"values": [_crumb(crumb) for crumb in _values(event, "breadcrumbs")]}}
        | ({"user": {"id": user}} if user else {})
        | ({"transaction": _short(name)} if name else {})
        | (
            {"exception": {"values": [_error(each) for each in errors]}}
            if (errors := _values(event, "exception"))
            else {}
        )
        | (
            {"contexts": {"trace": _only(trace, _TRACE)}}
            if (trace := (event.get("contexts") or {}).get("trace"))
            else {}
        )
    )


def is_id(value: object) -> str | None:
    """The value as text if it is one of our ids, else None."""
    text = str(value)
    return text if _ID.fullmatch(text) else None


def facts_of(error: BaseException | None) -> dict[str, str]:
    """What a database says about a refusal without quoting the row: state, constraint, table."""
    for cause in causes(error):
        if isinstance(cause, DatabaseError):
            told = {
                "sqlstate": cause.sqlstate,
                "constraint": cause.diag.constraint_name,
                "table": cause.diag.table_name,
            }
            return {name: value for name, value in told.items() if value}
    return {}


def causes(error: BaseException | None) -> Iterator[BaseException]:
    """The error and what it was raised from or while handling, ten at most."""
    for _ in range(_CAUSES):
        if error is None:
            return
        yield error
        error = error.__cause__ or error.__context__


def trace_parent(header: str) -> dict[str, str]:
    """What is believed of a browser's trace: the ids. Whether it is kept we throw for ourselves: anybody can write a header."""
    found = _TRACE_PARENT.fullmatch(header)
    return {"sentry-trace": found["ids"]} if found else {}


def _only(source: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    return {name: source[name] for name in names if source.get(name) is not None}


def _values(event: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    held = event.get(name) or {}
    return list(held.get("values") or ()) if isinstance(held, Mapping) else list(held)


def _short(value: object) -> str:
    return mask_text(str(value)[:_LONGEST])


def _crumb(crumb: Mapping[str, Any]) -> dict[str, Any]:
    data = {str(name): text for name, value in (crumb.get("data") or {}).items() if (text := is_id(value))}
    return _only(crumb, _CRUMB) | {"data": data}


def _error(error: Mapping[str, Any]) -> dict[str, Any]:
    frames = (error.get("stacktrace") or {}).get("frames") or ()
    mechanism = _only(
        error.get("mechanism") or {}, ("type", "handled", "exception_id", "parent_id", "is_exception_group")
    )
    return (
        _only(error, ("type", "module"))
        | {"mechanism": mechanism}
        | {"stacktrace": {"frames": [_only(frame, _FRAME) for frame in frames]}}
    )
