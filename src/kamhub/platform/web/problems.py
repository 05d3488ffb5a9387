"""Refusals and faults as RFC 9457 problem documents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

import msgspec
from litestar import Response

from kamhub.kit.errors import Refusal

MEDIA_TYPE = "application/problem+json"
_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class FieldError:
    """What is wrong with one field; ``field`` is dotted, ``code`` is stable."""

    field: str
    message: str
    code: str


class InputInvalid(Refusal):
    code = "input_invalid"
    status = 422
    title = "Some fields are not right"

    def __init__(self, errors: Sequence[FieldError]) -> None:
        super().__init__(
            "; ".join(f"{error.field}: {error.message}" for error in errors[:5]),
            extra={"errors": [asdict(error) for error in errors]},
        )


class BodyUnreadable(Refusal):
    code = "body_unreadable"
    status = 400
    title = "The body is not JSON"


class MediaTypeUnsupported(Refusal):
    code = "media_type_unsupported"
    status = 415
    title = "Send the body as application/json"


class BodyTooLarge(Refusal):
    code = "body_too_large"
    status = 413
    title = "The body is too large"


class Unauthenticated(Refusal):
    code = "unauthenticated"
    status = 401
    title = "A valid access token is needed"

    def __init__(self, detail: str | None = None) -> None:
        super().__init__(detail, headers={"WWW-Authenticate": "Bearer"})


class PermissionMissing(Refusal):
    code = "permission_missing"
    status = 403
    title = "Your role does not allow this"


class CsrfFailed(Refusal):
    code = "csrf_failed"
    status = 403
    title = "The form could not be verified; reload the page and send it again"


class NotFound(Refusal):
    code = "not_found"
    status = 404
    title = "There is nothing at this address"


class MethodNotAllowed(Refusal):
    code = "method_not_allowed"
    status = 405
    title = "This address does not take that method"


class RequestInvalid(Refusal):
    code = "request_invalid"
    status = 400
    title = "The request cannot be read"


class InternalFault(Refusal):
    code = "internal_error"
    status = 500
    title = "Something went wrong on our side"


def document(refusal: Refusal) -> dict[str, object]:
    """``type, title, status, detail, code`` and the refusal's own fields."""
    return {
        "type": f"urn:kamhub:problem:{refusal.code}",
        "title": refusal.title,
        "status": refusal.status,
        "detail": refusal.detail,
        "code": refusal.code,
        **refusal.extra,
    }


def reply(refusal: Refusal, headers: Mapping[str, str] | None = None) -> Response[bytes]:
    """The document as a response."""
    return Response(
        _encode(document(refusal)),
        status_code=refusal.status,
        media_type=MEDIA_TYPE,
        headers={**refusal.headers, **(headers or {})},
    )
