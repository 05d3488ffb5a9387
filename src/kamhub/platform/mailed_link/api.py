"""Password reset and the confirmation of an address over HTTP."""

from typing import Any

from litestar import Request, post
from litestar.status_codes import HTTP_202_ACCEPTED
from litestar.types import ASGIApp

from kamhub.platform.mailed_link import actions
from kamhub.platform.mailed_link.forms import LinkForm, NewPasswordForm, ResetForm
from kamhub.platform.person.services import People
from kamhub.platform.person.views import Accepted
from kamhub.platform.session.visit import visit_of
from kamhub.platform.web.json import json_reply, read_json
from kamhub.platform.web.rules import rule

Asked = Request[Any, Any, Any]


@post(
    "/api/auth/password-reset",
    status_code=HTTP_202_ACCEPTED,
    opt=rule(
        access="public",
        rate="authentication",
        csrf="anonymous",
        body=ResetForm,
        reply=Accepted,
        refusals=(400, 415, 422),
    ),
)
async def ask_for_reset(request: Asked, people: People) -> ASGIApp:
    """Mail a link to set a new password, for an hour and for one use; an unknown address is answered alike."""
    form = await read_json(request, ResetForm)
    await actions.ask_for_password_reset(people, form.email)
    return _accepted()


@post(
    "/api/auth/password-reset/confirm",
    status_code=HTTP_202_ACCEPTED,
    opt=rule(
        access="public",
        rate="authentication",
        csrf="anonymous",
        body=NewPasswordForm,
        reply=Accepted,
        refusals=(400, 410, 415, 422),
    ),
)
async def set_new_password(request: Asked, people: People) -> ASGIApp:
    """Set the new password by the mailed token; every session of the person ends."""
    form = await read_json(request, NewPasswordForm)
    await actions.set_new_password(people, form.token, form.password, visit_of(request))
    return _accepted()


@post(
    "/api/auth/email-confirmation",
    status_code=HTTP_202_ACCEPTED,
    opt=rule(
        access="public",
        rate="authentication",
        csrf="anonymous",
        body=LinkForm,
        reply=Accepted,
        refusals=(400, 410, 415, 422),
    ),
)
async def confirm_email(request: Asked, people: People) -> ASGIApp:
    """Confirm an address by the mailed token."""
    form = await read_json(request, LinkForm)
    await actions.confirm_email(people, form.token)
    return _accepted()


def _accepted() -> ASGIApp:
    return json_reply(Accepted().model_dump(), HTTP_202_ACCEPTED)


HANDLERS = (ask_for_reset, set_new_password, confirm_email)
