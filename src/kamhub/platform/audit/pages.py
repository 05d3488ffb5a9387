"""The log, to read and to download."""

from typing import Any
from urllib.parse import urlencode

from litestar import Request, Response, get
from litestar.status_codes import HTTP_200_OK, HTTP_422_UNPROCESSABLE_ENTITY
from litestar.types import ASGIApp
from pydantic import ValidationError

from kamhub.platform.access.pages import render_office
from kamhub.platform.audit import actions
from kamhub.platform.audit.api import READ, csv_reply
from kamhub.platform.audit.forms import AuditParameters
from kamhub.platform.audit.views import line_of
from kamhub.platform.audit.words import ACTIONS, sentence
from kamhub.platform.i18n.form_errors import form_errors
from kamhub.platform.i18n.request import locale_of
from kamhub.platform.organisation.actions import members, zone_of
from kamhub.platform.person.services import People
from kamhub.platform.person.types import Staff
from kamhub.platform.web.json import validate
from kamhub.platform.web.rules import rule

Asked = Request[Any, Any, Any]
_SECTION = "/office/audit"
_FILTERS = ("actor_id", "action", "object_id", "from", "to")


@get(
    _SECTION,
    opt=rule(access="staff", rate="page", permission=READ, body=AuditParameters, reply="page", refusals=(422,)),
)
async def log(request: Asked, people: People, staff: Staff) -> Response[Any]:
    """The lines that fit the filters, a page at a time."""
    locale = locale_of(request)
    values = {name: request.query_params.get(name, "") for name in _FILTERS}
    errors: dict[str, str] = {}
    zone = await zone_of(people, staff.organisation_id)
    try:
        asked = AuditParameters.model_validate(dict(request.query_params))
        found, total = await actions.events(
            people.database, staff.organisation_id, asked.query(zone), offset=asked.offset, limit=asked.page_size
        )
    except ValidationError as error:
        errors = form_errors(error, locale)
        asked, found, total = AuditParameters(), [], 0
    colleagues, _ = await members(people, staff)
    actors = {str(member.id): member.name for member in colleagues}
    actors.update({str(event.trail.actor_id): event.trail.actor_name for event in found if event.trail.actor_id})
    return await render_office(
        request,
        "audit/log.html",
        section=_SECTION,
        status_code=HTTP_422_UNPROCESSABLE_ENTITY if errors else HTTP_200_OK,
        lines=[line_of(event, locale, zone) for event in found],
        total=total,
        place=asked,
        values=values,
        errors=errors,
        narrowed=urlencode({name: value for name, value in values.items() if value}),
        actions={action: sentence(action, locale) for action in ACTIONS},
        actors=actors,
    )


@get(
    f"{_SECTION}/export",
    opt=rule(
        access="staff",
        rate="page",
        permission=READ,
        body=AuditParameters,
        reply="csv",
        refusals=(422,),
        audit="audit.exported",
    ),
)
async def export(request: Asked, people: People, staff: Staff) -> ASGIApp:
    """The same lines as a file, which is written down."""
    asked = validate(AuditParameters, request.query_params)
    return await csv_reply(request, people, staff, asked.query(await zone_of(people, staff.organisation_id)))


HANDLERS = (log, export)
