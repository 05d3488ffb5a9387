"""The OpenAPI document, made from the rules the routes declare, and a page to read it on."""

from __future__ import annotations

import re
from typing import Any

import msgspec
from litestar import Litestar, Request, Response, get
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

import kamhub
from kamhub.platform.web import problems
from kamhub.platform.web.pages import render
from kamhub.platform.web.rules import RouteRule, handlers_of, rule, rule_of

_REFERENCE = "#/components/schemas/{model}"
_READ_METHODS = frozenset({"get", "head"})
_SECURITY: dict[str, list[dict[str, list[str]]]] = {
    "booking": [{"booking": []}],
    "staff": [{"bearer": []}],
    "key": [{"bearer": []}],
}
_PARAMETER = re.compile(r"\{(\w+)(?::(\w+))?\}")
_MEANINGS = {
    400: "The body cannot be read",
    401: "No valid token or signature",
    403: "The right is missing",
    404: "No such thing",
    409: "Not possible as things are",
    410: "The time for it is over",
    413: "The body is too large",
    415: "Not JSON",
    422: "Some fields are not right",
    429: "Too many requests",
    503: "A part of the service does not answer",
}


def document(app: Litestar) -> dict[str, Any]:
    """The whole document, OpenAPI 3.1. Pages and static files are left out."""
    paths: dict[str, dict[str, Any]] = {}
    models: dict[str, type[BaseModel]] = {}
    for path, handler in handlers_of(app):
        declared = rule_of(handler)
        if declared is None or declared.access == "page" or path.startswith("/static"):
            continue
        for method in sorted(handler.http_methods - {"OPTIONS", "HEAD"}):
            paths.setdefault(path, {})[method.lower()] = _operation(path, method.lower(), handler, declared)
        for model in (declared.body, declared.reply):
            if model is not None:
                models[model.__name__] = model
    _, schemas = models_json_schema([(model, "validation") for model in models.values()], ref_template=_REFERENCE)
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
            "schemas": {**schemas.get("$defs", {}), "Problem": _PROBLEM},
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
                "booking": {
                    "type": "apiKey",
                    "in": "header",
                    "name": "Authorization",
                    "description": "`Booking <token>`: the token of the reply that created the booking",
                },
            },
        },
    }


def _operation(path: str, method: str, handler: Any, declared: RouteRule) -> dict[str, Any]:
    text = (handler.fn.__doc__ or "").strip()
    operation: dict[str, Any] = {
        "operationId": f"{handler.fn.__module__.split('.')[-2]}_{handler.fn.__name__}",
        "summary": text.split("\n")[0],
        "tags": [handler.fn.__module__.split(".")[-2]],
        "parameters": _path_parameters(path),
        "responses": _responses(handler.status_code, declared),
    }
    if declared.body is not None and method in _READ_METHODS:
        operation["parameters"] += _query_parameters(declared.body)
    elif declared.body is not None:
        operation["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": _reference(declared.body)}},
        }
    if security := _SECURITY.get(declared.access):
        operation["security"] = security
    return operation


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


def _query_parameters(model: type[BaseModel]) -> list[dict[str, Any]]:
    schema = model.model_json_schema(by_alias=True)
    required = set(schema.get("required", []))
    return [
        {"name": name, "in": "query", "required": name in required, "schema": part}
        for name, part in schema["properties"].items()
    ]


def _responses(success: int, declared: RouteRule) -> dict[str, Any]:
    good: dict[str, Any] = {"description": "Done"}
    if declared.reply is not None:
        good["content"] = {"application/json": {"schema": _reference(declared.reply)}}
    responses = {str(success): good}
    if success == 201:
        responses["200"] = {**good, "description": "The same as an earlier request with this Idempotency-Key"}
    everywhere = {503} if declared.rate == "none" else {429, 503}
    for status in sorted({*declared.refusals, *everywhere}):
        responses[str(status)] = {
            "description": _MEANINGS.get(status, "Refused"),
            "content": {problems.MEDIA_TYPE: {"schema": {"$ref": _REFERENCE.format(model="Problem")}}},
        }
    return responses


def _reference(model: type[BaseModel]) -> dict[str, str]:
    return {"$ref": _REFERENCE.format(model=model.__name__)}


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
                "properties": {name: {"type": "string"} for name in ("field", "message", "code")},
            },
        },
    },
}


@get("/api/openapi.json", opt=rule(access="public", rate="public"))
async def openapi_json(request: Request) -> Response[bytes]:
    """This document."""
    return Response(_rendered(request.app), media_type="application/json", headers={"Cache-Control": "max-age=60"})


@get("/api/docs", opt=rule(access="public", rate="public"))
async def reader(request: Request) -> Response[bytes]:
    """This document, to read."""
    return render(request, "docs.html", api=msgspec.json.decode(_rendered(request.app)))


def _rendered(app: Litestar) -> bytes:
    kept: bytes | None = app.state.get("openapi")
    if kept is None:
        kept = app.state["openapi"] = msgspec.json.encode(document(app))
    return kept


HANDLERS = (openapi_json, reader)
