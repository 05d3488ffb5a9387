"""The second factor of oneself over HTTP."""

from typing import Any

from litestar import Request, post
from litestar.di import Provide
from litestar.status_codes import HTTP_200_OK, HTTP_201_CREATED, HTTP_204_NO_CONTENT
from litestar.types import ASGIApp
from pydantic import BaseModel, Field

from kamhub.platform.access.guard import current_identity
from kamhub.platform.access.permissions import SELF
from kamhub.platform.person import actions as people_actions
from kamhub.platform.person.services import People
from kamhub.platform.second_factor import own
from kamhub.platform.second_factor.forms import BeginForm, FactorCodeForm, SwitchOffForm
from kamhub.platform.session.api import NOT_STORED
from kamhub.platform.session.types import Identity
from kamhub.platform.session.visit import visit_of
from kamhub.platform.web.json import json_reply, read_json
from kamhub.platform.web.rules import rule

Asked = Request[Any, Any, Any]
_IDENTITY = {"identity": Provide(current_identity)}


class EnrolmentView(BaseModel):
    """For an authenticator: ``secret`` to type, ``uri`` to scan."""

    secret: str = Field(repr=False)
    uri: str = Field(repr=False)


class RecoveryCodes(BaseModel):
    """Shown this once; each is good for one sign-in without the phone."""

    recovery_codes: list[str] = Field(repr=False)


@post(
    "/api/me/second-factor",
    status_code=HTTP_201_CREATED,
    dependencies=_IDENTITY,
    opt=rule(
        access="staff",
        rate="authentication",
        csrf="token",
        permission=SELF,
        body=BeginForm,
        reply=EnrolmentView,
        refusals=(400, 401, 403, 409, 415, 422),
        audit="second_factor.begun",
    ),
)
async def begin(request: Asked, people: People, identity: Identity) -> ASGIApp:
    """Begin to switch it on, with the password: put the secret into an authenticator and send its first code."""
    form = await read_json(request, BeginForm)
    await people_actions.require_password(people, identity.person_id, form.password)
    enrolment = await own.begin(people, identity, visit_of(request))
    view = EnrolmentView(secret=enrolment.secret, uri=enrolment.uri)
    return json_reply(view.model_dump(), HTTP_201_CREATED, headers=NOT_STORED)


@post(
    "/api/me/second-factor/confirm",
    status_code=HTTP_200_OK,
    dependencies=_IDENTITY,
    opt=rule(
        access="staff",
        rate="authentication",
        csrf="token",
        permission=SELF,
        body=FactorCodeForm,
        reply=RecoveryCodes,
        refusals=(400, 401, 403, 409, 415, 422),
        audit="second_factor.enabled",
    ),
)
async def confirm(request: Asked, people: People, identity: Identity) -> ASGIApp:
    """Switch it on with the first code; the reply holds the recovery codes."""
    form = await read_json(request, FactorCodeForm)
    return _codes(await own.confirm(people, identity, form.code, visit_of(request)))


@post(
    "/api/me/second-factor/recovery-codes",
    status_code=HTTP_200_OK,
    dependencies=_IDENTITY,
    opt=rule(
        access="staff",
        rate="authentication",
        csrf="token",
        permission=SELF,
        body=FactorCodeForm,
        reply=RecoveryCodes,
        refusals=(400, 401, 403, 409, 415, 422),
        audit="second_factor.codes_renewed",
    ),
)
async def renew(request: Asked, people: People, identity: Identity) -> ASGIApp:
    """New recovery codes in place of the old ones."""
    form = await read_json(request, FactorCodeForm)
    return _codes(await own.renew(people, identity, form.code, visit_of(request)))


@post(
    "/api/me/second-factor/disable",
    status_code=HTTP_204_NO_CONTENT,
    dependencies=_IDENTITY,
    opt=rule(
        access="staff",
        rate="authentication",
        csrf="token",
        permission=SELF,
        body=SwitchOffForm,
        reply="none",
        refusals=(400, 401, 403, 409, 415, 422),
        audit="second_factor.disabled",
    ),
)
async def disable(request: Asked, people: People, identity: Identity) -> None:
    """Switch it off, with the password and a code."""
    form = await read_json(request, SwitchOffForm)
    await people_actions.require_password(people, identity.person_id, form.password)
    await own.disable(people, identity, form.code, visit_of(request))


def _codes(codes: tuple[str, ...]) -> ASGIApp:
    return json_reply(RecoveryCodes(recovery_codes=list(codes)).model_dump(), headers=NOT_STORED)


HANDLERS = (begin, confirm, renew, disable)
