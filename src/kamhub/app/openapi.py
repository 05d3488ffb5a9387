"""The OpenAPI document, made from the rules the routes declare, and a page to read it on."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import msgspec
from litestar import Litestar, Request, Response, get
from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

import kamhub
from kamhub.app.refusals import API_PREFIXES
from kamhub.platform.web import problems
from kamhub.platform.web.pages import render
from kamhub.platform.web.rules import Content, RouteRule, handlers_of, rule, rule_of
from kamhub.platform.web.schemas import Documented

_MODE: JsonSchemaMode = "validation"
_REFERENCE = "#/components/schemas/{model}"
_READ_METHODS = frozenset({"get", "head"})
_JSON = "application/json"
_MEDIA_TYPES: dict[Content, str] = {
    "page": "text/html",
    "text": "text/plain",
    "csv": "text/csv",
    "pdf": "application/pdf",
    "calendar": "text/calendar",
    "json": _JSON,
    "file": "application/octet-stream",
    "zip": "application/zip",
    "events": "text/event-stream",
}
_SECURITY: dict[str, list[dict[str, list[str]]]] = {
    "booking": [{"booking": []}],
    "staff": [{"bearer": []}],
    "key": [{"key": []}],
    "webhook": [{"signature": []}],
}
_SCHEMES = {
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "The access token of a person, or an API key",
    },
    "key": {"type": "http", "scheme": "bearer", "description": "An API key with the scope of the route"},
    "booking": {
        "type": "apiKey",
        "in": "header",
        "name": "Authorization",
        "description": "`Booking <token>`: the token of the reply that created the booking",
    },
    "signature": {
        "type": "apiKey",
        "in": "header",
        "name": "Content-HMAC",
        "description": "Base64 of HMAC-SHA256 over the raw body with the API secret of the account",
    },
}
_IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "A repeat with the same key gives the same booking; with another body it is refused",
    "schema": {"type": "string", "minLength": 1, "maxLength": 200},
}
_PARAMETER = re.compile(r"\{(\w+)(?::(\w+))?\}")
_MEANINGS = {
    400: "The body cannot be read",
    401: "No valid token or signature",
    403: "The right is missing",
    404: "No such thing",
    409: "Not possible as things are",
    410: "The time for it is over",
    412: "Changed by somebody else since it was read",
    413: "The body is too large",
    415: "Not JSON",
    422: "Some fields are not right",
    428: "If-Match is missing",
    429: "Too many requests",
    503: "A part of the service does not answer",
}
# What a wall refuses before the handler is asked.
_OF_ACCESS: dict[str, set[int]] = {"staff": {401, 403}, "key": {401, 403}, "booking": {401, 404}, "webhook": {401}}


def document(app: Litestar) -> dict[str, Any]:
    """The whole document, OpenAPI 3.1. Pages and static files are left out."""
    operations = [
        (path, method.lower(), handler, declared)
        for path, handler in handlers_of(app)
        if path.startswith(API_PREFIXES) and (declared := rule_of(handler))
        for method in sorted(handler.http_methods - {"OPTIONS", "HEAD"})
    ]
    models = {model for _, _, handler, declared in operations for model in _models(handler, declared)}
    # By name, so that the document is the same every time; pydantic tells models of one name apart.
    ordered = sorted(models, key=lambda model: (model.__name__, model.__module__))
    references, schemas = models_json_schema([(model, _MODE) for model in ordered], ref_template=_REFERENCE)
    writer = _Writer({model: references[model, _MODE] for model in ordered}, schemas.get("$defs", {}))
    paths: dict[str, dict[str, Any]] = {}
    for path, method, handler, declared in operations:
        paths.setdefault(path, {})[method] = writer.operation(path, method, handler, declared)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Kamchatour Hub",
            "version": kamhub.__version__,
            "description": "Seats on dated transfers: search, hold, pay, ticket, cancel. Errors are RFC 9457 documents.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "paths": dict(sorted(paths.items())),
        "components": {
            "schemas": {**writer.schemas, "Problem": _PROBLEM},
            "securitySchemes": _SCHEMES,
        },
    }


def _documented(handler: Any) -> Documented:
    found: Documented = handler.opt.get(Documented.KEY, Documented())
    return found


def _models(handler: Any, declared: RouteRule) -> Iterable[type[BaseModel]]:
    named = (declared.body_model, declared.reply_model, *_documented(handler).replies.values())
    return (model for model in named if model is not None)


class _Writer:
    """Writes the operations, with the references of the models at hand."""

    def __init__(self, references: dict[type[BaseModel], dict[str, Any]], schemas: dict[str, Any]) -> None:
        self._references = references
        self.schemas = schemas

    def operation(self, path: str, method: str, handler: Any, declared: RouteRule) -> dict[str, Any]:
        """One operation: what it takes, what it gives, what it refuses with."""
        text = (handler.fn.__doc__ or "").strip()
        more = _documented(handler)
        feature = handler.fn.__module__.split(".")[-2]
        written: dict[str, Any] = {
            "operationId": f"{feature}_{handler.fn.__name__}",
            "summary": text.split("\n")[0],
            "tags": [feature],
            "parameters": _path_parameters(path),
            "responses": self._responses(path, method, handler, declared),
        }
        body = declared.body_model
        if body is not None and method in _READ_METHODS:
            written["parameters"] += self._query_parameters(body)
        elif body is not None:
            content = {media_type: {"schema": self._references[body]} for media_type in more.media_types}
            content |= _file_content(()) if more.or_file else {}
            written["requestBody"] = {"required": True, "content": content}
        elif more.files:
            written["requestBody"] = {"required": True, "content": _file_content(more.files)}
        if more.idempotency_key:
            written["parameters"].append(_IDEMPOTENCY_KEY)
        if security := _SECURITY.get(declared.access):
            written["security"] = security
        elif more.booking_token:
            written["security"] = [{}, {"booking": []}]
        return written

    def _query_parameters(self, model: type[BaseModel]) -> list[dict[str, Any]]:
        schema = self.schemas[self._references[model]["$ref"].rsplit("/", 1)[1]]
        required = set(schema.get("required", []))
        return [
            {"name": name, "in": "query", "required": name in required, "schema": part}
            for name, part in schema["properties"].items()
        ]

    def _responses(self, path: str, method: str, handler: Any, declared: RouteRule) -> dict[str, Any]:
        more = _documented(handler)
        good: dict[str, Any] = {"description": "Done"}
        if declared.reply_model is not None:
            good["content"] = {_JSON: {"schema": self._references[declared.reply_model]}}
        elif declared.reply != "none" and isinstance(declared.reply, str):
            good["content"] = {_MEDIA_TYPES[declared.reply]: {"schema": {}}}
        responses = {str(handler.status_code): good}
        if more.idempotency_key:
            responses["200"] = {**good, "description": "The same as an earlier request with this Idempotency-Key"}
        for status, model in more.replies.items():
            content = {_JSON: {"schema": self._references[model]}}
            responses[str(status)] = {"description": _MEANINGS.get(status, "Refused"), "content": content}
        for status in _refusals(path, method, declared, more):
            responses.setdefault(str(status), _refused(status))
        return dict(sorted(responses.items()))


def _file_content(media_types: Iterable[str]) -> dict[str, Any]:
    """A file as the whole body, or as a field of a form."""
    form = {"type": "object", "required": ["file"], "properties": {"file": {"type": "string", "format": "binary"}}}
    return {**{name: {"schema": {}} for name in media_types}, "multipart/form-data": {"schema": form}}


def _refusals(path: str, method: str, declared: RouteRule, more: Documented) -> set[int]:
    """Every status this route may be refused with, by its own rule and by the walls around it."""
    found = {*declared.refusals, *_OF_ACCESS.get(declared.access, ())}
    if declared.rate != "none":
        found |= {429, 503}
    if "{" in path:
        found.add(404)
    if method not in _READ_METHODS:
        found.add(413)
        if declared.csrf == "form":
            found.add(403)
    if declared.body_model is not None and declared.access != "webhook":
        found |= {422} if method in _READ_METHODS else {400, 415, 422}
    if more.idempotency_key:
        found.add(422)
    return found


def _refused(status: int) -> dict[str, Any]:
    schema = {"$ref": _REFERENCE.format(model="Problem")}
    refused: dict[str, Any] = {
        "description": _MEANINGS.get(status, "Refused"),
        "content": {problems.MEDIA_TYPE: {"schema": schema}},
    }
    if status == 429:
        refused["headers"] = {"Retry-After": {"description": "Seconds to wait", "schema": {"type": "string"}}}
    return refused


def _path_parameters(path: str) -> list[dict[str, Any]]:
    return [
        {
            "name": match[1],
            "in": "path",
            "required": True,
            "schema": {"type": "string", "format": "uuid"} if match[1].endswith("_id") else {"type": "string"},
        }
        for match in _PARAMETER.finditer(path)
    ]


_PROBLEM: dict[str, Any] = {
    "type": "object",
    "required": ["type", "title", "status", "detail", "code"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "code": {"type": "string", "description": "stable, for programs"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["field", "message", "code"],
                "properties": {name: {"type": "string"} for name in ("field", "message", "code")},
            },
        },
    },
}


@get("/api/openapi.json", opt=rule(access="public", rate="public", reply="json"))
async def openapi_json(request: Request) -> Response[bytes]:
    """This document."""
    return Response(_rendered(request.app), media_type="application/json", headers={"Cache-Control": "max-age=60"})


@get("/api/docs", opt=rule(access="public", rate="public", reply="page"))
async def reader(request: Request) -> Response[bytes]:
    """This document, to read."""
    return render(request, "docs.html", api=msgspec.json.decode(_rendered(request.app)))


def _rendered(app: Litestar) -> bytes:
    kept: bytes | None = app.state.get("openapi")
    if kept is None:
        kept = app.state["openapi"] = msgspec.json.encode(document(app))
    return kept


HANDLERS = (openapi_json, reader)
