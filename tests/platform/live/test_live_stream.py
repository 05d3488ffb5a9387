"""The stream over HTTP and the socket: who is let in, what they hear, how it ends."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from kamhub.platform.live import api
from kamhub.platform.live.hub import Broadcaster, Subscription
from kamhub.platform.live.rules import BEAT, TOPICS
from tests.app.support import check_problem
from tests.asgi import Web
from tests.builders import World
from tests.hub.departure.support import DEPARTURES

PATIENCE = 10.0


class Wire:
    """A connection of the application, message by message."""

    def __init__(self) -> None:
        self.sent: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.received: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    async def next(self) -> dict[str, Any]:
        async with asyncio.timeout(PATIENCE):
            return await self.received.get()

    async def until(self, text: str) -> str:
        """Everything that was said until that."""
        said = ""
        while text not in said:
            message = await self.next()
            said += message.get("body", b"").decode() + str(message.get("text") or "")
        return said


@asynccontextmanager
async def opened(web: Web, kind: str, path: str, headers: dict[str, str]) -> AsyncIterator[Wire]:
    wire = Wire()
    scope: dict[str, Any] = {
        "type": kind, "asgi": {"version": "3.0"}, "http_version": "1.1", "scheme": "ws" if kind == "websocket" else "http",
        "path": path, "raw_path": path.encode(), "query_string": b"", "root_path": "", "subprotocols": [],
        "headers": [(b"host", b"hub.test"), *((name.lower().encode(), value.encode()) for name, value in headers.items())],
        "client": ("203.0.113.7", 50_000), "server": ("hub.test", 80), "state": {},
    }  # fmt: skip
    if kind == "http":
        scope["method"] = "GET"
        await wire.sent.put({"type": "http.request", "body": b"", "more_body": False})
    else:
        await wire.sent.put({"type": "websocket.connect"})
    transport: Any = web.client._transport
    task = asyncio.create_task(transport.app(scope, wire.sent.get, wire.received.put))
    try:
        yield wire
        await wire.sent.put({"type": f"{kind}.disconnect", "code": 1000})
        async with asyncio.timeout(PATIENCE):
            await task
    finally:
        task.cancel()


@pytest.fixture(autouse=True)
def long_streams(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    """As long as outside of tests, which ends them soon for whoever reads a reply to its end."""
    monkeypatch.setattr(api, "MOST_SECONDS", 600.0)


def broadcaster_of(web: Web) -> Broadcaster:
    found: Broadcaster = web.app.state["live"]
    return found


async def test_a_stream_tells_of_the_own_organisation(web: Web, world: World) -> None:
    ours, theirs = world.departure(), world.departure(operator=world.other)
    async with opened(web, "http", "/api/events", web.staff(world.main, "viewer")) as wire:
        start = await wire.next()
        headers = dict(start["headers"])
        assert start["status"] == 200
        assert headers[b"content-type"] == b"text/event-stream; charset=utf-8"
        assert headers[b"cache-control"] == b"no-store"
        await wire.until("event: resync")
        await wire.until("event: resync")  # the connection listens
        await web.client.post(f"{DEPARTURES}/{theirs}/close", headers=web.staff(world.other))
        await web.client.post(f"{DEPARTURES}/{ours}/close", headers=web.staff(world.main))
        said = await wire.until(str(ours))
        assert "event: departure" in said
        assert str(theirs) not in said
    assert broadcaster_of(web).watchers == 0


async def test_nobody_listens_in_without_the_right(web: Web, world: World) -> None:
    check_problem(await web.client.get("/api/events"), 401, "unauthenticated")
    async with opened(web, "websocket", "/ws", {}) as wire:
        assert (await wire.next())["type"] == "websocket.close"


async def test_a_page_of_another_site_opens_no_socket(web: Web, world: World) -> None:
    headers = web.staff(world.main) | {"Origin": "https://elsewhere.example"}
    async with opened(web, "websocket", "/ws", headers) as wire:
        assert (await wire.next())["type"] == "websocket.close"


async def test_the_socket_says_the_same(web: Web, world: World) -> None:
    departure = world.departure()
    async with opened(web, "websocket", "/ws", web.staff(world.main) | {"Origin": "http://hub.test"}) as wire:
        assert (await wire.next())["type"] == "websocket.accept"
        await wire.until("resync")
        await wire.until("resync")
        await web.client.post(f"{DEPARTURES}/{departure}/close", headers=web.staff(world.main))
        assert '"topic": "departure"' in await wire.until(str(departure))
        broadcaster_of(web).close()
        while (message := await wire.next())["type"] != "websocket.close":
            assert message["type"] == "websocket.send"
    assert broadcaster_of(web).watchers == 0


async def test_as_many_watch_as_may(web: Web, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kamhub.platform.live.hub.MOST_OF_ORGANISATION", 0)
    reply = await web.client.get("/api/events", headers=web.staff(world.main))
    check_problem(reply, 429, "too_many_streams")


async def test_a_stream_beats_while_nothing_happens_and_ends_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api, "BEAT_SECONDS", 0.01)
    monkeypatch.setattr(api, "MOST_SECONDS", 0.05)
    subscription = Subscription(frozenset(TOPICS))
    said = [part async for part in api.changes(subscription)]
    assert said
    assert set(said) == {BEAT}
    subscription.end()
    assert [part async for part in api.changes(subscription)] == []
