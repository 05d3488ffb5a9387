"""Reading and writing JSON at the edge."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec
from litestar import Request, Response
from pydantic import BaseModel, ValidationError

from kamhub.platform.web.problems import BodyUnreadable, FieldError, InputInvalid, MediaTypeUnsupported

Form = TypeVar("Form", bound=BaseModel)
_encode = msgspec.json.Encoder().encode
_RAW_JSON_ERRORS = frozenset({"json_invalid", "json_type"})


async def read_json(request: Request[Any, Any, Any], form: type[Form]) -> Form:
    """The body as that form. Raises ``MediaTypeUnsupported``, ``BodyUnreadable`` or ``InputInvalid``."""
    content_type = request.headers.get("content-type", "")
    if content_type and "json" not in content_type:
        raise MediaTypeUnsupported
    body = await request.body()
    try:
        return form.model_validate_json(body)
    except ValidationError as error:
        raise _refusal(error) from None


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


def json_reply(content: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Response[bytes]:
    """That content as JSON."""
    return Response(_encode(content), status_code=status, media_type="application/json", headers=headers)
