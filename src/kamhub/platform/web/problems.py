"""Refusals and faults as RFC 9457 problem documents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec
from litestar import Response
from litestar.datastructures import Headers

from kamhub.kit.errors import Refusal
from kamhub.kit.text import Locale, mark
from kamhub.platform.i18n.catalogue import translator
from kamhub.platform.i18n.choice import choose_locale
from kamhub.platform.i18n.form_errors import Fault

MEDIA_TYPE = "application/problem+json"
_ENGLISH_LAST = ",en;q=0.001"
_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class FieldError:
    """What is wrong with one field; ``field`` is dotted, ``message`` a sentence of the catalogue, ``code`` is stable."""

    field: str
    message: str
    code: str


class InputInvalid(Refusal):
    code = "input_invalid"
    status = 422
    title = mark("Some fields are not right")

    def __init__(self, errors: Sequence[FieldError | Fault]) -> None:
        self.faults = [
            error if isinstance(error, Fault) else Fault(error.field, error.code, error.message) for error in errors
        ]
        super().__init__(self.summary("en"), extra={"errors": self.errors("en")})

    def errors(self, locale: Locale) -> list[dict[str, str]]:
        """``field, message, code`` of each, the message in that language."""
        return [{"field": fault.field, "message": fault.sentence(locale), "code": fault.code} for fault in self.faults]

    def summary(self, locale: Locale) -> str:
        """The first of them in a line."""
        return "; ".join(f"{fault.field}: {fault.sentence(locale)}" for fault in self.faults[:5])


class BodyUnreadable(Refusal):
    code = "body_unreadable"
    status = 400
    title = mark("The body is not JSON")


class MediaTypeUnsupported(Refusal):
    code = "media_type_unsupported"
    status = 415
    title = mark("Send the body as application/json")


class BodyTooLarge(Refusal):
    code = "body_too_large"
    status = 413
    title = mark("The body is too large")


class Unauthenticated(Refusal):
    code = "unauthenticated"
    status = 401
    title = mark("A valid access token is needed")

    def __init__(self, detail: str | None = None) -> None:
        super().__init__(detail, headers={"WWW-Authenticate": "Bearer"})


class PermissionMissing(Refusal):
    code = "permission_missing"
    status = 403
    title = mark("Your role does not allow this")


class CsrfFailed(Refusal):
    code = "csrf_failed"
    status = 403
    title = mark("The form could not be verified; reload the page and send it again")


class NotFound(Refusal):
    code = "not_found"
    status = 404
    title = mark("There is nothing at this address")


class MethodNotAllowed(Refusal):
    code = "method_not_allowed"
    status = 405
    title = mark("This address does not take that method")


class RequestInvalid(Refusal):
    code = "request_invalid"
    status = 400
    title = mark("The request cannot be read")


class InternalFault(Refusal):
    code = "internal_error"
    status = 500
    title = mark("Something went wrong on our side")


def document(refusal: Refusal, locale: Locale = "en") -> dict[str, object]:
    """``type, title, status, detail, code`` and the refusal's own fields, in that language as far as it goes."""
    words = translator(locale)
    own = refusal.extra
    detail = words.gettext(refusal.detail)
    if isinstance(refusal, InputInvalid):
        own = {**own, "errors": refusal.errors(locale)}
        detail = refusal.summary(locale)
    return {
        "type": f"urn:kamhub:problem:{refusal.code}",
        "title": words.gettext(refusal.title),
        "status": refusal.status,
        "detail": detail,
        "code": refusal.code,
        **own,
    }


def locale_of_call(headers: Headers) -> Locale:
    """The language of a program's reader: asked for by ``Accept-Language``, else English."""
    return choose_locale(None, headers.get("accept-language", "") + _ENGLISH_LAST)


def reply(refusal: Refusal, headers: Mapping[str, str] | None = None, *, locale: Locale = "en") -> Response[bytes]:
    """The document as a response."""
    return Response(
        _encode(document(refusal, locale)),
        status_code=refusal.status,
        media_type=MEDIA_TYPE,
        headers={
            "Content-Language": locale,
            "Vary": "Accept-Language",
            **refusal.headers,
            **(headers or {}),
        },
    )
