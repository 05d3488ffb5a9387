"""Timetables over HTTP."""

from datetime import date
from typing import Any
from uuid import UUID

from litestar import Request, delete, get, patch, post
from litestar.status_codes import HTTP_200_OK, HTTP_201_CREATED, HTTP_204_NO_CONTENT
from litestar.types import ASGIApp

from kamhub.hub.services import Hub
from kamhub.hub.timetable import actions, exchange_api
from kamhub.hub.timetable.forms import (
    ExceptionForm,
    TimetableForm,
    TimetableParameters,
    TimetablePatch,
    TimetablePricesForm,
)
from kamhub.hub.timetable.replies import (
    PlanReply,
    TimetableDetailReply,
    TimetableDoneReply,
    TimetableListReply,
)
from kamhub.hub.timetable.rights import PRICE, READ, WRITE
from kamhub.hub.timetable.views import COLUMNS, csv_row, detail_json, outcome_json, timetable_json
from kamhub.platform.person.types import Staff
from kamhub.platform.session.api import NOT_STORED
from kamhub.platform.web.csv import csv_reply, wants_csv
from kamhub.platform.web.json import json_reply, list_reply, parse_json, read_body, read_json, validate
from kamhub.platform.web.rules import rule
from kamhub.platform.web.versions import asked_version, etag

Asked = Request[Any, Any, Any]

TIMETABLES = "/api/timetables"
ONE = f"{TIMETABLES}/{{timetable_id:uuid}}"
_CHANGES = (400, 401, 403, 404, 409, 412, 415, 422)


@get(
    TIMETABLES,
    opt=rule(
        access="staff",
        rate="api",
        permission=READ,
        body=TimetableParameters,
        reply=TimetableListReply,
        refusals=(401, 403, 422),
    ),
)
async def timetables(request: Asked, hub: Hub, staff: Staff) -> ASGIApp:
    """The timetables by route and season; archived ones on demand. A file for ``Accept: text/csv``."""
    asked = validate(TimetableParameters, request.query_params)
    found, total = await actions.timetables_of(
        hub, staff, archived=asked.archived, route_id=asked.route_id, offset=asked.offset, limit=asked.page_size
    )
    if wants_csv(request):
        return csv_reply(request, "timetables.csv", COLUMNS, map(csv_row, found), NOT_STORED)
    return list_reply([timetable_json(view) for view in found], asked, total, NOT_STORED)


@post(
    TIMETABLES,
    status_code=HTTP_201_CREATED,
    opt=rule(
        access="staff",
        rate="api",
        csrf="token",
        permission=WRITE,
        body=TimetableForm,
        reply=TimetableDoneReply,
        refusals=(400, 401, 403, 404, 409, 415, 422),
        audit="timetable.created",
    ),
)
async def create(request: Asked, hub: Hub, staff: Staff) -> ASGIApp:
    """Make a timetable and its departures of the next 180 days; what cannot be is told in ``conflicts``."""
    form = await read_json(request, TimetableForm)
    outcome = await actions.create(hub, staff, form.wanted())
    version = outcome.view.timetable.version if outcome.view else 1
    return json_reply(outcome_json(outcome), HTTP_201_CREATED, NOT_STORED | etag(version))


@post(
    f"{TIMETABLES}/preview",
    status_code=HTTP_200_OK,
    opt=rule(
        access="staff",
        rate="api",
        csrf="token",
        permission=WRITE,
        body=TimetableForm,
        reply=PlanReply,
        refusals=(400, 401, 403, 404, 415, 422),
        audit="timetable.previewed",
    ),
)
async def preview(request: Asked, hub: Hub, staff: Staff) -> ASGIApp:
    """What making this timetable would do; no timetable and no departure is written."""
    form = await read_json(request, TimetableForm)
    return json_reply(outcome_json(await actions.preview(hub, staff, form.wanted())), HTTP_200_OK, NOT_STORED)


@get(ONE, opt=rule(access="staff", rate="api", permission=READ, reply=TimetableDetailReply, refusals=(401, 403, 404)))
async def timetable(hub: Hub, staff: Staff, timetable_id: UUID) -> ASGIApp:
    """One timetable, with what of it is not as it should be."""
    details = await actions.details(hub, staff, timetable_id)
    return json_reply(detail_json(details), headers=NOT_STORED | etag(details.view.timetable.version))


@patch(
    ONE,
    status_code=HTTP_200_OK,
    opt=rule(
        access="staff",
        rate="api",
        csrf="token",
        permission=WRITE,
        body=TimetablePatch,
        reply=TimetableDoneReply,
        refusals=_CHANGES,
        audit="timetable.changed",
    ),
)
async def change(request: Asked, hub: Hub, staff: Staff, timetable_id: UUID) -> ASGIApp:
    """Change a timetable: unsold departures follow, sold ones stay and are told in ``kept_sold``."""
    asked = asked_version(request)
    await actions.require(hub, staff, timetable_id, asked)
    form = await read_json(request, TimetablePatch)
    return _changed(await actions.change(hub, staff, timetable_id, form.change(), asked))


