"""A web process with nothing but the walls of the limits: ``REDIS_URL PRESETS TRUSTED``; prints its port.

Served by the real server, with the real outermost layer, so that what reaches the wall is what reaches it in production.
"""

import socket
import sys
from typing import Any

import uvicorn
from litestar import Litestar, Request, Response, get, post
from litestar.datastructures import State

from kamhub.kit.errors import Refusal
from kamhub.platform.limit.guard import limit_guard
from kamhub.platform.limit.limiter import Limiter
from kamhub.platform.settings import Settings
from kamhub.platform.web import problems
from kamhub.platform.web.edge import Edge
from kamhub.platform.web.rules import rule

GUARDS = [limit_guard]


@get("/api/things", guards=GUARDS, opt=rule(access="public", rate="public", reply="text"))
async def things() -> str:
    """Reads."""
    return "things"


@get("/api/things/{thing:str}", guards=GUARDS, opt=rule(access="public", rate="public", reply="text"))
async def one(thing: str) -> str:
    """Reads one; every one is counted together."""
    return thing


@post(
    "/api/signin",
    status_code=200,
    guards=GUARDS,
    opt=rule(access="public", rate="authentication", csrf="anonymous", body="none", reply="text"),
)
async def sign_in() -> str:
    """Must not be open without counting."""
    return "in"


def on_refusal(_request: Request[Any, Any, Any], refusal: Refusal) -> Response[bytes]:
    """The refusal as a document."""
    return problems.reply(refusal)


def main() -> None:
    """Serve until told to end."""
    redis_url, presets, trusted = sys.argv[1:]
    settings = Settings(rate_presets=presets, trusted_proxies=trusted)  # type: ignore[arg-type]  # as in the environment
    app = Litestar(
        route_handlers=[things, one, sign_in],
        exception_handlers={Refusal: on_refusal},
        openapi_config=None,
        logging_config=None,
        state=State({"settings": settings, "limiter": Limiter(redis_url or None, settings.rate_presets)}),
    )
    listening = socket.create_server(("127.0.0.1", 0))
    print(listening.getsockname()[1], flush=True)
    edge: Any = Edge(app, production=True)
    config = uvicorn.Config(edge, access_log=False, log_level="error", proxy_headers=False)
    uvicorn.Server(config).run(sockets=[listening])


if __name__ == "__main__":
    main()
