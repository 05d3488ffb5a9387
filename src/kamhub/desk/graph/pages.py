"""The pages of the knowledge graph: a picture to walk, the same as a list, why it is thought, and which names are one."""

from collections.abc import Mapping
from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import QueryParameter
from litestar.response import Redirect
from litestar.status_codes import HTTP_303_SEE_OTHER, HTTP_404_NOT_FOUND
from pydantic import ValidationError

from kamhub.desk.graph.actions import look, merging
from kamhub.desk.graph.api import READ, WRITE
from kamhub.desk.graph.forms import GraphPageParameters, MergeParameters
from kamhub.desk.graph.rules.layout import NARROW, WIDE, draw
from kamhub.desk.graph.types import ENTITY_TYPES, EntityNotFound, EntityQuery, NotMerged
from kamhub.desk.graph.words import reason_names, relation_names, type_names
from kamhub.hub.services import Hub
from kamhub.kit.text import mark
from kamhub.platform.access.pages import render_office
from kamhub.platform.i18n.request import locale_of
from kamhub.platform.person.types import Staff
from kamhub.platform.web.pages import said, sentence_of
from kamhub.platform.web.rules import rule

Asked = Request[Any, Any, Any]
SECTION = "/office/knowledge/graph"
_MERGE = f"{SECTION}/merges/{{merge_id:uuid}}"
_DONE: Mapping[str, str] = {
    "accepted": mark("The two names are one thing now."),
    "rejected": mark("The two stay different things."),
    "split": mark("The name is a thing of its own again."),
}
Done = Annotated[str, QueryParameter(max_length=30)]


@get(
    SECTION,
    opt=rule(access="staff", rate="page", permission=READ, body=GraphPageParameters, reply="page", refusals=(404,)),
)
async def graph(request: Asked, hub: Hub, staff: Staff, done: Done = "") -> Response[Any]:
    """A part of the graph as a picture and as a list: around a thing, what fits a name, or the best connected."""
    return await _graph_page(request, hub, staff, done=done)


async def _graph_page(
    request: Asked, hub: Hub, staff: Staff, *, done: str = "", refused: str | None = None, status: int = 200
) -> Response[Any]:
    try:
        asked = GraphPageParameters.model_validate(dict(request.query_params))
    except ValidationError:
        asked = GraphPageParameters()
    organisation, types = staff.organisation_id, (asked.type,) if asked.type else ()
    query, around, missing = EntityQuery(asked.q, asked.type), asked.around, False
    found, total = await look.entities(hub, organisation, query, offset=asked.offset, limit=asked.page_size)
    if around is None and asked.q and found:
        around = str(found[0].id)
    try:
        part = await look.graph(hub, organisation, around, limit=WIDE.nodes, types=types)
    except EntityNotFound:
        part, missing = await look.graph(hub, organisation, None, limit=WIDE.nodes, types=types), True
    entity = await look.entity(hub, organisation, part.centre, limit=20) if part.centre else None
    names = [node.named(locale_of(request)) for node in part.nodes]
    chosen = {name: value for name, value in (("q", asked.q), ("type", asked.type)) if value}
    _, proposed = await merging.proposals(hub, organisation, "proposed", offset=0, limit=1)
    return await render_office(
        request,
        "graph/graph.html",
        section=SECTION,
        status_code=HTTP_404_NOT_FOUND if missing else status,
        done=said(request, _DONE, done),
        asked=asked,
        missing=missing,
        refused=refused,
        pictures={"wide": draw(part, names, WIDE), "narrow": draw(part, names, NARROW)},
        nodes={node.id: node for node in (*part.nodes, *(entity.neighbours if entity else ()))},
        part=part,
        entity=entity,
        found=found,
        total=total,
        narrowed=f"{urlencode(chosen)}&" if chosen else "",
        proposed=proposed,
        **_words(request, staff),
    )


@get(
    f"{SECTION}/relations/{{relation_id:uuid}}",
    opt=rule(access="staff", rate="page", permission=READ, reply="page", refusals=(404,)),
)
async def relation(request: Asked, hub: Hub, staff: Staff, relation_id: UUID) -> Response[Any]:
    """Why it is thought that two things hang together."""
    edge, ends, witnesses = await look.relation(hub, staff.organisation_id, relation_id)
    return await render_office(
        request,
        "graph/relation.html",
        section=SECTION,
        edge=edge,
        ends=ends,
        witnesses=witnesses,
        **_words(request, staff),
    )


@get(
    f"{SECTION}/merges",
    opt=rule(access="staff", rate="page", permission=READ, body=MergeParameters, reply="page"),
)
async def merges(request: Asked, hub: Hub, staff: Staff, done: Done = "") -> Response[Any]:
    """Names that may mean one thing, to accept or reject."""
    try:
        asked = MergeParameters.model_validate(dict(request.query_params))
    except ValidationError:
        asked = MergeParameters()
    found, total = await merging.proposals(
        hub, staff.organisation_id, asked.state, offset=asked.offset, limit=asked.page_size
    )
    return await render_office(
        request,
        "graph/merges.html",
        section=SECTION,
        done=said(request, _DONE, done),
        asked=asked,
        merges=found,
        total=total,
        **_words(request, staff),
    )


@post(
    f"{_MERGE}/accept",
    status_code=HTTP_303_SEE_OTHER,
    opt=rule(
        access="staff",
        rate="page",
        csrf="form",
        permission=WRITE,
        body="none",
        reply="none",
        refusals=(404,),
        audit="entity.merged",
    ),
)
async def accept(hub: Hub, staff: Staff, merge_id: UUID) -> Response[Any]:
    """The two are one thing."""
    await merging.decide(hub, staff, merge_id, "same")
    return Redirect(f"{SECTION}/merges?done=accepted", status_code=HTTP_303_SEE_OTHER)


@post(
    f"{_MERGE}/reject",
    status_code=HTTP_303_SEE_OTHER,
    opt=rule(
        access="staff",
        rate="page",
        csrf="form",
        permission=WRITE,
        body="none",
        reply="none",
        refusals=(404,),
        audit="entity.merge_rejected",
    ),
)
async def reject(hub: Hub, staff: Staff, merge_id: UUID) -> Response[Any]:
    """The two are different things."""
    await merging.decide(hub, staff, merge_id, "different")
    return Redirect(f"{SECTION}/merges?done=rejected", status_code=HTTP_303_SEE_OTHER)


@post(
    f"{SECTION}/entities/{{entity_id:uuid}}/split",
    status_code=HTTP_303_SEE_OTHER,
    opt=rule(
        access="staff",
        rate="page",
        csrf="form",
        permission=WRITE,
        body="none",
        reply="page",
        refusals=(404, 409),
        audit="entity.split",
    ),
)
async def split(request: Asked, hub: Hub, staff: Staff, entity_id: UUID) -> Response[Any]:
    """This name is a thing of its own again."""
    try:
        await merging.split(hub, staff, entity_id)
    except NotMerged as refusal:
        return await _graph_page(request, hub, staff, refused=sentence_of(request, refusal), status=refusal.status)
    return Redirect(f"{SECTION}?around={entity_id}&done=split", status_code=HTTP_303_SEE_OTHER)


def _words(request: Asked, staff: Staff) -> dict[str, Any]:
    locale = locale_of(request)
    return {
        "types": ENTITY_TYPES,
        "type_names": type_names(locale),
        "relation_names": relation_names(locale),
        "reason_names": reason_names(locale),
        "writes": WRITE in staff.permissions,
    }


HANDLERS = (graph, relation, merges, accept, reject, split)
