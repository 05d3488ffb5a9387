"""The waiting list over HTTP."""

from typing import Any
from uuid import UUID

from litestar import Request, delete, get, post
from litestar.status_codes import HTTP_201_CREATED, HTTP_204_NO_CONTENT
from litestar.types import ASGIApp

from kamhub.hub.services import Hub
from kamhub.hub.waiting_list import actions
from kamhub.hub.waiting_list.forms import PartyParameters, WaitingForm
from kamhub.hub.waiting_list.replies import PartyListReply, PartyReply
from kamhub.hub.waiting_list.views import CSV_COLUMNS, csv_row, party_json
from kamhub.platform.person.types import Staff
from kamhub.platform.session.api import NOT_STORED
from kamhub.platform.web.csv import csv_reply, wants_csv
from kamhub.platform.web.json import json_reply, list_reply, read_json, validate
from kamhub.platform.web.rules import rule

Asked = Request[Any, Any, Any]
READ = "bookings.read"
WRITE = "bookings.write"
WAITING_LIST = "/api/waiting-list"
_ONE = f"{WAITING_LIST}/{{waiting_party_id:uuid}}"
_MOST_EXPORTED = 10_000


@get(
    WAITING_LIST,
    opt=rule(
        access="staff",
        rate="api",
        permission=READ,
        body=PartyParameters,
        reply=PartyListReply,
        refusals=(401, 403, 422),
    ),
)
async def parties(request: Asked, hub: Hub, staff: Staff) -> ASGIApp:
    """Who waits for seats, the next departure first; ``Accept: text/csv`` gives a file."""
    asked = validate(PartyParameters, request.query_params)
    if wants_csv(request):
        every, _ = await actions.parties(hub, staff, asked.wanted(), offset=0, limit=_MOST_EXPORTED)
        name = f"waiting-list-{hub.clock.now():%Y-%m-%d}.csv"
        return csv_reply(request, name, CSV_COLUMNS, [csv_row(one) for one in every])
    found, total = await actions.parties(hub, staff, asked.wanted(), offset=asked.offset, limit=asked.page_size)
    return list_reply([party_json(one) for one in found], asked, total, NOT_STORED)


@post(
    WAITING_LIST,
    status_code=HTTP_201_CREATED,
    opt=rule(
        access="staff",
        rate="api",
        csrf="token",
        permission=WRITE,
        body=WaitingForm,
        reply=PartyReply,
        refusals=(400, 401, 403, 404, 409, 415, 422),
        audit="waiting_party.joined",
    ),
)
async def join(request: Asked, hub: Hub, staff: Staff) -> ASGIApp:
    """Put a caller on the list of a departure that has too few seats. The same phone keeps its place."""
    form = await read_json(request, WaitingForm)
    party_id = await actions.join(hub, form.joining(), staff)
    return json_reply(party_json(await actions.one(hub, staff, party_id)), HTTP_201_CREATED, NOT_STORED)


@get(
    _ONE,
    opt=rule(access="staff", rate="api", permission=READ, reply=PartyReply, refusals=(401, 403, 404)),
)
async def party(hub: Hub, staff: Staff, waiting_party_id: UUID) -> ASGIApp:
    """One party."""
    return json_reply(party_json(await actions.one(hub, staff, waiting_party_id)), headers=NOT_STORED)


@delete(
    _ONE,
    status_code=HTTP_204_NO_CONTENT,
    opt=rule(
        access="staff",
        rate="api",
        csrf="token",
        permission=WRITE,
        body="none",
        reply="none",
        refusals=(401, 403, 404),
        audit="waiting_party.left",
    ),
)
async def take_off(hub: Hub, staff: Staff, waiting_party_id: UUID) -> None:
    """Take a party off the list; seats it was offered and has not paid for go on to the next."""
    await actions.take_off(hub, staff, waiting_party_id)


HANDLERS = (parties, join, party, take_off)
