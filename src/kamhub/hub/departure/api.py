"""Departures over HTTP, for staff."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

from litestar import Request, get, patch, post
from litestar.status_codes import HTTP_200_OK, HTTP_201_CREATED
from litestar.types import ASGIApp

from kamhub.hub.departure import actions
from kamhub.hub.departure.actions.sales import Version
from kamhub.hub.departure.forms import AssignmentForm, DepartureForm, DepartureParameters, ReasonForm
from kamhub.hub.departure.replies import DepartureListReply, DepartureReply
from kamhub.hub.departure.types import StaffDeparture
from kamhub.hub.departure.views import CSV_COLUMNS, csv_row, departure_json
from kamhub.hub.services import Hub
from kamhub.platform.person.types import Staff
from kamhub.platform.web.csv import csv_reply, wants_csv
from kamhub.platform.web.json import json_reply, list_reply, parse_json, read_body, read_json, validate
from kamhub.platform.web.rules import rule
from kamhub.platform.web.versions import asked_version, etag, require_version

Asked = Request[Any, Any, Any]
READ, WRITE, ASSIGN = "departures.read", "departures.write", "assignments.write"
_LIST = "/api/departures"
_ONE = f"{_LIST}/{{departure_id:uuid}}"
# A file has more lines than a page.
_MOST_IN_A_FILE = 10_000


@get(
    _LIST,
    opt=rule(
        access="staff",
        rate="api",
        permission=READ,
        body=DepartureParameters,
        reply=DepartureListReply,
        refusals=(401, 403, 422),
    ),
)
async def departures(request: Asked, hub: Hub, staff: Staff) -> ASGIApp:
    """Departures, the first to leave first; a driver's are those they drive. ``Accept: text/csv`` gives them as a file."""
    asked = validate(DepartureParameters, request.query_params)
    query = asked.query(await actions.zone(hub, staff), hub.clock.now())
    if wants_csv(request):
        found, _ = await actions.list_departures(hub, staff, query, limit=_MOST_IN_A_FILE)
        return csv_reply(request, "departures.csv", CSV_COLUMNS, map(csv_row, found))
    found, total = await actions.list_departures(hub, staff, query, offset=asked.offset, limit=asked.page_size)
    return list_reply([departure_json(one) for one in found], asked, total)


@post(
    _LIST,
    status_code=HTTP_201_CREATED,
    opt=rule(
        access="staff",
        rate="creation",
        csrf="token",
        permission=WRITE,
        body=DepartureForm,
        reply=DepartureReply,
        refusals=(400, 401, 403, 404, 409, 415, 422),
        audit="departure.created",
    ),
)
async def add(request: Asked, hub: Hub, staff: Staff) -> ASGIApp:
    """Make a single departure beside the timetable; it is on sale at once."""
    form = await read_json(request, DepartureForm)
    return _reply(await actions.add(hub, staff, form.wanted()), HTTP_201_CREATED)


@get(_ONE, opt=rule(access="staff", rate="api", permission=READ, reply=DepartureReply, refusals=(401, 403, 404)))
async def show(hub: Hub, staff: Staff, departure_id: UUID) -> ASGIApp:
    """One departure, with seats taken leg by leg."""
    return _reply(await actions.find(hub, staff, departure_id))


@patch(
    _ONE,
    opt=rule(
        access="staff",
        rate="api",
        csrf="token",
        permission=ASSIGN,
        body=AssignmentForm,
        reply=DepartureReply,
        refusals=(400, 401, 403, 404, 409, 412, 415, 422),
        audit="departure.assigned",
    ),
)
async def assign(request: Asked, hub: Hub, staff: Staff, departure_id: UUID) -> ASGIApp:
    """Change the vehicle or the driver. One that is busy is 409 ``conflict``, a vehicle too small 409 ``too_small``."""
    body = await read_body(request)
    found, version = await actions.find(hub, staff, departure_id), asked_version(request)
    require_version(version, found.version)
    form = parse_json(body, AssignmentForm)
    return _reply(await actions.assign(hub, staff, departure_id, form.on, version))


@post(
    f"{_ONE}/close",
    status_code=HTTP_200_OK,
    opt=rule(
        access="staff",
        rate="api",
        csrf="token",
        permission=WRITE,
        body=ReasonForm,
        reply=DepartureReply,
        refusals=(400, 401, 403, 404, 409, 412, 415, 422),
        audit="departure.closed",
    ),
)
async def close(request: Asked, hub: Hub, staff: Staff, departure_id: UUID) -> ASGIApp:
    """Sell no more; what is sold stays. May be said twice; the body may be left out."""
    return await _change(request, hub, staff, departure_id, actions.close)


@post(
    f"{_ONE}/reopen",
    status_code=HTTP_200_OK,
    opt=rule(
        access="staff",
        rate="api",
        csrf="token",
        permission=WRITE,
        body=ReasonForm,
        reply=DepartureReply,
        refusals=(400, 401, 403, 404, 409, 412, 415, 422),
        audit="departure.reopened",
    ),
)
async def reopen(request: Asked, hub: Hub, staff: Staff, departure_id: UUID) -> ASGIApp:
    """Sell again until sales close by themselves. May be said twice; the body may be left out."""
    return await _change(request, hub, staff, departure_id, actions.reopen)


Change = Callable[[Hub, Staff, UUID, str | None, Version], Awaitable[StaffDeparture]]


async def _change(request: Asked, hub: Hub, staff: Staff, departure_id: UUID, change: Change) -> ASGIApp:
    body = await read_body(request)
    found, version = await actions.find(hub, staff, departure_id), asked_version(request)
    require_version(version, found.version)
    form = parse_json(body, ReasonForm) if body.strip() else ReasonForm()
    return _reply(await change(hub, staff, departure_id, form.reason, version))


def _reply(departure: StaffDeparture, status: int = HTTP_200_OK) -> ASGIApp:
    return json_reply(departure_json(departure), status, etag(departure.version))


HANDLERS = (departures, add, show, assign, close, reopen)