@patch(
    f"{ONE}/prices",
    status_code=HTTP_200_OK,
    opt=rule(
        access="staff",
        rate="api",
        csrf="token",
        permission=PRICE,
        body=TimetablePricesForm,
        reply=TimetableDoneReply,
        refusals=_CHANGES,
        audit="timetable.repriced",
    ),
)
async def reprice(request: Asked, hub: Hub, staff: Staff, timetable_id: UUID) -> ASGIApp:
    """Change the prices alone: departures that nobody has bought get the new tariff."""
    asked = asked_version(request)
    await actions.require(hub, staff, timetable_id, asked)
    form = await read_json(request, TimetablePricesForm)
    return _changed(await actions.change(hub, staff, timetable_id, form.change(), asked))


@post(
    f"{ONE}/preview",
    status_code=HTTP_200_OK,
    opt=rule(
        access="staff",
        rate="api",
        csrf="token",
        permission=WRITE,
        body=TimetablePatch,
        reply=PlanReply,
        refusals=(400, 401, 403, 404, 409, 415, 422),
        audit="timetable.previewed",
    ),
)
async def preview_change(request: Asked, hub: Hub, staff: Staff, timetable_id: UUID) -> ASGIApp:
    """What that change would do; nothing of the timetable or its departures is written."""
    await actions.require(hub, staff, timetable_id, None)
    form = await read_json(request, TimetablePatch)
    outcome = await actions.preview_change(hub, staff, timetable_id, form.change())
    return json_reply(outcome_json(outcome), headers=NOT_STORED)


@delete(
    ONE,
    status_code=HTTP_204_NO_CONTENT,
    opt=rule(
        access="staff",
        rate="api",
        csrf="token",
        permission=WRITE,
        body="none",
        reply="none",
        refusals=(401, 403, 404, 409, 412),
        audit="timetable.archived",
    ),
)
async def archive(request: Asked, hub: Hub, staff: Staff, timetable_id: UUID) -> None:
    """End a timetable: unsold departures go, sold ones run; GET tells them in ``kept_sold``. It may be said twice."""
    await actions.archive(hub, staff, timetable_id, asked_version(request))


@post(
    f"{ONE}/generate",
    status_code=HTTP_200_OK,
    opt=rule(
        access="staff",
        rate="api",
        csrf="token",
        permission=WRITE,
        body="none",
        reply=TimetableDoneReply,
        refusals=(401, 403, 404, 409),
        audit="timetable.extended",
    ),
)
async def generate(hub: Hub, staff: Staff, timetable_id: UUID) -> ASGIApp:
    """Make the departures that are missing: those that were in conflict and are not any more. It may be said twice."""
    return _changed(await actions.extend(hub, staff, timetable_id))


@post(
    f"{ONE}/exceptions",
    status_code=HTTP_201_CREATED,
    opt=rule(
        access="staff",
        rate="api",
        csrf="token",
        permission=WRITE,
        body=ExceptionForm,
        reply=TimetableDoneReply,
        refusals=_CHANGES,
        audit="timetable.date_excepted",
    ),
)
async def except_date(request: Asked, hub: Hub, staff: Staff, timetable_id: UUID) -> ASGIApp:
    """Other times on one date, none for a day off; in place of an earlier exception of that date."""
    asked = asked_version(request)
    await actions.require(hub, staff, timetable_id, asked)
    form = parse_json(await read_body(request), ExceptionForm)
    outcome = await actions.except_date(hub, staff, timetable_id, form.exception(), asked)
    return _changed(outcome, HTTP_201_CREATED)


@delete(
    f"{ONE}/exceptions/{{on_date:date}}",
    status_code=HTTP_200_OK,
    opt=rule(
        access="staff",
        rate="api",
        csrf="token",
        permission=WRITE,
        body="none",
        reply=TimetableDoneReply,
        refusals=(401, 403, 404, 409, 412),
        audit="timetable.date_kept",
    ),
)
async def keep_date(request: Asked, hub: Hub, staff: Staff, timetable_id: UUID, on_date: date) -> ASGIApp:
    """Let the pattern hold on that date again."""
    asked = asked_version(request)
    await actions.require(hub, staff, timetable_id, asked)
    return _changed(await actions.keep_date(hub, staff, timetable_id, on_date, asked))


def _changed(outcome: actions.Outcome, status: int = HTTP_200_OK) -> ASGIApp:
    version = outcome.view.timetable.version if outcome.view else 0
    return json_reply(outcome_json(outcome), status, NOT_STORED | etag(version))


HANDLERS = (
    timetables,
    create,
    preview,
    timetable,
    change,
    reprice,
    preview_change,
    archive,
    generate,
    except_date,
    keep_date,
    *exchange_api.HANDLERS,
)
