"""Signing up, and oneself, over HTTP."""

from typing import Any

from litestar import Request, get, patch, post
from litestar.di import Provide
from litestar.status_codes import HTTP_201_CREATED, HTTP_202_ACCEPTED, HTTP_204_NO_CONTENT
from litestar.types import ASGIApp

from kamhub.platform.access.guard import current_identity
from kamhub.platform.access.permissions import SELF
from kamhub.platform.i18n.request import locale_of
from kamhub.platform.person import actions
from kamhub.platform.person.forms import PasswordForm, ProfileForm, SignUpForm
from kamhub.platform.person.services import People
from kamhub.platform.person.views import Accepted, MeView, SignedInView
from kamhub.platform.session.api import NOT_STORED, signed_in_reply
from kamhub.platform.session.types import Identity
from kamhub.platform.session.visit import visit_of
from kamhub.platform.web.json import json_reply, read_json
from kamhub.platform.web.rules import rule

Asked = Request[Any, Any, Any]
_IDENTITY = {"identity": Provide(current_identity)}


@post(
    "/api/auth/signup",
    status_code=HTTP_201_CREATED,
    opt=rule(
        access="public",
        rate="authentication",
        csrf="anonymous",
        body=SignUpForm,
        reply=SignedInView,
        refusals=(400, 409, 415, 422),
    ),
)
async def sign_up(request: Asked, people: People) -> ASGIApp:
    """Make an account, and with ``organisation_name`` an organisation that it owns."""
    form = await read_json(request, SignUpForm)
    signed_up = await actions.sign_up(people, form.account(locale_of(request)), visit_of(request))
    return signed_in_reply(signed_up, HTTP_201_CREATED)


@get(
    "/api/me",
    dependencies=_IDENTITY,
    opt=rule(access="staff", rate="api", permission=SELF, reply=MeView, refusals=(401, 403)),
)
async def me(people: People, identity: Identity) -> ASGIApp:
    """Who is signed in, for which organisation, what they may do, and where else they could work."""
    return await _me_reply(people, identity)


@patch(
    "/api/me",
    dependencies=_IDENTITY,
    opt=rule(
        access="staff",
        rate="api",
        csrf="token",
        permission=SELF,
        body=ProfileForm,
        reply=MeView,
        refusals=(400, 401, 403, 415, 422),
        audit="profile.changed",
    ),
)
async def change_me(request: Asked, people: People, identity: Identity) -> ASGIApp:
    """Change one's name or language."""
    form = await read_json(request, ProfileForm)
    await actions.change_profile(people, identity, form.name, form.locale, visit_of(request))
    return await _me_reply(people, identity)


@post(
    "/api/me/password",
    status_code=HTTP_204_NO_CONTENT,
    dependencies=_IDENTITY,
    opt=rule(
        access="staff",
        rate="authentication",
        csrf="token",
        permission=SELF,
        body=PasswordForm,
        reply="none",
        refusals=(400, 401, 403, 415, 422),
        audit="password.changed",
    ),
)
async def change_password(request: Asked, people: People, identity: Identity) -> None:
    """Change one's password; every other session ends."""
    form = await read_json(request, PasswordForm)
    await actions.change_password(people, identity, form.current_password, form.new_password, visit_of(request))


@post(
    "/api/me/email-confirmation",
    status_code=HTTP_202_ACCEPTED,
    dependencies=_IDENTITY,
    opt=rule(
        access="staff",
        rate="authentication",
        csrf="token",
        permission=SELF,
        body="none",
        reply=Accepted,
        refusals=(401, 403),
        audit="email_confirmation.asked",
    ),
)
async def ask_to_confirm(request: Asked, people: People, identity: Identity) -> ASGIApp:
    """Mail the link that confirms one's address once more."""
    await actions.ask_to_confirm_email(people, identity, visit_of(request))
    return json_reply(Accepted().model_dump(), HTTP_202_ACCEPTED)


async def _me_reply(people: People, identity: Identity) -> ASGIApp:
    account, places = await actions.me(people, identity)
    place = next((each for each in places if each.organisation.id == identity.organisation_id), None)
    view = MeView.of(account, place, places)
    return json_reply(view.model_dump(mode="json", exclude_none=True), headers=NOT_STORED)


HANDLERS = (sign_up, me, change_me, change_password, ask_to_confirm)
