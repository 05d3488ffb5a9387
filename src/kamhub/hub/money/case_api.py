"""Cases over HTTP."""

from typing import Any
from uuid import UUID

from litestar import Request, get, post
from litestar.types import ASGIApp

from kamhub.hub.money import case_actions, store
from kamhub.hub.money.forms import ActForm, CaseParameters, CloseForm
from kamhub.hub.money.replies import CaseListReply, CaseReply
from kamhub.hub.money.types import CaseView
from kamhub.hub.money.views import CASE_COLUMNS, case_cells, case_json, version_of
from kamhub.hub.services import Hub
from kamhub.platform.database.batches import in_batches
from kamhub.platform.i18n.request import locale_of
from kamhub.platform.organisation import store as organisations
from kamhub.platform.person.types import Staff
from kamhub.platform.web.csv import csv_stream, wants_csv
from kamhub.platform.web.json import json_reply, list_reply, read_json, validate
from kamhub.platform.web.rules import rule
from kamhub.platform.web.versions import etag

Asked = Request[Any, Any, Any]
_CASES = "/api/cases"


@get(
    _CASES,
    opt=rule(
        access="staff",
        permission="cases.read",
        rate="api",
        body=CaseParameters,
        reply=CaseListReply,
        refusals=(401, 403, 422),
    ),
)
async def cases(request: Asked, hub: Hub, staff: Staff) -> ASGIApp:
    """What waits for a person, open ones first; as a file for ``Accept: text/csv``, the latest first."""
    asked, organisation_id = validate(CaseParameters, request.query_params), staff.organisation_id
    locale = locale_of(request)
    if wants_csv(request):
        return await _file(request, hub, staff, asked)
    async with hub.database.tenant(organisation_id) as connection:
        wanted = asked.wanted(await organisations.zone(connection, organisation_id))
        found, total = await store.cases(
            connection, organisation_id, wanted, offset=asked.offset, limit=asked.page_size
        )
        bookings = [one.booking_id for one in found if one.booking_id]
        states = await store.booking_statuses(connection, organisation_id, bookings, hub.clock.now())
    items = [case_json(one, locale, states.get(one.booking_id) if one.booking_id else None) for one in found]
    return list_reply(items, asked, total)


async def _file(request: Asked, hub: Hub, staff: Staff, asked: CaseParameters) -> ASGIApp:
    """Those cases as a file, the latest first, sent as it is read."""
    organisation_id, locale = staff.organisation_id, locale_of(request)
    async with hub.database.tenant(organisation_id) as connection:
        wanted = asked.wanted(await organisations.zone(connection, organisation_id))
    batches = in_batches(hub.database, organisation_id, store.cases_after, wanted)
    return csv_stream(
        request, "cases.csv", CASE_COLUMNS, batches, lambda found: (case_cells(one, locale) for one in found)
    )


@get(
    f"{_CASES}/{{case_id:uuid}}",
    opt=rule(access="staff", permission="cases.read", rate="api", reply=CaseReply, refusals=(401, 403, 404)),
)
async def case(request: Asked, hub: Hub, staff: Staff, case_id: UUID) -> ASGIApp:
    """One case, with what may be done about it."""
    async with hub.database.tenant(staff.organisation_id) as connection:
        found = await case_actions.require(connection, staff.organisation_id, case_id)
    return await _reply(request, hub, found)


async def _reply(request: Asked, hub: Hub, found: CaseView) -> ASGIApp:
    content = case_json(found, locale_of(request), await case_actions.booking_status(hub, found))
    return json_reply(content, headers=etag(version_of(content)))


@post(
    f"{_CASES}/{{case_id:uuid}}/close",
    status_code=200,
    opt=rule(
        access="staff",
        permission="cases.write",
        rate="api",
        csrf="token",
        body=CloseForm,
        reply=CaseReply,
        refusals=(400, 401, 403, 404, 409, 415, 422),
        audit="case.closed",
    ),
)
async def close(request: Asked, hub: Hub, staff: Staff, case_id: UUID) -> ASGIApp:
    """Say in words how it was settled."""
    async with hub.database.tenant(staff.organisation_id) as connection:
        await case_actions.require(connection, staff.organisation_id, case_id)
    form = await read_json(request, CloseForm)
    return await _reply(request, hub, await case_actions.close(hub, staff, case_id, form.resolution))


@post(
    f"{_CASES}/{{case_id:uuid}}/act",
    status_code=200,
    opt=rule(
        access="staff",
        permission="cases.write",
        rate="api",
        csrf="token",
        body=ActForm,
        reply=CaseReply,
        refusals=(400, 401, 403, 404, 409, 415, 422),
        audit="case.acted",
    ),
)
async def act(request: Asked, hub: Hub, staff: Staff, case_id: UUID) -> ASGIApp:
    """Do one of the things that are offered, and close the case."""
    async with hub.database.tenant(staff.organisation_id) as connection:
        await case_actions.require(connection, staff.organisation_id, case_id)
    form = await read_json(request, ActForm)
    return await _reply(request, hub, await case_actions.act(hub, staff, case_id, form.action))


HANDLERS = (cases, case, close, act)
