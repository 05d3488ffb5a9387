"""Requests and responses as plain values, apart from the server that carries them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus

JSON_TYPE = "application/json; charset=utf-8"
HTML_TYPE = "text/html; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request; header names are lower case, ``query`` holds the first value of each name."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Response:
    """One HTTP response with its whole body."""

    status: HTTPStatus
    body: bytes = b""
    content_type: str = HTML_TYPE
    headers: Mapping[str, str] = field(default_factory=dict)


def json_response(text: str, status: HTTPStatus = HTTPStatus.OK) -> Response:
    """Answer with JSON that is already written."""
    return Response(status, text.encode(), JSON_TYPE)


def to_json(value: object) -> str:
    """Write JSON the way replies carry it."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def redirect(address: str) -> Response:
    """Send the browser to another address with a GET."""
    return Response(HTTPStatus.SEE_OTHER, headers={"Location": address})
