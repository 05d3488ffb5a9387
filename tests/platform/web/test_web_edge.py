"""The outermost layer by itself: what it lets in, what it adds, what it tells."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from litestar.types import Message, Receive, Scope, Send

from kamhub.platform.web.edge import MAX_BODY_BYTES, Edge
from kamhub.platform.web.json import json_reply
from kamhub.platform.web.problems import BodyTooLarge

Told = list[tuple[str, str, int, float]]


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    """Reads the whole body and says how long it was."""
    length, more = 0, True
    while more:
        message: Any = await receive()
        length += len(message.get("body", b""))
        more = message.get("more_body", False)
    await json_reply({"length": length}, headers={"X-Own": "1"})(scope, receive, send)


async def failing(scope: Scope, receive: Receive, send: Send) -> None:
    raise RuntimeError("nobody caught this")


def caller(app: Any, *, production: bool = False, told: Told | None = None) -> httpx.AsyncClient:
    observe = None if told is None else lambda *row: told.append(row)
    edge: Any = Edge(app, production=production, observe=observe)
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(edge, raise_app_exceptions=False), base_url="http://edge.test"
    )


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("abcdefgh", True),
        ("A.b_c-42" * 8, True),
        ("short", False),
        ("x" * 65, False),
        ("a b c d e f", False),
        ("abcdefg\x7f", False),
    ],
)
async def test_a_request_id_is_kept_when_it_is_harmless(given: str, kept: bool) -> None:
    reply = await caller(echo).get("/", headers={"X-Request-ID": given})
    assert (reply.headers["x-request-id"] == given) is kept
    assert 8 <= len(reply.headers["x-request-id"]) <= 64


async def test_without_one_every_request_gets_its_own() -> None:
    client = caller(echo)
    assert len({(await client.get("/")).headers["x-request-id"] for _ in range(20)}) == 20


@pytest.mark.parametrize("length", [0, 1, MAX_BODY_BYTES])
async def test_bodies_up_to_the_limit_pass(length: int) -> None:
    assert (await caller(echo).post("/", content=b"x" * length)).json() == {"length": length}


@pytest.mark.parametrize("declared", [str(MAX_BODY_BYTES + 1), "9" * 18, "9" * 5000])
async def test_a_body_declared_too_large_is_not_read(declared: str) -> None:
    told: Told = []
    reply = await caller(failing, told=told).post("/", content=b"x", headers={"Content-Length": declared})
    assert (reply.status_code, reply.json()["code"]) == (413, "body_too_large")
    assert reply.headers["x-request-id"]
    assert reply.headers["content-security-policy"]
    assert [row[:3] for row in told] == [("POST", "unmatched", 413)]


@pytest.mark.parametrize("declared", ["", "-5", "many", "1.5", "²"])
async def test_a_length_that_is_no_number_is_counted_instead(declared: str) -> None:
    headers = [(b"content-length", declared.encode())]
    assert (await caller(echo).post("/", content=b"abc", headers=headers)).json() == {"length": 3}


async def test_a_body_in_pieces_is_counted() -> None:
    async def pieces() -> Any:
        for _ in range(3):
            yield b"x" * (MAX_BODY_BYTES // 2)

    refused: list[str] = []

    async def reading(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await echo(scope, receive, send)
        except BodyTooLarge as refusal:
            refused.append(refusal.code)
            await json_reply({}, 413)(scope, receive, send)

    assert (await caller(reading).post("/", content=pieces())).status_code == 413
    assert refused == ["body_too_large"]


async def test_headers_of_machines_and_of_production() -> None:
    reply = await caller(echo, production=True).get("/")
    assert reply.headers["x-own"] == "1"
    assert reply.headers["x-content-type-options"] == "nosniff"
    assert "strict-transport-security" in reply.headers
    assert "strict-transport-security" not in (await caller(echo).get("/")).headers


async def test_a_fault_that_nobody_caught_is_accounted_for() -> None:
    told: Told = []
    assert (await caller(failing, told=told).get("/")).status_code == 500
    assert [row[:3] for row in told] == [("GET", "unmatched", 0)]


async def test_what_is_not_http_passes_untouched() -> None:
    seen: list[Any] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append((scope, receive, send))

    async def receive() -> Any: ...

    async def send(message: Message) -> None: ...

    scope: Any = {"type": "websocket"}
    await Edge(app, production=False)(scope, receive, send)
    assert seen == [(scope, receive, send)]
