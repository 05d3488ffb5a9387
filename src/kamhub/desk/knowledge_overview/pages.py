"""The page of what is known, and its search."""

from collections.abc import Mapping
from typing import Any

from litestar import Request, Response, get
from litestar.status_codes import HTTP_200_OK, HTTP_422_UNPROCESSABLE_ENTITY

from kamhub.desk.asset.api import READ, WRITE
from kamhub.desk.asset.words import why_failed
from kamhub.desk.category import actions as categories
from kamhub.desk.category.types import CategoryNotFound
from kamhub.desk.gap.rules import gap_of
from kamhub.desk.knowledge_overview import actions
from kamhub.desk.knowledge_overview.forms import AskParameters
from kamhub.desk.search import actions as searching
from kamhub.desk.search.types import AgentNotFound, Found
from kamhub.desk.services import Desk
from kamhub.platform.access.pages import render_office
from kamhub.platform.i18n.request import locale_of
from kamhub.platform.organisation.actions import zone_of
from kamhub.platform.person.services import People
from kamhub.platform.person.types import Staff
from kamhub.platform.web.json import validate
from kamhub.platform.web.pages import errors_of, sentence_of
from kamhub.platform.web.problems import InputInvalid
from kamhub.platform.web.rules import rule

Asked = Request[Any, Any, Any]
SECTION = "/office/knowledge"
MOST_FOUND = 10


@get(
    SECTION,
    opt=rule(access="staff", rate="page", permission=READ, body=AskParameters, reply="page", refusals=(404, 422)),
)
async def knowledge(request: Asked, desk: Desk, people: People, staff: Staff) -> Response[Any]:
    """How much is known and what is being read; with ``q``, what answers it."""
    locale, status = locale_of(request), HTTP_200_OK
    errors: dict[str, str] = {}
    asked, found = AskParameters(), None
    try:
        asked = validate(AskParameters, request.query_params)
        found = await _found(desk, staff, asked)
    except InputInvalid as error:
        errors, status = errors_of(error, locale), HTTP_422_UNPROCESSABLE_ENTITY
    except (AgentNotFound, CategoryNotFound) as refusal:
        field = "agent_id" if isinstance(refusal, AgentNotFound) else "category_id"
        errors, status = {field: sentence_of(request, refusal)}, refusal.status
    zone = await zone_of(people, staff.organisation_id)
    return await render_office(
        request,
        "knowledge_overview/knowledge.html",
        section=SECTION,
        status_code=status,
        asked=asked,
        values=_sent(request),
        found=found,
        errors=errors,
        overview=await actions.overview(desk, staff),
        branches=await categories.categories(desk.hub, staff),
        local=lambda at: at.astimezone(zone),
        why=lambda asset: why_failed(asset.error, asset.error_facts, locale),
        writes=WRITE in staff.permissions,
    )


async def _found(desk: Desk, staff: Staff, asked: AskParameters) -> Found | None:
    """What answers it; None when nothing was asked. Raises ``AgentNotFound``, ``CategoryNotFound``."""
    if not asked.q:
        return None
    organisation, narrowed = staff.organisation_id, (asked.agent_id, asked.category_id, asked.language)
    found = await searching.search(desk, organisation, asked.q, *narrowed, limit=MOST_FOUND)
    # A narrowed search that finds nothing says nothing about what the organisation lacks.
    if not found.good_enough and narrowed == (None, None, None):
        desk.gaps.note(desk.hub.database, gap_of(organisation, asked.q, "search", desk.hub.clock.now()))
    return found


def _sent(request: Asked) -> Mapping[str, str]:
    """What was typed, to be shown again."""
    return {name: str(request.query_params.get(name, "")) for name in AskParameters.model_fields}


HANDLERS = (knowledge,)
