"""Sign-up, sign-in and tokens over HTTP."""

from typing import Any

from litestar import Request, get, post
from litestar.di import Provide
from litestar.status_codes import HTTP_200_OK, HTTP_201_CREATED, HTTP_204_NO_CONTENT
from litestar.types import ASGIApp

from kamhub.platform.i18n.request import locale_of
from kamhub.platform.person import actions
from kamhub.platform.person.forms import RefreshForm, SignInForm, SignUpForm
from kamhub.platform.person.guard import current_identity
from kamhub.platform.person.permissions import SELF
from kamhub.platform.person.services import People
from kamhub.platform.person.types import Identity, Session
from kamhub.platform.person.views import MeView, SessionView
from kamhub.platform.web.json import json_reply, read_json
from kamhub.platform.web.rules import rule

# Tokens and personal data must not stay in anybody's cache (RFC 6749, 5.1).
_NOT_STORED = {"Cache-Control": "no-store"}


@post(
    "/api/auth/signup",
    status_code=HTTP_201_CREATED,
    opt=rule(
        access="public",
        rate="authentication",
        csrf="anonymous",
        body=SignUpForm,
        reply=SessionView,
        refusals=(400, 409, 415, 422),
    ),
)
async def sign_up(request: Request[Any, Any, Any], people: People) -> ASGIApp:
    """Make an account, and with ``organisation_name`` an organisation that it owns."""
    form = await read_json(request, SignUpForm)
    return _session_reply(await actions.sign_up(people, form.account(locale_of(request))), HTTP_201_CREATED)


@post(
    "/api/auth/signin",
    status_code=HTTP_200_OK,
    opt=rule(
        access="public",
        rate="authentication",
        csrf="anonymous",
        body=SignInForm,
        reply=SessionView,
        refusals=(400, 401, 415, 422),
    ),
)
async def sign_in(request: Request[Any, Any, Any], people: People) -> ASGIApp:
    """Exchange an e-mail and a password for tokens."""
    form = await read_json(request, SignInForm)
    return _session_reply(await actions.sign_in(people, email=form.email, password=form.password))


@post(
    "/api/auth/refresh",
    status_code=HTTP_200_OK,
    opt=rule(
        access="public",
        rate="public",
        csrf="token",
        body=RefreshForm,
        reply=SessionView,
        refusals=(400, 401, 415, 422),
    ),
)
async def refresh(request: Request[Any, Any, Any], people: People) -> ASGIApp:
    """Exchange a refresh token for the next pair; using one twice ends its whole family."""
    form = await read_json(request, RefreshForm)
    return _session_reply(await actions.refresh(people, form.refresh_token))


@post(
    "/api/auth/signout",
    status_code=HTTP_204_NO_CONTENT,
    opt=rule(access="public", rate="public", csrf="token", body=RefreshForm, refusals=(400, 415, 422)),
)
async def sign_out(request: Request[Any, Any, Any], people: People) -> None:
    """End the session of a refresh token; an unknown one is answered alike."""
    form = await read_json(request, RefreshForm)
    await actions.sign_out(people, form.refresh_token)


@get(
    "/api/me",
    dependencies={"identity": Provide(current_identity)},
    opt=rule(access="staff", rate="api", permission=SELF, reply=MeView, refusals=(401,)),
)
async def me(people: People, identity: Identity) -> ASGIApp:
    """Who is signed in, for which organisation, and what they may do."""
    person, organisation = await actions.me(people, identity)
    view = MeView.of(person, organisation, identity.role)
    return json_reply(view.model_dump(mode="json", exclude_none=True), headers=_NOT_STORED)


def _session_reply(session: Session, status: int = HTTP_200_OK) -> ASGIApp:
    view = SessionView.of(session)
    return json_reply(view.model_dump(mode="json", exclude_none=True), status, headers=_NOT_STORED)


HANDLERS = (sign_up, sign_in, refresh, sign_out, me)
