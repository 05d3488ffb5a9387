"""Routes over HTTP."""

from typing import Any
from uuid import UUID

from litestar import Request, delete, get, patch, post
from litestar.status_codes import HTTP_201_CREATED, HTTP_204_NO_CONTENT
from litestar.types import ASGIApp

from kamhub.hub.route import actions
from kamhub.hub.route.forms import RouteChangeForm, RouteForm, RouteParameters
from kamhub.hub.route.replies import RouteListReply, RouteReply
from kamhub.hub.route.views import COLUMNS, route_cells, route_json
from kamhub.hub.services import Hub
from kamhub.platform.person.types import Staff
from kamhub.platform.web.csv import MOST_ROWS, csv_reply, wants_csv
from kamhub.platform.web.json import json_reply, list_reply, parse_json, read_body, read_json, validate
from kamhub.platform.web.rules import rule
from kamhub.platform.web.versions import asked_version, etag, require_version

Asked = Request[Any, Any, Any]
READ, WRITE = "network.read", "network.write"
_ROUTES = "/api/routes"
_ROUTE = f"{_ROUTES}/{{route_id:uuid}}"


@get(
    _ROUTES,
    opt=rule(access="staff", rate="api", permission=READ, body=RouteParameters, reply=RouteListReply),
)
async def routes(request: Asked, hub: Hub, staff: Staff) -> ASGIApp:
    """The organisation's routes; as CSV all that the filters leave."""
    asked = validate(RouteParameters, request.query_params)
    if wants_csv(request):
        found, _ = await actions.routes(hub, staff, asked.query(), limit=MOST_ROWS)
        return csv_reply(request, "routes.csv", COLUMNS, map(route_cells, found))
    found, total = await actions.routes(hub, staff, asked.query(), offset=asked.offset, limit=asked.page_size)
    return list_reply([route_json(route) for route in found], asked, total)


@post(
    _ROUTES,
    status_code=HTTP_201_CREATED,
    opt=rule(
        access="staff",
        rate="api",
        csrf="token",
        permission=WRITE,
        body=RouteForm,
        reply=RouteReply,
        refusals=(404,),
        audit="route.added",
    ),
)
async def add(request: Asked, hub: Hub, staff: Staff) -> ASGIApp:
    """Add a route."""
    form = await read_json(request, RouteForm)
    made = await actions.add(hub, staff, form.name, form.wanted())
    return json_reply(route_json(made), HTTP_201_CREATED, etag(made.version))


@get(_ROUTE, opt=rule(access="staff", rate="api", permission=READ, reply=RouteReply))
async def show(hub: Hub, staff: Staff, route_id: UUID) -> ASGIApp:
    """One route with its stops."""
    found = await actions.route(hub, staff, route_id)
    return json_reply(route_json(found), headers=etag(found.version))


@patch(
    _ROUTE,
    opt=rule(
        access="staff",
        rate="api",
        csrf="token",
        permission=WRITE,
        body=RouteChangeForm,
        reply=RouteReply,
        refusals=(409, 412),
        audit="route.changed",
    ),
)
async def change(request: Asked, hub: Hub, staff: Staff, route_id: UUID) -> ASGIApp:
    """Rename a route; its stops change only while nothing refers to it."""
    asked = asked_version(request)
    body = await read_body(request)
    require_version(asked, (await actions.route(hub, staff, route_id)).version)
    form = parse_json(body, RouteChangeForm)
    changed = await actions.change(hub, staff, route_id, form.change(), asked)
    return json_reply(route_json(changed), headers=etag(changed.version))


@delete(
    _ROUTE,
    status_code=HTTP_204_NO_CONTENT,
    opt=rule(
        access="staff",
        rate="api",
        csrf="token",
        permission=WRITE,
        body="none",
        reply="none",
        refusals=(412,),
        audit="route.archived",
    ),
)
async def archive(request: Asked, hub: Hub, staff: Staff, route_id: UUID) -> None:
    """Put a route away; its departures go on."""
    await actions.archive(hub, staff, route_id, asked_version(request))


HANDLERS = (routes, add, show, change, archive)
