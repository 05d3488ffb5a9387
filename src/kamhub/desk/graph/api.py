"""The knowledge graph over HTTP."""

from typing import Any
from uuid import UUID

from litestar import Request, get, post
from litestar.status_codes import HTTP_200_OK, HTTP_204_NO_CONTENT
from litestar.types import ASGIApp

from kamhub.desk.graph.actions import look, merging
from kamhub.desk.graph.forms import EntityParameters, GraphParameters, MergeParameters
from kamhub.desk.graph.replies import (
    EntityListReply,
    EntityReply,
    GraphReply,
    MergeListReply,
    MergeReply,
    RelationReply,
)
from kamhub.desk.graph.views import edge_json, entity_json, graph_json, merge_json, node_json, witness_json
from kamhub.hub.services import Hub
from kamhub.platform.person.types import Staff
from kamhub.platform.web.json import json_reply, list_reply, validate
from kamhub.platform.web.rules import rule
from kamhub.platform.web.schemas import PageParameters

Asked = Request[Any, Any, Any]
READ, WRITE = "knowledge.read", "knowledge.write"
_BASE = "/api/knowledge"
_ENTITY = f"{_BASE}/entities/{{entity_id:uuid}}"
_MERGE = f"{_BASE}/merges/{{merge_id:uuid}}"


@get(
    f"{_BASE}/graph",
    opt=rule(access="staff", rate="api", permission=READ, body=GraphParameters, reply=GraphReply, refusals=(404,)),
)
async def graph(request: Asked, hub: Hub, staff: Staff) -> ASGIApp:
    """What the organisation's documents speak of and how that hangs together: around a thing, or the best connected.

    It leads to texts. It is no source of prices and free seats: those come from the search and the timetable.
    """
    asked = validate(GraphParameters, request.query_params)
    types = (asked.type,) if asked.type else ()
    found = await look.graph(
        hub, staff.organisation_id, asked.around, depth=asked.depth, limit=asked.limit, types=types
    )
    return json_reply(graph_json(found))


@get(
    f"{_BASE}/entities",
    opt=rule(access="staff", rate="api", permission=READ, body=EntityParameters, reply=EntityListReply),
)
async def entities(request: Asked, hub: Hub, staff: Staff) -> ASGIApp:
    """The entities, the most spoken of first; ``q`` finds a name in any case of the language."""
    asked = validate(EntityParameters, request.query_params)
    found, total = await look.entities(
        hub, staff.organisation_id, asked.query(), offset=asked.offset, limit=asked.page_size
    )
    return list_reply([node_json(node) for node in found], asked, total)


@get(_ENTITY, opt=rule(access="staff", rate="api", permission=READ, body=PageParameters, reply=EntityReply))
async def entity(request: Asked, hub: Hub, staff: Staff, entity_id: UUID) -> ASGIApp:
    """One entity and a page of the places that speak of it."""
    asked = validate(PageParameters, request.query_params)
    found = await look.entity(hub, staff.organisation_id, entity_id, offset=asked.offset, limit=asked.page_size)
    return json_reply(entity_json(found))


@get(
    f"{_BASE}/relations/{{relation_id:uuid}}",
    opt=rule(access="staff", rate="api", permission=READ, body=PageParameters, reply=RelationReply),
)
async def relation(request: Asked, hub: Hub, staff: Staff, relation_id: UUID) -> ASGIApp:
    """One relation and a page of the places where it was read; none for what the hub itself knows."""
    asked = validate(PageParameters, request.query_params)
    edge, ends, witnesses = await look.relation(
        hub, staff.organisation_id, relation_id, offset=asked.offset, limit=asked.page_size
    )
    told = {"relation": edge_json(edge), "ends": [node_json(node) for node in ends]}
    return json_reply(told | {"mentions": [witness_json(witness) for witness in witnesses]})


@get(
    f"{_BASE}/merges",
    opt=rule(access="staff", rate="api", permission=READ, body=MergeParameters, reply=MergeListReply),
)
async def merges(request: Asked, hub: Hub, staff: Staff) -> ASGIApp:
    """Names that may mean one thing, or about which that was decided."""
    asked = validate(MergeParameters, request.query_params)
    found, total = await merging.proposals(
        hub, staff.organisation_id, asked.state, offset=asked.offset, limit=asked.page_size
    )
    return list_reply([merge_json(merge) for merge in found], asked, total)


@post(
    f"{_MERGE}/accept",
    status_code=HTTP_200_OK,
    opt=rule(
        access="staff",
        rate="api",
        csrf="token",
        permission=WRITE,
        body="none",
        reply=MergeReply,
        audit="entity.merged",
    ),
)
async def accept(hub: Hub, staff: Staff, merge_id: UUID) -> ASGIApp:
    """The two are one thing; it stays so when documents are read anew."""
    return json_reply(merge_json(await merging.decide(hub, staff, merge_id, "same")))


@post(
    f"{_MERGE}/reject",
    status_code=HTTP_200_OK,
    opt=rule(
        access="staff",
        rate="api",
        csrf="token",
        permission=WRITE,
        body="none",
        reply=MergeReply,
        audit="entity.merge_rejected",
    ),
)
async def reject(hub: Hub, staff: Staff, merge_id: UUID) -> ASGIApp:
    """The two are different things, and are not proposed again."""
    return json_reply(merge_json(await merging.decide(hub, staff, merge_id, "different")))


@post(
    f"{_ENTITY}/split",
    status_code=HTTP_204_NO_CONTENT,
    opt=rule(
        access="staff",
        rate="api",
        csrf="token",
        permission=WRITE,
        body="none",
        reply="none",
        refusals=(409,),
        audit="entity.split",
    ),
)
async def split(hub: Hub, staff: Staff, entity_id: UUID) -> None:
    """This name is a thing of its own again."""
    await merging.split(hub, staff, entity_id)


HANDLERS = (graph, entities, entity, relation, merges, accept, reject, split)
