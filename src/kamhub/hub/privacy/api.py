"""What is held of a traveller, for the operator's owners: finding, handing out, removing."""

from typing import Any

from litestar import Request, post
from litestar.types import ASGIApp

from kamhub.hub.privacy import actions
from kamhub.hub.privacy.forms import ErasureForm, TravellerForm
from kamhub.hub.privacy.replies import ErasedReply, FoundReply
from kamhub.hub.privacy.views import erased_json, export_json, found_json
from kamhub.hub.services import Hub
from kamhub.platform.person.types import Staff
from kamhub.platform.web.json import json_reply, read_json
from kamhub.platform.web.rules import rule

Asked = Request[Any, Any, Any]
PERMISSION = "personal_data.manage"
EXPORT_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Disposition": 'attachment; filename="personal-data.json"',
}
_NOT_STORED = {"Cache-Control": "no-store"}
_REFUSALS = (400, 401, 403, 415, 422)


@post(
    "/api/personal-data/search",
    status_code=200,
    opt=rule(
        access="staff",
        permission=PERMISSION,
        rate="api",
        csrf="token",
        body=TravellerForm,
        reply=FoundReply,
        refusals=_REFUSALS,
        audit="personal_data.searched",
    ),
)
async def search(request: Asked, hub: Hub, staff: Staff) -> ASGIApp:
    """How much is held of a traveller, and in which bookings."""
    form = await read_json(request, TravellerForm)
    return json_reply(found_json(await actions.search(hub, staff, form.traveller())), headers=_NOT_STORED)


@post(
    "/api/personal-data/export",
    status_code=200,
    opt=rule(
        access="staff",
        permission=PERMISSION,
        rate="api",
        csrf="token",
        body=TravellerForm,
        reply="json",
        refusals=_REFUSALS,
        audit="personal_data.exported",
    ),
)
async def export(request: Asked, hub: Hub, staff: Staff) -> ASGIApp:
    """Everything held of a traveller, to be handed to them."""
    traveller = (await read_json(request, TravellerForm)).traveller()
    data = await actions.export(hub, staff, traveller)
    return json_reply(export_json(data, traveller, hub.clock.now()), headers=EXPORT_HEADERS)


@post(
    "/api/personal-data/erase",
    status_code=200,
    opt=rule(
        access="staff",
        permission=PERMISSION,
        rate="api",
        csrf="token",
        body=ErasureForm,
        reply=ErasedReply,
        refusals=(*_REFUSALS, 409),
        audit="personal_data.erased",
    ),
)
async def erase(request: Asked, hub: Hub, staff: Staff) -> ASGIApp:
    """Remove a traveller for good; bookings keep their facts for the books. All or nothing."""
    form = await read_json(request, ErasureForm)
    erased = await actions.erase(hub, staff, form.traveller(), form.reason)
    return json_reply(erased_json(erased), headers=_NOT_STORED)


HANDLERS = (search, export, erase)
