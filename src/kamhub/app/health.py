"""Whether the process lives, and whether it can serve."""

from typing import Literal

from litestar import get
from litestar.datastructures import State
from litestar.types import ASGIApp
from psycopg import sql

from kamhub.hub.services import Hub
from kamhub.platform.database.errors import DatabaseUnavailable
from kamhub.platform.database.migrate import load_migrations
from kamhub.platform.limit.limiter import Limiter
from kamhub.platform.web.json import json_reply
from kamhub.platform.web.rules import rule
from kamhub.platform.web.schemas import Documented, Reply

_NEWEST = sql.SQL("SELECT max(version) FROM schema_migrations")


class AliveReply(Reply):
    """The process answers."""

    status: Literal["ok"]


class ReadyReply(Reply):
    """``failing`` names what is not there: ``database``, ``migrations``, ``redis``."""

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
    """The process can serve: database there, schema as the program needs it, shared limits. 503 names what is not."""
    failing = []
    try:
        async with hub.database.system() as connection:
            row = await (await connection.execute(_NEWEST)).fetchone()
            if row is None or row[0] != load_migrations()[-1].version:
                failing.append("migrations")
            await connection.execute("SELECT 1 FROM procrastinate_jobs LIMIT 1")
    except DatabaseUnavailable:
        failing.append("database")
    limiter: Limiter | None = state.limiter
    if limiter is not None and not await limiter.ping():
        failing.append("redis")
    return json_reply({"status": "unready" if failing else "ready", "failing": failing}, 503 if failing else 200)


HANDLERS = (alive, ready)
