"""The page of questions that were asked in vain."""

from typing import Annotated, Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import QueryParameter
from litestar.response import Redirect
from litestar.status_codes import HTTP_200_OK, HTTP_303_SEE_OTHER, HTTP_422_UNPROCESSABLE_ENTITY

from kamhub.desk.gap import actions
from kamhub.hub.services import Hub
from kamhub.kit.text import mark
from kamhub.platform.access.pages import render_office
from kamhub.platform.organisation.actions import zone_of
from kamhub.platform.person.services import People
from kamhub.platform.person.types import Staff
from kamhub.platform.web.json import validate
from kamhub.platform.web.pages import said
from kamhub.platform.web.problems import InputInvalid
from kamhub.platform.web.rules import rule
from kamhub.platform.web.schemas import PageParameters

Asked = Request[Any, Any, Any]
READ, WRITE = "knowledge.read", "knowledge.write"
SECTION = "/office/knowledge"
_GAPS = f"{SECTION}/gaps"
_DONE = {"dismissed": mark("The question is shown no more.")}
Done = Annotated[str, QueryParameter(max_length=30)]


@get(
    _GAPS,
    opt=rule(access="staff", rate="page", permission=READ, body=PageParameters, reply="page", refusals=(422,)),
)
async def gaps(request: Asked, hub: Hub, people: People, staff: Staff, done: Done = "") -> Response[Any]:
    """What was asked and not answered, the most asked first."""
    status = HTTP_200_OK
    try:
        asked = validate(PageParameters, request.query_params)
    except InputInvalid:
        asked, status = PageParameters(), HTTP_422_UNPROCESSABLE_ENTITY
    found, total = await actions.gaps(hub, staff, offset=asked.offset, limit=asked.page_size)
    zone = await zone_of(people, staff.organisation_id)
    return await render_office(
        request,
        "gap/gaps.html",
        section=SECTION,
        status_code=status,
        done=said(request, _DONE, done),
        gaps=found,
        total=total,
        asked=asked,
        local=lambda at: at.astimezone(zone),
        writes=WRITE in staff.permissions,
        url_path=_GAPS,
    )


@post(
    f"{_GAPS}/{{gap_id:uuid}}/dismiss",
    status_code=HTTP_303_SEE_OTHER,
    opt=rule(
        access="staff",
        rate="page",
        csrf="form",
        permission=WRITE,
        body="none",
        reply="none",
        refusals=(404,),
        audit="knowledge_gap.dismissed",
    ),
)
async def dismiss(hub: Hub, staff: Staff, gap_id: UUID) -> Redirect:
    """Show a question no more."""
    await actions.dismiss(hub, staff, gap_id)
    return Redirect(f"{_GAPS}?done=dismissed", status_code=HTTP_303_SEE_OTHER)


HANDLERS = (gaps, dismiss)
