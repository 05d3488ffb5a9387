"""The state of the hub over HTTP."""

from typing import Any

from litestar import Request, get
from litestar.types import ASGIApp

from kamhub.hub.services import Hub
from kamhub.hub.status import actions, views
from kamhub.hub.status.replies import StatusReply
from kamhub.hub.status.types import PARTS
from kamhub.platform.job.api import READ
from kamhub.platform.person.services import People
from kamhub.platform.person.types import Staff
from kamhub.platform.session.api import NOT_STORED
from kamhub.platform.web.json import json_reply
from kamhub.platform.web.parts import failing_alone
from kamhub.platform.web.rules import rule

Asked = Request[Any, Any, Any]


@get("/api/status", opt=rule(access="staff", rate="api", permission=READ, reply=StatusReply, refusals=(401, 403)))
async def status(request: Asked, hub: Hub, people: People, staff: Staff) -> ASGIApp:
    """How the hub is, part by part. A part that could not be read is null, and its name is in ``failing``."""
    look = looking(request, hub, people, staff)
    told: dict[str, object] = dict.fromkeys(PARTS)
    for name in PARTS:
        async with failing_alone(request, name):
            told[name] = views.part_json(await actions.LOADERS[name](look))
    failing = [name for name in PARTS if told[name] is None]
    return json_reply({**told, "failing": failing}, headers=NOT_STORED)


def looking(request: Asked, hub: Hub, people: People, staff: Staff) -> actions.Looking:
    """What the parts are loaded with."""
    state = request.app.state
    limiter = state.limiter if state.settings.redis_url is not None else None
    reads = state.settings.reranking_url is not None
    return actions.Looking(hub, people, staff, state.settings.backups == "on", limiter, reads)


HANDLERS = (status,)
