"""One thread through the log: the id a caller gives is in the line of the request, of the call it caused, and in the job."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from kamhub.platform.monitoring.logs import configure_logging
from kamhub.platform.settings import Settings
from kamhub.platform.web.edge import Edge
from tests.app.support import CONTACT
from tests.asgi import ORIGIN, Web
from tests.builders import World
from tests.platform.monitoring.support import logging_as_it_was

THREAD = "thread-of-0001"


def caller(web: Web, sampled: float) -> httpx.AsyncClient:
    edge: Any = Edge(web.app, production=False, sampled=sampled)
    return httpx.AsyncClient(transport=httpx.ASGITransport(edge), base_url=ORIGIN, headers={"X-Request-ID": THREAD})


def lines(shown: pytest.CaptureFixture[str], event: str) -> list[dict[str, Any]]:
    told = [json.loads(line) for line in shown.readouterr().err.splitlines()]
    return [line for line in told if line["event"] == event]


async def test_a_booking_can_be_followed_to_the_call_and_the_job(
    web: Web, world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    body = {"departure_id": str(world.departure()), "passengers": 1, "contact": CONTACT}
    with logging_as_it_was():
        configure_logging(Settings(env="production"))
        async with caller(web, 0.0) as client:
            assert (await client.post("/api/transfers/book", json=body)).status_code == 201
        [call] = lines(capsys, "outbound_call")
    assert (call["request_id"], call["path"], call["status"]) == (THREAD, "/orders/create", 200)
    jobs = world.rows("SELECT args ->> 'request' FROM procrastinate_jobs")
    assert jobs
    assert {row[0] for row in jobs} == {THREAD}


async def test_whose_request_it_was_is_told_by_ids(web: Web, world: World, capsys: pytest.CaptureFixture[str]) -> None:
    with logging_as_it_was():
        configure_logging(Settings(env="production"))
        async with caller(web, 1.0) as client:
            assert (await client.get("/api/me", headers=web.staff(world.main))).status_code == 200
            assert (await client.get("/api/places")).status_code == 200
        mine, anonymous = lines(capsys, "request")
    assert mine["request_id"] == THREAD
    assert (mine["route"], mine["status"], mine["level"]) == ("/api/me", 200, "info")
    assert mine["person_id"] == str(world.main.people["owner"])
    assert mine["organisation_id"] == str(world.main.id)
    # Nothing of a request stays for the next.
    assert "person_id" not in anonymous
    assert "organisation_id" not in anonymous


async def test_ordinary_requests_are_logged_by_chance_alone(web: Web, capsys: pytest.CaptureFixture[str]) -> None:
    with logging_as_it_was():
        configure_logging(Settings(env="production"))
        async with caller(web, 0.0) as client:
            await client.get("/api/places")
        assert lines(capsys, "request") == []
