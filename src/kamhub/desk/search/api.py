"""Searches over HTTP."""

from typing import Any

from litestar import Request, get
from litestar.types import ASGIApp

from kamhub.desk.gap.rules import gap_of
from kamhub.desk.search.actions import search
from kamhub.desk.search.forms import KnowledgeSearchParameters
from kamhub.desk.search.replies import KnowledgeSearchReply
from kamhub.desk.search.types import Found, Hit
from kamhub.desk.services import Desk
from kamhub.platform.person.types import Staff
from kamhub.platform.web.json import json_reply, validate
from kamhub.platform.web.rules import rule

Asked = Request[Any, Any, Any]


@get(
    "/api/knowledge/search",
    opt=rule(
        access="staff",
        rate="api",
        permission="knowledge.read",
        body=KnowledgeSearchParameters,
        reply=KnowledgeSearchReply,
        refusals=(404,),
    ),
)
async def find(request: Asked, desk: Desk, staff: Staff) -> ASGIApp:
    """The pieces of documents and articles that answer a question; none, and `no_good_answer`, when nothing is good enough."""
    asked = validate(KnowledgeSearchParameters, request.query_params)
    organisation = staff.organisation_id
    found = await search(
        desk, organisation, asked.q, asked.agent_id, asked.category_id, asked.language, limit=asked.limit
    )
    # A narrowed search that finds nothing says nothing about what the organisation lacks.
    if not found.good_enough and (asked.category_id, asked.language) == (None, None):
        desk.gaps.note(desk.hub.database, gap_of(organisation, asked.q, "search", desk.hub.clock.now()))
    return json_reply(_as_json(found))


def _as_json(found: Found) -> dict[str, object]:
    hits = found.hits if found.good_enough else ()
    return {"items": [_hit_json(hit) for hit in hits], "no_good_answer": not found.good_enough}


def _hit_json(hit: Hit) -> dict[str, object]:
    return {
        "chunk_id": hit.chunk_id,
        "asset_id": hit.asset_id,
        "article_id": hit.article_id,
        "title": hit.title,
        "text": hit.text,
        "language": hit.language,
        "score": hit.score,
        "position": {"last_page": hit.position.get("page"), **hit.position},
        "found_by": list(hit.found_by),
    }


HANDLERS = (find,)
