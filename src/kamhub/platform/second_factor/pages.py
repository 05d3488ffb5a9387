"""Switching one's second step on and off."""

from contextlib import suppress
from typing import Any

import segno
from litestar import Request, Response, get, post
from litestar.di import Provide
from litestar.response import Redirect
from litestar.status_codes import HTTP_200_OK, HTTP_303_SEE_OTHER, HTTP_422_UNPROCESSABLE_ENTITY
from markupsafe import Markup
from pydantic import BaseModel, ValidationError

from kamhub.platform.access.guard import current_identity
from kamhub.platform.access.pages import render_office, viewer_of
from kamhub.platform.access.permissions import SELF
from kamhub.platform.i18n.catalogue import translator
from kamhub.platform.i18n.request import locale_of
from kamhub.platform.person import actions as people_actions
from kamhub.platform.person.services import People
from kamhub.platform.person.types import PasswordWrong
from kamhub.platform.second_factor import actions, own
from kamhub.platform.second_factor.forms import BeginForm, FactorCodeForm, SwitchOffForm
from kamhub.platform.second_factor.types import CodeNotRight, EmailUnconfirmed, SecondFactorOff, SecondFactorOn
from kamhub.platform.session.types import Identity
from kamhub.platform.session.visit import visit_of
from kamhub.platform.web.rules import rule

_IDENTITY = {"identity": Provide(current_identity)}
_SECTION = "/account"
_PATH = "/account/second-factor"
Asked = Request[Any, Any, Any]


def _form_rule(body: type[BaseModel], audit: str) -> dict[str, Any]:
    return rule(
        access="staff", rate="authentication", csrf="form", permission=SELF, body=body, reply="page", audit=audit
    )


@get(_PATH, dependencies=_IDENTITY, opt=rule(access="staff", rate="page", permission=SELF, reply="page"))
async def show(request: Asked, people: People, identity: Identity) -> Response[Any]:
    """Whether it is on, and what one may do about it."""
    return await _page(request, people, identity)


@post(
    f"{_PATH}/begin",
    status_code=HTTP_303_SEE_OTHER,
    dependencies=_IDENTITY,
    opt=_form_rule(BeginForm, "second_factor.begun"),
)
async def begin(request: Asked, people: People, identity: Identity) -> Response[Any]:
    """Make a secret and show it; one that is on stays as it is."""
    try:
        form = BeginForm(password=str((await request.form()).get("password", "")))
        await people_actions.require_password(people, identity.person_id, form.password)
    except (ValidationError, PasswordWrong):
        return await _page(request, people, identity, error="password")
    with suppress(SecondFactorOn, EmailUnconfirmed):
        await own.begin(people, identity, visit_of(request))
    return Redirect(_PATH, status_code=HTTP_303_SEE_OTHER)


@post(
    f"{_PATH}/confirm",
    status_code=HTTP_200_OK,
    dependencies=_IDENTITY,
    opt=_form_rule(FactorCodeForm, "second_factor.enabled"),
)
async def confirm(request: Asked, people: People, identity: Identity) -> Response[Any]:
    """Switch it on by the first code, and show the recovery codes."""
    try:
        form = FactorCodeForm(code=str((await request.form()).get("code", "")))
        codes = await own.confirm(people, identity, form.code, visit_of(request))
    except (ValidationError, CodeNotRight):
        return await _page(request, people, identity, error="code")
    except (SecondFactorOn, SecondFactorOff):
        return Redirect(_PATH, status_code=HTTP_303_SEE_OTHER)
    return await _page(request, people, identity, codes=codes)


@post(
    f"{_PATH}/recovery-codes",
    status_code=HTTP_200_OK,
    dependencies=_IDENTITY,
    opt=_form_rule(FactorCodeForm, "second_factor.codes_renewed"),
)
async def renew(request: Asked, people: People, identity: Identity) -> Response[Any]:
    """New recovery codes in place of the old ones."""
    try:
        form = FactorCodeForm(code=str((await request.form()).get("code", "")))
        codes = await own.renew(people, identity, form.code, visit_of(request))
    except (ValidationError, CodeNotRight):
        return await _page(request, people, identity, error="renew_code")
    except SecondFactorOff:
        return Redirect(_PATH, status_code=HTTP_303_SEE_OTHER)
    return await _page(request, people, identity, codes=codes)


@post(
    f"{_PATH}/disable",
    status_code=HTTP_303_SEE_OTHER,
    dependencies=_IDENTITY,
    opt=_form_rule(SwitchOffForm, "second_factor.disabled"),
)
async def disable(request: Asked, people: People, identity: Identity) -> Response[Any]:
    """Switch it off, with both proofs."""
    sent = await request.form()
    try:
        form = SwitchOffForm(password=str(sent.get("password", "")), code=str(sent.get("code", "")))
        await people_actions.require_password(people, identity.person_id, form.password)
        await own.disable(people, identity, form.code, visit_of(request))
    except PasswordWrong:
        return await _page(request, people, identity, error="password")
    except (ValidationError, CodeNotRight):
        return await _page(request, people, identity, error="off_code")
    except SecondFactorOff:
        return Redirect(_PATH, status_code=HTTP_303_SEE_OTHER)
    return Redirect(f"{_SECTION}?done=factor_off", status_code=HTTP_303_SEE_OTHER)


async def _page(
    request: Asked,
    people: People,
    identity: Identity,
    *,
    codes: tuple[str, ...] = (),
    error: str | None = None,
) -> Response[Any]:
    viewer = await viewer_of(request)
    pending = await actions.pending(people, identity.person_id, viewer.account.person.email)
    words = translator(locale_of(request))
    sentences = {"password": words.gettext("This is not your password.")}
    sentence = sentences.get(error or "", words.gettext("This code is not right or has been used."))
    return await render_office(
        request,
        "second_factor/second_factor.html",
        section=_SECTION,
        status_code=HTTP_422_UNPROCESSABLE_ENTITY if error else HTTP_200_OK,
        pending=pending,
        qr_svg=_qr(pending.uri) if pending else "",
        codes=codes,
        errors={error: sentence} if error else {},
        url_path=_PATH,
    )


def _qr(uri: str) -> Markup:
    """Our own drawing, without colours of its own: an authenticator needs dark on light."""
    drawn = segno.make(uri, error="m").svg_inline(scale=4, border=3, dark="#000", light="#fff", omitsize=True)
    return Markup(drawn)  # noqa: S704


HANDLERS = (show, begin, confirm, renew, disable)
