"""Comparing with the payment service, over HTTP."""

from typing import Any
from uuid import UUID

from litestar import Request, get, post
from litestar.types import ASGIApp

from kamhub.hub.reconciliation import actions, store
from kamhub.hub.reconciliation.forms import ReconciliationForm
from kamhub.hub.reconciliation.replies import ReconciliationListReply, ReconciliationReply
from kamhub.hub.reconciliation.views import reconciliation_json
from kamhub.hub.services import Hub
from kamhub.platform.person.types import Staff
from kamhub.platform.web.json import json_reply, list_reply, read_json, validate
from kamhub.platform.web.rules import rule
from kamhub.platform.web.schemas import PageParameters

Asked = Request[Any, Any, Any]
READ = "payments.read"
WRITE = "cases.write"
_PATH = "/api/reconciliations"


@get(
    _PATH,
    opt=rule(
        access="staff",
        permission=READ,
        rate="api",
        body=PageParameters,
        reply=ReconciliationListReply,
        refusals=(401, 403, 422),
    ),
)
async def reconciliations(request: Asked, hub: Hub, staff: Staff) -> ASGIApp:
    """The days that were compared, the latest first."""
    page = validate(PageParameters, request.query_params)
    async with hub.database.tenant(staff.organisation_id) as connection:
        found, total = await store.page(connection, staff.organisation_id, offset=page.offset, limit=page.page_size)
    return list_reply([reconciliation_json(one) for one in found], page, total)


@get(
    f"{_PATH}/{{reconciliation_id:uuid}}",
    opt=rule(access="staff", permission=READ, rate="api", reply=ReconciliationReply, refusals=(401, 403, 404)),
)
async def reconciliation(hub: Hub, staff: Staff, reconciliation_id: UUID) -> ASGIApp:
    """One day, with what was found."""
    return json_reply(reconciliation_json(await actions.require(hub, staff.organisation_id, reconciliation_id)))


@post(
    _PATH,
    status_code=201,
    opt=rule(
        access="staff",
        permission=WRITE,
        rate="creation",
        csrf="token",
        body=ReconciliationForm,
        reply=ReconciliationReply,
        refusals=(400, 401, 403, 409, 415, 422),
        audit="reconciliation.asked",
    ),
)
async def compare(request: Asked, hub: Hub, staff: Staff) -> ASGIApp:
    """Compare a day now, in the background; the same day again is the same comparison."""
    form = await read_json(request, ReconciliationForm)
    return json_reply(reconciliation_json(await actions.ask(hub, staff, form.date)), 201)


HANDLERS = (reconciliations, reconciliation, compare)
