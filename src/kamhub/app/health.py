"""Whether the process lives, whether it can serve, and what it counts."""

from typing import Literal

import psycopg
from litestar import Request, Response, get
from litestar.datastructures import State
from litestar.types import ASGIApp
from prometheus_client import CONTENT_TYPE_LATEST

from kamhub.app.metrics import Work, require_reader, work_text
from kamhub.hub.integrity.store import checks
from kamhub.hub.monitoring.metrics import of_process
from kamhub.hub.monitoring.store import figures
from kamhub.hub.services import Hub
from kamhub.hub.status import readiness
from kamhub.platform.alert.store import open_alerts
from kamhub.platform.backup.store import runs as backup_runs
from kamhub.platform.database.errors import DatabaseUnavailable
from kamhub.platform.job.overview import ALIVE_WITHIN
from kamhub.platform.job.store import fleet
from kamhub.platform.limit.limiter import Limiter
from kamhub.platform.limit.metrics import limiter_families
from kamhub.platform.monitoring.meters import text_of
from kamhub.platform.monitoring.process import process_text
from kamhub.platform.web.json import json_reply
from kamhub.platform.web.rules import rule
from kamhub.platform.web.schemas import Documented, Reply


class AliveReply(Reply):
    """The process answers."""

    status: Literal["ok"]


class ReadyReply(Reply):
    """``failing`` names what is not there: ``database``, ``migrations``, ``queue``, ``redis``; ``stopping`` is its own end."""

    status: Literal["ready", "unready"]
    failing: list[str]


@get("/health", opt=rule(access="public", rate="none", reply=AliveReply))
async def alive() -> ASGIApp:
    """The process answers."""
    return json_reply({"status": "ok"})


@get(
    "/health/ready",
    opt={
        **rule(access="public", rate="none", reply=ReadyReply),
        Documented.KEY: Documented(replies={503: ReadyReply}),
    },
)
async def ready(hub: Hub, state: State) -> ASGIApp:
    """The process can serve: database there, schema as the program needs it, queue, shared limits. 503 names what is not."""
    try:
        failing = await readiness.failing(hub.database)
    except DatabaseUnavailable:
        failing = ["database"]
    limiter: Limiter | None = state.limiter
    if limiter is not None and not await limiter.ping():
        failing.append("redis")
    if state.config.leaving.is_set():
        failing.append("stopping")
    return json_reply({"status": "unready" if failing else "ready", "failing": failing}, 503 if failing else 200)


@get("/metrics", opt=rule(access="public", rate="none", reply="text", refusals=(401, 404)))
async def metrics(request: Request, hub: Hub, state: State) -> Response[bytes]:
    """What this process counts, for Prometheus: from this machine, or with the token of the settings."""
    require_reader(request, state.settings)
    own = text_of([*state.requests.families(), *limiter_families(state.limiter)])
    text = own + of_process(hub) + process_text("web") + work_text(await _work(hub))
    return Response(text, media_type=CONTENT_TYPE_LATEST, headers={"Cache-Control": "no-store"})


async def _work(hub: Hub) -> Work | None:
    """The queues and workers of everybody; None when they cannot be read, so that the rest is told all the same."""
    try:
        async with hub.database.system() as connection:
            queues = await fleet.queues(connection)
            alive_since = hub.clock.now() - ALIVE_WITHIN
            workers = [one for one in await fleet.workers(connection) if one.last_heartbeat > alive_since]
            sold = await figures(connection, hub.clock.now())
            backups, alerts = await backup_runs.state(connection), await open_alerts(connection)
            integrity = await checks.state(connection)
    except (DatabaseUnavailable, psycopg.Error):
        return None
    return Work(queues, len(workers), sold, backups, alerts, integrity)


HANDLERS = (alive, ready, metrics)
