"""Live updates over HTTP."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

from litestar import Litestar, Request, WebSocket, get, websocket
from litestar.exceptions import WebSocketDisconnect
from litestar.handlers import BaseRouteHandler
from litestar.response import Stream

from kamhub.platform.live.hub import Broadcaster, Subscription
from kamhub.platform.live.rules import BEAT, as_event, as_json, topics_of
from kamhub.platform.person.services import People
from kamhub.platform.person.types import Staff
from kamhub.platform.web.csrf import Csrf
from kamhub.platform.web.rules import rule

Asked = Request[Any, Any, Any]
READ = "departures.read"
BEAT_SECONDS = 15.0
# A stream is let in once: after so long it ends, whoever watches asks again, and is judged again.
MOST_SECONDS = 600.0
_HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


def broadcaster_of(app: Litestar, people: People) -> Broadcaster:
    """The one of this process, made for the first who asks."""
    found = app.state.get("live")
    if not isinstance(found, Broadcaster):
        found = app.state["live"] = Broadcaster(people.database.url)
    return found


@get(
    "/api/events",
    opt=rule(access="staff", rate="api", permission=READ, reply="events", refusals=(401, 403, 429)),
)
async def events(request: Asked, people: People, staff: Staff) -> Stream:
    """Changes of the organisation as server-sent events: ``departure`` and ``asset`` with its id, ``resync`` when some were
    missed. Of each topic those are told who may read it.

    A comment every 15 seconds keeps the way open. After ten minutes the stream ends, and the browser asks again.
    """
    broadcaster = broadcaster_of(request.app, people)
    broadcaster.require_room(staff.organisation_id)

    async def told() -> AsyncIterator[bytes]:
        with broadcaster.subscribe(staff.organisation_id, topics_of(staff.permissions)) as subscription:
            yield b"retry: 3000\n\n"
            async for change in changes(subscription):
                yield change

    return Stream(told(), media_type="text/event-stream", headers=_HEADERS)


async def changes(subscription: Subscription) -> AsyncIterator[bytes]:
    """What the stream says until it is over."""
    ends = time.monotonic() + MOST_SECONDS
    while not subscription.over and (left := ends - time.monotonic()) > 0:
        found = await subscription.wait(min(BEAT_SECONDS, left))
        for change in found:
            yield as_event(change)
        if not found and not subscription.over:
            yield BEAT


@websocket("/ws", opt=rule(access="staff", rate="api", permission=READ, reply="json"))
async def live_socket(socket: WebSocket[Any, Any, Any]) -> None:
    """The same over a WebSocket: one JSON object a change, ``topic`` and ``id``; what is sent to it is not read."""
    csrf: Csrf = socket.app.state.csrf
    csrf.check_origin(socket)
    staff: Staff = socket.scope["state"]["staff"]
    people: People = socket.app.state.people
    with broadcaster_of(socket.app, people).subscribe(
        staff.organisation_id, topics_of(staff.permissions)
    ) as subscription:
        await socket.accept()
        leaving = asyncio.create_task(_until_left(socket))
        leaving.add_done_callback(lambda _: subscription.end())
        try:
            await _say(socket, subscription)
        finally:
            leaving.cancel()
    with suppress(RuntimeError, WebSocketDisconnect):
        await socket.close()


async def _say(socket: WebSocket[Any, Any, Any], subscription: Subscription) -> None:
    ends = time.monotonic() + MOST_SECONDS
    with suppress(WebSocketDisconnect):
        while not subscription.over and (left := ends - time.monotonic()) > 0:
            for change in await subscription.wait(min(BEAT_SECONDS, left)):
                await socket.send_text(as_json(change))


async def _until_left(socket: WebSocket[Any, Any, Any]) -> None:
    with suppress(WebSocketDisconnect):
        while True:
            await socket.receive_data("text")


HANDLERS: tuple[BaseRouteHandler, ...] = (events, live_socket)
