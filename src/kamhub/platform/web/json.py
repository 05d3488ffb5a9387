"""Reading and writing JSON at the edge."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec
from litestar import Request
from litestar.types import ASGIApp, Receive, Scope, Send
from pydantic import BaseModel, ValidationError

from kamhub.platform.web.problems import BodyUnreadable, FieldError, InputInvalid, MediaTypeUnsupported

Form = TypeVar("Form", bound=BaseModel)
_encode = msgspec.json.Encoder().encode
_RAW_JSON_ERRORS = frozenset({"json_invalid", "json_type"})


async def read_json(request: Request[Any, Any, Any], form: type[Form]) -> Form:
    """The body as that form. Raises ``MediaTypeUnsupported``, ``BodyUnreadable`` or ``InputInvalid``."""
    return parse_json(await read_body(request), form)


def parse_json(body: bytes, form: type[Form]) -> Form:
    """That body as that form. Raises ``BodyUnreadable`` or ``InputInvalid``."""
    try:
        return form.model_validate_json(body)
    except ValidationError as error:
        raise _refusal(error) from None


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
    errors = error.errors(include_url=False, include_context=False, include_input=False)
    if any(item["type"] in _RAW_JSON_ERRORS for item in errors):
        return BodyUnreadable(errors[0]["msg"])
    return InputInvalid(
        [
            FieldError(".".join(str(part) for part in item["loc"]) or "body", _sentence(item["msg"]), item["type"])
            for item in errors
        ]
    )


def _sentence(message: str) -> str:
    return message.removeprefix("Value error, ")


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
