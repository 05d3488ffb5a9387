"""Questions asked in vain over HTTP."""

from dataclasses import asdict
from typing import Any
from uuid import UUID

from litestar import Request, delete, get
from litestar.status_codes import HTTP_204_NO_CONTENT
from litestar.types import ASGIApp

from kamhub.desk.gap import actions
from kamhub.desk.gap.replies import GapListReply
from kamhub.hub.services import Hub
from kamhub.platform.person.types import Staff
from kamhub.platform.web.json import list_reply, validate
from kamhub.platform.web.rules import rule
from kamhub.platform.web.schemas import PageParameters

Asked = Request[Any, Any, Any]
_GAPS = "/api/knowledge/gaps"


@get(
    _GAPS,
    opt=rule(access="staff", rate="api", permission="knowledge.read", body=PageParameters, reply=GapListReply),
)
async def gaps(request: Asked, hub: Hub, staff: Staff) -> ASGIApp:
    """Questions that were asked and not answered, the most asked first."""
    asked = validate(PageParameters, request.query_params)
    found, total = await actions.gaps(hub, staff, offset=asked.offset, limit=asked.page_size)
    return list_reply([asdict(gap) for gap in found], asked, total)


@delete(
    f"{_GAPS}/{{gap_id:uuid}}",
    status_code=HTTP_204_NO_CONTENT,
    opt=rule(
        access="staff",
        rate="api",
        csrf="token",
        permission="knowledge.write",
        body="none",
        reply="none",
        audit="knowledge_gap.dismissed",
    ),
)
async def dismiss(hub: Hub, staff: Staff, gap_id: UUID) -> None:
    """Show a question no more, however often it is asked."""
    await actions.dismiss(hub, staff, gap_id)


HANDLERS = (gaps, dismiss)
