"""Answering with a page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from litestar import MediaType, Request, Response
from litestar.datastructures import Cookie
from markupsafe import Markup
from pydantic import ValidationError

from kamhub.kit.errors import Refusal
from kamhub.kit.text import Locale
from kamhub.platform.i18n.catalogue import translator
from kamhub.platform.i18n.form_errors import form_errors
from kamhub.platform.i18n.request import locale_of
from kamhub.platform.monitoring.sentry import page_report
from kamhub.platform.web.compression import LEAST, accepts_gzip, packed
from kamhub.platform.web.csrf import FIELD, Csrf
from kamhub.platform.web.problems import InputInvalid

_CSRF = "csrf_of_the_page"
# What is only a first guess: the address to come back to after a form was sent, the moment in the zone of the page.
_PAGE_SAYS_BETTER = frozenset({"url_path", "now"})


def errors_of(error: ValidationError | InputInvalid, locale: Locale) -> dict[str, str]:
    """Field → sentence, of what a form model or an action found wrong."""
    if isinstance(error, ValidationError):
        return form_errors(error, locale)
    return {told["field"]: told["message"] for told in error.errors(locale)}


def sentence_of(request: Request[Any, Any, Any], refusal: Refusal) -> str:
    """What was refused, for the reader of a page."""
    return translator(locale_of(request)).gettext(refusal.title) + "."


def said(request: Request[Any, Any, Any], texts: Mapping[str, str], done: str) -> str | None:
    """The sentence on what has just been done; None for a word that is not among them."""
    return translator(locale_of(request)).gettext(texts[done]) if done in texts else None


class NameTaken(ValueError):
    """A page has a variable of a name that the layout around it uses: one of the two would show what is the other's."""


def render(
    request: Request[Any, Any, Any], template: str, *, status_code: int = 200, **context: object
) -> Response[bytes]:
    """The template in the reader's language, with what every page needs.

    Adds ``url_path`` (path and query, for the way back after a switch of language),
    ``csrf_input``, ``csrf_token``, ``development``, ``request_id``, ``now`` and ``monitoring`` to the context. A page may say
    ``url_path`` and ``now`` better; any other variable of such a name, or of one that a layout sets, raises ``NameTaken``.
    """
    everywhere, cookie = _everywhere(request)
    _require_free(request, context, everywhere)
    locale = locale_of(request)
    body = request.app.state.templates.render(template, locale, {**everywhere, **context}).encode()
    headers = {"Content-Language": locale, "Vary": "Cookie, Accept-Language, Accept-Encoding, HX-Request"}
    if len(body) >= LEAST and accepts_gzip(request.headers.get("accept-encoding", "")):
        body, headers["Content-Encoding"] = packed(body), "gzip"
    return Response(
        body,
        status_code=status_code,
        media_type=MediaType.HTML,
        headers=headers,
        cookies=[cookie] if cookie else None,
    )


def fragment(request: Request[Any, Any, Any], template: str, **context: object) -> Markup:
    """A template that is a part of a page, with what every page needs. Raises as ``render``."""
    everywhere, _ = _everywhere(request)
    _require_free(request, context, everywhere)
    return Markup(request.app.state.templates.render(template, locale_of(request), {**everywhere, **context}))  # noqa: S704 - a template, which escapes


def _everywhere(request: Request[Any, Any, Any]) -> tuple[dict[str, object], Cookie | None]:
    """What every page needs, and the cookie that goes with its token."""
    token, cookie = _csrf(request)
    query = request.scope.get("query_string", b"").decode("latin-1")
    return {
        "url_path": request.url.path + (f"?{query}" if query else ""),
        "csrf_input": Markup('<input type="hidden" name="{}" value="{}">').format(FIELD, token),
        "csrf_token": token,
        "development": not request.app.state.settings.production,
        "request_id": request.scope.get("state", {}).get("request_id", ""),
        "now": request.app.state.clock.now(),
        "monitoring": page_report(request.app.state.settings),
    }, cookie


def _csrf(request: Request[Any, Any, Any]) -> tuple[str, Cookie | None]:
    """One token a request: the forms of every part go with the one cookie that the page sets."""
    state: dict[str, Any] = request.scope["state"]
    if _CSRF not in state:
        csrf: Csrf = request.app.state.csrf
        state[_CSRF] = csrf.token_for(request)
    token, cookie = state[_CSRF]
    return token, cookie


def _require_free(
    request: Request[Any, Any, Any], context: Mapping[str, object], everywhere: Mapping[str, object]
) -> None:
    reserved: frozenset[str] = request.app.state.templates.reserved
    if taken := context.keys() & (reserved | everywhere.keys()) - _PAGE_SAYS_BETTER:
        raise NameTaken(
            f"{', '.join(sorted(taken))}: the layout uses that name, call the variable of the page otherwise"
        )
