"""The log over HTTP."""

from typing import Any

from litestar import Request, get
from litestar.response import Stream
from litestar.types import ASGIApp

from kamhub.platform.audit import actions
from kamhub.platform.audit.forms import AuditParameters
from kamhub.platform.audit.replies import AuditListReply
from kamhub.platform.audit.types import AuditQuery
from kamhub.platform.audit.views import event_json
from kamhub.platform.organisation.actions import zone_of
from kamhub.platform.person.services import People
from kamhub.platform.person.types import Staff
from kamhub.platform.session.api import NOT_STORED
from kamhub.platform.web.json import list_reply, validate
from kamhub.platform.web.rules import rule

Asked = Request[Any, Any, Any]
READ = "audit.read"


@get(
    "/api/organisation/audit",
    opt=rule(
        access="staff",
        rate="api",
        permission=READ,
        body=AuditParameters,
        reply=AuditListReply,
        refusals=(401, 403, 422),
        audit="audit.exported",
    ),
)
async def audit(request: Asked, people: People, staff: Staff) -> ASGIApp:
    """Who did what to what, the newest first; ``Accept: text/csv`` downloads it, which is written down."""
    asked = validate(AuditParameters, request.query_params)
    query = asked.query(await zone_of(people, staff.organisation_id))
    if request.accept.best_match(["application/json", "text/csv"]) == "text/csv":
        return await csv_reply(request, people, staff, query)
    found, total = await actions.events(
        people.database, staff.organisation_id, query, offset=asked.offset, limit=asked.page_size
    )
    return list_reply([event_json(event) for event in found], asked, total, NOT_STORED)


async def csv_reply(request: Asked, people: People, staff: Staff, query: AuditQuery) -> ASGIApp:
    """The lines as a file, sent as they are read."""
    now = people.clock.now()
    lines = await actions.export(people.database, staff.organisation_id, query, staff.trail, now)
    name = f"audit-{now:%Y-%m-%d}.csv"
    file = Stream(
        lines,
        media_type="text/csv",
        headers={**NOT_STORED, "Content-Disposition": f'attachment; filename="{name}"'},
    )
    return file.to_asgi_response(app=None, request=request)


HANDLERS = (audit,)
