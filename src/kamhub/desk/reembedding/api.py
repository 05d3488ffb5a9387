"""The model of the vectors over HTTP."""

from litestar import get, post
from litestar.status_codes import HTTP_202_ACCEPTED
from litestar.types import ASGIApp

from kamhub.desk.reembedding import actions
from kamhub.desk.reembedding.replies import EmbeddingReply, StartedReply
from kamhub.desk.services import Desk
from kamhub.platform.person.types import Staff
from kamhub.platform.web.json import json_reply
from kamhub.platform.web.rules import rule

_EMBEDDING = "/api/knowledge/embedding"


@get(_EMBEDDING, opt=rule(access="staff", rate="api", permission="knowledge.read", reply=EmbeddingReply))
async def show(desk: Desk, staff: Staff) -> ASGIApp:
    """The model that is set, and what it takes to have every vector of it."""
    told = await actions.estimate(desk, staff)
    price = None if told.price is None else {"amount": told.price, "currency": told.currency}
    return json_reply(
        {
            "model": told.model,
            "dimension": told.dimension,
            "used_model": told.used,
            "chunks": told.chunks,
            "missing": told.missing,
            "tokens": told.tokens,
            "price": price,
            "seconds": told.seconds,
            "running": told.running,
        }
    )


@post(
    _EMBEDDING,
    status_code=HTTP_202_ACCEPTED,
    opt=rule(
        access="staff",
        rate="creation",
        csrf="token",
        permission="knowledge.write",
        body="none",
        reply=StartedReply,
        audit="knowledge_embedding.started",
    ),
)
async def start(desk: Desk, staff: Staff) -> ASGIApp:
    """Begin to make the vectors that are missing; searches go on meanwhile."""
    return json_reply({"job_id": await actions.start(desk, staff)}, HTTP_202_ACCEPTED)


HANDLERS = (show, start)
