"""Vehicles over HTTP."""

from typing import Any
from uuid import UUID

from litestar import Request, delete, get, patch, post
from litestar.status_codes import HTTP_201_CREATED, HTTP_204_NO_CONTENT
from litestar.types import ASGIApp

from kamhub.hub.fleet_document import actions as documents
from kamhub.hub.fleet_document.views import document_json
from kamhub.hub.services import Hub
from kamhub.hub.vehicle import actions
from kamhub.hub.vehicle.forms import VehicleChangeForm, VehicleForm, VehicleParameters
from kamhub.hub.vehicle.replies import VehicleDetailReply, VehicleListReply, VehicleReply
from kamhub.hub.vehicle.views import COLUMNS, vehicle_cells, vehicle_json
from kamhub.platform.person.types import Staff
from kamhub.platform.web.csv import MOST_ROWS, csv_reply, wants_csv
from kamhub.platform.web.json import json_reply, list_reply, parse_json, read_body, read_json, validate
from kamhub.platform.web.rules import rule
from kamhub.platform.web.versions import asked_version, etag, require_version

Asked = Request[Any, Any, Any]
READ, WRITE = "fleet.read", "fleet.write"
_VEHICLES = "/api/vehicles"
_VEHICLE = f"{_VEHICLES}/{{vehicle_id:uuid}}"


@get(
    _VEHICLES,
    opt=rule(access="staff", rate="api", permission=READ, body=VehicleParameters, reply=VehicleListReply),
)
async def vehicles(request: Asked, hub: Hub, staff: Staff) -> ASGIApp:
    """The organisation's vehicles; as CSV all that the filters leave."""
    asked = validate(VehicleParameters, request.query_params)
    if wants_csv(request):
        found, _ = await actions.vehicles(hub, staff, asked.query(), limit=MOST_ROWS)
        return csv_reply(request, "vehicles.csv", COLUMNS, map(vehicle_cells, found))
    found, total = await actions.vehicles(hub, staff, asked.query(), offset=asked.offset, limit=asked.page_size)
    return list_reply([vehicle_json(vehicle) for vehicle in found], asked, total)


@post(
    _VEHICLES,
    status_code=HTTP_201_CREATED,
    opt=rule(
        access="staff",
        rate="api",
        csrf="token",
        permission=WRITE,
        body=VehicleForm,
        reply=VehicleReply,
        refusals=(409,),
        audit="vehicle.added",
    ),
)
async def add(request: Asked, hub: Hub, staff: Staff) -> ASGIApp:
    """Add a vehicle."""
    form = await read_json(request, VehicleForm)
    made = await actions.add(hub, staff, form.facts())
    return json_reply(vehicle_json(made), HTTP_201_CREATED, etag(made.version))


@get(_VEHICLE, opt=rule(access="staff", rate="api", permission=READ, reply=VehicleDetailReply))
async def show(hub: Hub, staff: Staff, vehicle_id: UUID) -> ASGIApp:
    """One vehicle with its papers."""
    found = await actions.vehicle(hub, staff, vehicle_id)
    papers, day = await documents.documents_of(hub, staff, "vehicle", vehicle_id)
    content = vehicle_json(found) | {"documents": [document_json(paper, day) for paper in papers]}
    return json_reply(content, headers=etag(found.version))


@patch(
    _VEHICLE,
    opt=rule(
        access="staff",
        rate="api",
        csrf="token",
        permission=WRITE,
        body=VehicleChangeForm,
        reply=VehicleReply,
        refusals=(409, 412),
        audit="vehicle.changed",
    ),
)
async def change(request: Asked, hub: Hub, staff: Staff, vehicle_id: UUID) -> ASGIApp:
    """Change a vehicle; departures keep the capacity they were made with."""
    asked = asked_version(request)
    body = await read_body(request)
    require_version(asked, (await actions.vehicle(hub, staff, vehicle_id)).version)
    form = parse_json(body, VehicleChangeForm)
    changed = await actions.change(hub, staff, vehicle_id, form.change(), asked)
    return json_reply(vehicle_json(changed), headers=etag(changed.version))


@delete(
    _VEHICLE,
    status_code=HTTP_204_NO_CONTENT,
    opt=rule(
        access="staff",
        rate="api",
        csrf="token",
        permission=WRITE,
        body="none",
        reply="none",
        refusals=(409, 412),
        audit="vehicle.archived",
    ),
)
async def archive(request: Asked, hub: Hub, staff: Staff, vehicle_id: UUID) -> None:
    """Put a vehicle away; refused while it has departures ahead."""
    await actions.archive(hub, staff, vehicle_id, asked_version(request))


HANDLERS = (vehicles, add, show, change, archive)
