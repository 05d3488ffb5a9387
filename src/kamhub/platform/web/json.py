"""Reading and writing JSON at the edge."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import msgspec
from litestar import Request
from litestar.types import ASGIApp, Receive, Scope, Send
from pydantic import BaseModel, ValidationError

from kamhub.kit.text import mark
from kamhub.platform.i18n.form_errors import faults_of
from kamhub.platform.web.problems import BodyUnreadable, InputInvalid, MediaTypeUnsupported
from kamhub.platform.web.schemas import PageParameters

Form = TypeVar("Form", bound=BaseModel)
_encode = msgspec.json.Encoder().encode
_RAW_JSON_ERRORS = frozenset({"json_invalid", "json_type"})
MAX_DEPTH = 20
_TOO_DEEP = mark("The body is nested too deeply")
# A string with or without its end, or a bracket; possessive, so that no body makes it look twice.
_STRUCTURE = re.compile(rb'"(?:[^"\\]++|\\.)*+"?|[\[\]{}]', re.DOTALL)


async def read_json(request: Request[Any, Any, Any], form: type[Form]) -> Form:
    """The body as that form. Raises ``MediaTypeUnsupported``, ``BodyUnreadable`` or ``InputInvalid``."""
    return parse_json(await read_body(request), form)


def parse_json(body: bytes, form: type[Form]) -> Form:
    """That body as that form. Raises ``BodyUnreadable`` or ``InputInvalid``."""
    # Few bodies open as many brackets as may be nested; only those are looked at one by one.
    if body.count(b"{") + body.count(b"[") > MAX_DEPTH and _depth(body) > MAX_DEPTH:
        raise BodyUnreadable(_TOO_DEEP)
    try:
        return form.model_validate_json(body)
    except ValidationError as error:
        raise _refusal(error) from None


def _depth(body: bytes) -> int:
    """How deep the brackets of that JSON are nested, those inside strings left out."""
    deepest = depth = 0
    for token in _STRUCTURE.findall(body):
        if token in (b"{", b"["):
            depth += 1
            deepest = max(deepest, depth)
        elif token in (b"}", b"]"):
            depth -= 1
    return deepest


async def read_body(request: Request[Any, Any, Any]) -> bytes:
    """The whole body of JSON; the edge has bounded its size. Raises ``MediaTypeUnsupported``."""
    content_type = request.headers.get("content-type", "")
    if content_type and "json" not in content_type:
        raise MediaTypeUnsupported
    message: Any = await request.receive()
    if not message.get("more_body"):
        first: bytes = message.get("body", b"")
        return first
    parts = [message["body"]]
    while message.get("more_body"):
        message = await request.receive()
        parts.append(message.get("body", b""))
    return b"".join(parts)


def validate(form: type[Form], values: Mapping[str, object]) -> Form:
    """Those values (a query, a form) as that form. Raises ``InputInvalid``."""
    try:
        return form.model_validate(values)
    except ValidationError as error:
        raise _refusal(error) from None


def _refusal(error: ValidationError) -> BodyUnreadable | InputInvalid:
    faults = faults_of(error)
    unreadable = next((fault for fault in faults if fault.code in _RAW_JSON_ERRORS), None)
    return BodyUnreadable(unreadable.text) if unreadable else InputInvalid(faults)


class JsonReply:
    """A reply that is ready to be sent: an ASGI application of two messages, without what a general response weighs."""

    __slots__ = ("_content", "_headers", "_status")

    def __init__(self, content: bytes, status: int, headers: Mapping[str, str] | None) -> None:
        self._content = content
        self._status = status
        self._headers = headers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - the shape of ASGI
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(self._content)).encode())]
        if self._headers:
            headers += [(name.lower().encode(), value.encode()) for name, value in self._headers.items()]
        await send({"type": "http.response.start", "status": self._status, "headers": headers})
        await send({"type": "http.response.body", "body": self._content, "more_body": False})


def json_reply(content: object, status: int = 200, headers: Mapping[str, str] | None = None) -> ASGIApp:
    """That content as JSON."""
    return JsonReply(_encode(content), status, headers)


def list_reply(
    items: Sequence[object], page: PageParameters, total: int, headers: Mapping[str, str] | None = None
) -> ASGIApp:
    """A page of a list: ``items``, which page it is, and how many there are in all."""
    content = {"items": items, "page": page.page, "page_size": page.page_size, "total": total}
    return json_reply(content, headers=headers)
