"""Categories over HTTP."""

from typing import Any
from uuid import UUID

from litestar import Request, delete, get, patch, post
from litestar.status_codes import HTTP_201_CREATED, HTTP_204_NO_CONTENT
from litestar.types import ASGIApp

from kamhub.desk.category import actions
from kamhub.desk.category.forms import CategoryChangeForm, CategoryForm
from kamhub.desk.category.replies import CategoryListReply, CategoryReply
from kamhub.desk.category.views import COLUMNS, category_cells, category_json
from kamhub.hub.services import Hub
from kamhub.platform.person.types import Staff
from kamhub.platform.web.csv import csv_reply, wants_csv
from kamhub.platform.web.json import json_reply, list_reply, parse_json, read_body, read_json, validate
from kamhub.platform.web.rules import rule
from kamhub.platform.web.schemas import PageParameters
from kamhub.platform.web.versions import asked_version, etag, require_version

Asked = Request[Any, Any, Any]
READ, WRITE = "knowledge.read", "knowledge.write"
_CATEGORIES = "/api/knowledge/categories"
_CATEGORY = f"{_CATEGORIES}/{{category_id:uuid}}"


@get(
    _CATEGORIES,
    opt=rule(access="staff", rate="api", permission=READ, body=PageParameters, reply=CategoryListReply),
)
async def categories(request: Asked, hub: Hub, staff: Staff) -> ASGIApp:
    """The tree of categories, each before what is below it."""
    asked = validate(PageParameters, request.query_params)
    found = await actions.categories(hub, staff)
    if wants_csv(request):
        return csv_reply(request, "categories.csv", COLUMNS, map(category_cells, found))
    shown = found[asked.offset : asked.offset + asked.page_size]
    return list_reply([category_json(branch) for branch in shown], asked, len(found))


@post(
    _CATEGORIES,
    status_code=HTTP_201_CREATED,
    opt=rule(
        access="staff",
        rate="api",
        csrf="token",
        permission=WRITE,
        body=CategoryForm,
        reply=CategoryReply,
        refusals=(404, 409),
        audit="knowledge_category.added",
    ),
)
async def add(request: Asked, hub: Hub, staff: Staff) -> ASGIApp:
    """Add a category."""
    form = await read_json(request, CategoryForm)
    return await _told(hub, staff, await actions.add(hub, staff, form.facts()), HTTP_201_CREATED)


@get(_CATEGORY, opt=rule(access="staff", rate="api", permission=READ, reply=CategoryReply))
async def show(hub: Hub, staff: Staff, category_id: UUID) -> ASGIApp:
    """One category."""
    return await _told(hub, staff, category_id)


@patch(
    _CATEGORY,
    opt=rule(
        access="staff",
        rate="api",
        csrf="token",
        permission=WRITE,
        body=CategoryChangeForm,
        reply=CategoryReply,
        refusals=(409, 412),
        audit="knowledge_category.changed",
    ),
)
async def change(request: Asked, hub: Hub, staff: Staff, category_id: UUID) -> ASGIApp:
    """Rename a category, or move it with all that is below it."""
    asked = asked_version(request)
    body = await read_body(request)
    require_version(asked, (await actions.category(hub, staff, category_id)).category.version)
    await actions.change(hub, staff, category_id, parse_json(body, CategoryChangeForm).change(), asked)
    return await _told(hub, staff, category_id)


@delete(
    _CATEGORY,
    status_code=HTTP_204_NO_CONTENT,
    opt=rule(
        access="staff",
        rate="api",
        csrf="token",
        permission=WRITE,
        body="none",
        reply="none",
        refusals=(409, 412),
        audit="knowledge_category.removed",
    ),
)
async def remove(request: Asked, hub: Hub, staff: Staff, category_id: UUID) -> None:
    """Remove an empty category."""
    await actions.remove(hub, staff, category_id, asked_version(request))


async def _told(hub: Hub, staff: Staff, category_id: UUID, status: int = 200) -> ASGIApp:
    branch = await actions.category(hub, staff, category_id)
    return json_reply(category_json(branch), status, etag(branch.category.version))


HANDLERS = (categories, add, show, change, remove)
