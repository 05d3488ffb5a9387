"""Papers of vehicles and drivers over HTTP."""

from typing import Any
from uuid import UUID

from litestar import Request, delete, get, post
from litestar.status_codes import HTTP_201_CREATED, HTTP_204_NO_CONTENT
from litestar.types import ASGIApp

from kamhub.hub.fleet_document import actions
from kamhub.hub.fleet_document.forms import DocumentForm, DocumentParameters
from kamhub.hub.fleet_document.replies import DocumentListReply, DocumentMadeReply
from kamhub.hub.fleet_document.types import Subject
from kamhub.hub.fleet_document.views import COLUMNS, document_cells, document_json
from kamhub.hub.services import Hub
from kamhub.platform.person.types import Staff
from kamhub.platform.web.csv import MOST_ROWS, csv_reply, wants_csv
from kamhub.platform.web.json import json_reply, list_reply, parse_json, read_body, validate
from kamhub.platform.web.rules import rule
from kamhub.platform.web.schemas import PageParameters

Asked = Request[Any, Any, Any]
READ, WRITE = actions.READ, "fleet.write"
_OF_VEHICLE = "/api/vehicles/{vehicle_id:uuid}/documents"
_OF_DRIVER = "/api/drivers/{driver_id:uuid}/documents"
LIST = rule(access="staff", rate="api", permission=READ, body=PageParameters, reply=DocumentListReply)
ADD = rule(
    access="staff",
    rate="api",
    csrf="token",
    permission=WRITE,
    body=DocumentForm,
    reply=DocumentMadeReply,
    audit="fleet_document.added",
)
REMOVE = rule(
    access="staff",
    rate="api",
    csrf="token",
    permission=WRITE,
    body="none",
    reply="none",
    audit="fleet_document.removed",
)


@get(
    "/api/fleet-documents",
    opt=rule(access="staff", rate="api", permission=READ, body=DocumentParameters, reply=DocumentListReply),
)
async def documents(request: Asked, hub: Hub, staff: Staff) -> ASGIApp:
    """Papers of the whole fleet; with ``expiring_within`` those that need to be renewed by then."""
    asked = validate(DocumentParameters, request.query_params)
    if wants_csv(request):
        found, _, day = await actions.documents(hub, staff, asked.within(), limit=MOST_ROWS)
        return csv_reply(request, "documents.csv", COLUMNS, [document_cells(one, day) for one in found])
    found, total, day = await actions.documents(hub, staff, asked.within(), offset=asked.offset, limit=asked.page_size)
    return list_reply([document_json(one, day) for one in found], asked, total)


@get(_OF_VEHICLE, opt=LIST)
async def of_vehicle(request: Asked, hub: Hub, staff: Staff, vehicle_id: UUID) -> ASGIApp:
    """The papers of a vehicle."""
    return await _list(request, hub, staff, "vehicle", vehicle_id)


@get(_OF_DRIVER, opt=LIST)
async def of_driver(request: Asked, hub: Hub, staff: Staff, driver_id: UUID) -> ASGIApp:
    """The papers of a driver."""
    return await _list(request, hub, staff, "driver", driver_id)


@post(_OF_VEHICLE, status_code=HTTP_201_CREATED, opt=ADD)
async def add_to_vehicle(request: Asked, hub: Hub, staff: Staff, vehicle_id: UUID) -> ASGIApp:
    """Add a paper of a vehicle."""
    return await _add(request, hub, staff, "vehicle", vehicle_id)


@post(_OF_DRIVER, status_code=HTTP_201_CREATED, opt=ADD)
async def add_to_driver(request: Asked, hub: Hub, staff: Staff, driver_id: UUID) -> ASGIApp:
    """Add a paper of a driver."""
    return await _add(request, hub, staff, "driver", driver_id)


@delete(f"{_OF_VEHICLE}/{{document_id:uuid}}", status_code=HTTP_204_NO_CONTENT, opt=REMOVE)
async def remove_from_vehicle(hub: Hub, staff: Staff, vehicle_id: UUID, document_id: UUID) -> None:
    """Take a paper of a vehicle away for good."""
    await actions.remove(hub, staff, "vehicle", vehicle_id, document_id)


@delete(f"{_OF_DRIVER}/{{driver_document_id:uuid}}", status_code=HTTP_204_NO_CONTENT, opt=REMOVE)
async def remove_from_driver(hub: Hub, staff: Staff, driver_id: UUID, driver_document_id: UUID) -> None:
    """Take a paper of a driver away for good."""
    await actions.remove(hub, staff, "driver", driver_id, driver_document_id)


async def _list(request: Asked, hub: Hub, staff: Staff, subject: Subject, subject_id: UUID) -> ASGIApp:
    found, day = await actions.documents_of(hub, staff, subject, subject_id)
    page = validate(PageParameters, request.query_params)
    if wants_csv(request):
        return csv_reply(request, "documents.csv", COLUMNS, [document_cells(one, day) for one in found])
    shown = found[page.offset : page.offset + page.page_size]
    return list_reply([document_json(one, day) for one in shown], page, len(found))


async def _add(request: Asked, hub: Hub, staff: Staff, subject: Subject, subject_id: UUID) -> ASGIApp:
    body = await read_body(request)
    await actions.require(hub, staff, subject, subject_id)
    form = parse_json(body, DocumentForm)
    return json_reply({"id": await actions.add(hub, staff, subject, subject_id, form.facts())}, HTTP_201_CREATED)


HANDLERS = (
    documents,
    of_vehicle,
    of_driver,
    add_to_vehicle,
    add_to_driver,
    remove_from_vehicle,
    remove_from_driver,
)
