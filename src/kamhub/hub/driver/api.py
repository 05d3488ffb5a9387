"""Drivers over HTTP."""

from typing import Any
from uuid import UUID

from litestar import Request, delete, get, patch, post
from litestar.status_codes import HTTP_201_CREATED, HTTP_204_NO_CONTENT
from litestar.types import ASGIApp

from kamhub.hub.driver import actions
from kamhub.hub.driver.forms import DriverChangeForm, DriverForm, DriverParameters
from kamhub.hub.driver.replies import DriverDetailReply, DriverListReply, DriverReply
from kamhub.hub.driver.views import COLUMNS, driver_cells, driver_json
from kamhub.hub.fleet_document import actions as documents
from kamhub.hub.fleet_document.views import document_json
from kamhub.hub.services import Hub
from kamhub.platform.person.types import Staff
from kamhub.platform.web.csv import MOST_ROWS, csv_reply, wants_csv
from kamhub.platform.web.json import json_reply, list_reply, parse_json, read_body, read_json, validate
from kamhub.platform.web.rules import rule
from kamhub.platform.web.versions import asked_version, etag, require_version

Asked = Request[Any, Any, Any]
READ, WRITE = "fleet.read", "fleet.write"
_DRIVERS = "/api/drivers"
_DRIVER = f"{_DRIVERS}/{{driver_id:uuid}}"


@get(
    _DRIVERS,
    opt=rule(access="staff", rate="api", permission=READ, body=DriverParameters, reply=DriverListReply),
)
async def drivers(request: Asked, hub: Hub, staff: Staff) -> ASGIApp:
    """The organisation's drivers; as CSV all that the filters leave."""
    asked = validate(DriverParameters, request.query_params)
    if wants_csv(request):
        found, _ = await actions.drivers(hub, staff, asked.query(), limit=MOST_ROWS)
        return csv_reply(request, "drivers.csv", COLUMNS, map(driver_cells, found))
    found, total = await actions.drivers(hub, staff, asked.query(), offset=asked.offset, limit=asked.page_size)
    return list_reply([driver_json(driver) for driver in found], asked, total)


@post(
    _DRIVERS,
    status_code=HTTP_201_CREATED,
    opt=rule(
        access="staff",
        rate="api",
        csrf="token",
        permission=WRITE,
        body=DriverForm,
        reply=DriverReply,
        refusals=(404, 409),
        audit="driver.added",
    ),
)
async def add(request: Asked, hub: Hub, staff: Staff) -> ASGIApp:
    """Add a driver."""
    form = await read_json(request, DriverForm)
    made = await actions.add(hub, staff, form.facts())
    return json_reply(driver_json(made), HTTP_201_CREATED, etag(made.version))


@get(_DRIVER, opt=rule(access="staff", rate="api", permission=READ, reply=DriverDetailReply))
async def show(hub: Hub, staff: Staff, driver_id: UUID) -> ASGIApp:
    """One driver with the papers."""
    found = await actions.driver(hub, staff, driver_id)
    papers, day = await documents.documents_of(hub, staff, "driver", driver_id)
    content = driver_json(found) | {"documents": [document_json(paper, day) for paper in papers]}
    return json_reply(content, headers=etag(found.version))


@patch(
    _DRIVER,
    opt=rule(
        access="staff",
        rate="api",
        csrf="token",
        permission=WRITE,
        body=DriverChangeForm,
        reply=DriverReply,
        refusals=(409, 412),
        audit="driver.changed",
    ),
)
async def change(request: Asked, hub: Hub, staff: Staff, driver_id: UUID) -> ASGIApp:
    """Change a driver."""
    asked = asked_version(request)
    body = await read_body(request)
    require_version(asked, (await actions.driver(hub, staff, driver_id)).version)
    form = parse_json(body, DriverChangeForm)
    changed = await actions.change(hub, staff, driver_id, form.change(), asked)
    return json_reply(driver_json(changed), headers=etag(changed.version))


@delete(
    _DRIVER,
    status_code=HTTP_204_NO_CONTENT,
    opt=rule(
        access="staff",
        rate="api",
        csrf="token",
        permission=WRITE,
        body="none",
        reply="none",
        refusals=(409, 412),
        audit="driver.archived",
    ),
)
async def archive(request: Asked, hub: Hub, staff: Staff, driver_id: UUID) -> None:
    """Put a driver away; refused while they have departures ahead."""
    await actions.archive(hub, staff, driver_id, asked_version(request))


HANDLERS = (drivers, add, show, change, archive)
