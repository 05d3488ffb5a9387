"""Keys over HTTP."""

from typing import Any
from uuid import UUID

from litestar import Request, delete, get, post
from litestar.status_codes import HTTP_201_CREATED, HTTP_204_NO_CONTENT
from litestar.types import ASGIApp

from kamhub.platform.access.permissions import ANY_SCOPE
from kamhub.platform.api_key import actions
from kamhub.platform.api_key.forms import KeyForm
from kamhub.platform.api_key.replies import KeyListReply, KeyMadeReply, OwnKeyReply
from kamhub.platform.api_key.views import key_json, own_key_json
from kamhub.platform.person.services import People
from kamhub.platform.person.types import Staff
from kamhub.platform.session.api import NOT_STORED
from kamhub.platform.web.json import json_reply, list_reply, read_json, validate
from kamhub.platform.web.rules import rule
from kamhub.platform.web.schemas import PageParameters

Asked = Request[Any, Any, Any]
MANAGE = "organisation.manage"
_KEYS = "/api/organisation/api-keys"


@get(
    _KEYS,
    opt=rule(
        access="staff",
        rate="api",
        permission=MANAGE,
        body=PageParameters,
        reply=KeyListReply,
        refusals=(401, 403, 422),
    ),
)
async def keys(request: Asked, people: People, staff: Staff) -> ASGIApp:
    """The organisation's keys, live ones first, with those that are over."""
    page = validate(PageParameters, request.query_params)
    found, total = await actions.keys(people, staff, offset=page.offset, limit=page.page_size)
    now = people.clock.now()
    return list_reply([key_json(key, now) for key in found], page, total, NOT_STORED)


@post(
    _KEYS,
    status_code=HTTP_201_CREATED,
    opt=rule(
        access="staff",
        rate="creation",
        csrf="token",
        permission=MANAGE,
        body=KeyForm,
        reply=KeyMadeReply,
        refusals=(400, 401, 403, 409, 415, 422),
        audit="api_key.created",
    ),
)
async def make(request: Asked, people: People, staff: Staff) -> ASGIApp:
    """Make a key. It is shown in this reply and never again."""
    form = await read_json(request, KeyForm)
    made = await actions.make(people, staff, form.wanted())
    content = {**key_json(made.key, people.clock.now()), "key": made.text}
    return json_reply(content, HTTP_201_CREATED, NOT_STORED)


@delete(
    f"{_KEYS}/{{key_id:uuid}}",
    status_code=HTTP_204_NO_CONTENT,
    opt=rule(
        access="staff",
        rate="api",
        csrf="token",
        permission=MANAGE,
        body="none",
        reply="none",
        refusals=(401, 403, 404),
        audit="api_key.revoked",
    ),
)
async def revoke(people: People, staff: Staff, key_id: UUID) -> None:
    """End a key at once; it may be said twice."""
    await actions.revoke(people, staff, key_id)


@get("/api/key", opt=rule(access="key", rate="api", permission=ANY_SCOPE, reply=OwnKeyReply, refusals=(401, 404)))
async def own(people: People, staff: Staff) -> ASGIApp:
    """What the key that asks is, and what it is good for."""
    key, organisation = await actions.own(people, staff)
    return json_reply(own_key_json(key, organisation), headers=NOT_STORED)


HANDLERS = (keys, make, revoke, own)
