"""Turns whatever a handler raises into a document or a page."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode, urlsplit

import structlog
from litestar import MediaType, Request, Response
from litestar.exceptions import HTTPException, MethodNotAllowedException, NotFoundException, ValidationException
from litestar.status_codes import HTTP_303_SEE_OTHER
from markupsafe import Markup

from kamhub.kit.errors import Refusal
from kamhub.platform.i18n.form_errors import OTHERWISE
from kamhub.platform.i18n.pages import own_path
from kamhub.platform.web import problems
from kamhub.platform.web.pages import render

log = structlog.get_logger(__name__)

# Addresses that programs call, and our own files; all others are pages that people read.
API_PREFIXES = ("/api/", "/health", "/octo", "/mcp", "/metrics")
_BARE = Markup(
    '<!doctype html><html lang="ru"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
    "<title>Kamchatour Hub</title><h1>Что-то пошло не так</h1><p>Попробуйте ещё раз через минуту. Если будете писать нам, "
    'назовите этот номер: <code>{0}</code></p><div lang="en"><h1>Something went wrong</h1><p>Please try again in a minute. '
    "If you write to us, name this number: <code>{0}</code></p></div></html>"
)
_MACHINE_PREFIXES = (*API_PREFIXES, "/static/")


def on_refusal(request: Request[Any, Any, Any], refusal: Refusal) -> Response[bytes]:
    """A refusal made on purpose."""
    return _answer(request, refusal)


def on_http_exception(request: Request[Any, Any, Any], error: HTTPException) -> Response[bytes]:
    """What the framework refuses: unknown address, wrong method, a parameter that does not parse."""
    return _answer(request, _translate(error))


def on_fault(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    """A fault of ours: logged whole, told by its request id only."""
    request_id = request.scope.get("state", {}).get("request_id", "")
    log.error("unhandled_fault", request_id=request_id, route=request.scope.get("path_template"), exc_info=error)
    return _answer(request, problems.InternalFault(extra={"request_id": request_id}))


def _translate(error: HTTPException) -> Refusal:
    if isinstance(error, NotFoundException):
        return problems.NotFound()
    if isinstance(error, MethodNotAllowedException):
        return problems.MethodNotAllowed(headers=dict(error.headers or {}))
    if isinstance(error, ValidationException):
        return problems.InputInvalid(_field_errors(error))
    if error.status_code == problems.BodyTooLarge.status:
        return problems.BodyTooLarge()
    if error.status_code >= 500:
        return problems.InternalFault()
    return problems.RequestInvalid(error.detail)


def _field_errors(error: ValidationException) -> list[problems.FieldError]:
    extra = error.extra if isinstance(error.extra, list) else []
    return [
        problems.FieldError(str(item.get("key", "request")), OTHERWISE, "invalid")
        for item in extra
        if isinstance(item, dict)
    ] or [problems.FieldError("request", OTHERWISE, "invalid")]


def _answer(request: Request[Any, Any, Any], refusal: Refusal) -> Response[bytes]:
    if request.url.path.startswith(_MACHINE_PREFIXES):
        return problems.reply(refusal, locale=problems.locale_of_call(request.headers))
    if isinstance(refusal, problems.Unauthenticated):
        return _to_sign_in(request)
    if isinstance(refusal, problems.CsrfFailed):
        refusal.extra.setdefault("way_on", own_path(urlsplit(request.headers.get("referer", "")).path))
    try:
        page = _page(request, refusal)
    except Exception:
        log.exception("error_page_failed", code=refusal.code, route=request.scope.get("path_template"))
        return _bare_page(request, refusal)
    page.headers.update(refusal.headers)
    return page


def _page(request: Request[Any, Any, Any], refusal: Refusal) -> Response[bytes]:
    # "Try again" and the switch of language are links: they must lead to something that can be got.
    way_back = {} if request.method == "GET" else {"url_path": "/"}
    return render(
        request,
        "error.html",
        status_code=refusal.status,
        status=refusal.status,
        code=refusal.code,
        extra=refusal.extra,
        **way_back,
    )


def _bare_page(request: Request[Any, Any, Any], refusal: Refusal) -> Response[bytes]:
    """When even the page of errors fails: needs no template, no catalogue, no cookie. In both languages."""
    number = request.scope.get("state", {}).get("request_id", "")
    return Response(_BARE.format(number).encode(), status_code=refusal.status, media_type=MediaType.HTML)


def _to_sign_in(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Pages of staff are reached by signing in; afterwards the reader goes on to what could be got."""
    way_on = {"next": request.url.path} if request.method == "GET" else {}
    address = "/signin" + (f"?{urlencode(way_on)}" if way_on else "")
    return Response(b"", status_code=HTTP_303_SEE_OTHER, headers={"Location": address, "Cache-Control": "no-store"})


HANDLERS: dict[int | type[Exception], Any] = {
    Refusal: on_refusal,
    HTTPException: on_http_exception,
    Exception: on_fault,
}
