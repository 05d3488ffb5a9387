"""The running application held against its own OpenAPI document, by requests that schemathesis makes from it.

Every caller has a database of its own. Usually every operation gets its examples and a few requests by chance, and every
fourth one all the boundaries of what it takes; ``KAMHUB_TEST_OPENAPI_EXAMPLES`` asks for that many by chance, and for the
boundaries of all.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import httpx
import pytest
import schemathesis
import uvicorn
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import Status, events, from_schema

from kamhub.kit.clock import ManualClock
from kamhub.platform.crypto.keys import KeyRing
from kamhub.platform.web.edge import Edge
from tests.app.support import BOOK, CANCEL, CONFIRM, CONTACT, HOLD, PLACES, SEARCH
from tests.asgi import Web, serve
from tests.builders import World
from tests.hub.payment.support import Provider

EXAMPLES = int(os.environ.get("KAMHUB_TEST_OPENAPI_EXAMPLES", "3"))
# Twelve thousand requests of the owner alone, a boundary each.
BOUNDARIES_OF_EVERY = 1 if "KAMHUB_TEST_OPENAPI_EXAMPLES" in os.environ else 4
ASKED = {"from": "airport", "to": "springs", "date": "2026-11-27", "passengers": 2}


@contextmanager
def listening(database_url: str, keys: KeyRing, clock: ManualClock, data_dir: Path) -> Iterator[tuple[str, Web]]:
    """The application behind a real socket, in a thread with a loop of its own. Yields its address."""
    up = threading.Event()
    told: dict[str, Any] = {}

    async def main() -> None:
        async with serve(database_url, keys, clock, data_dir, provider=Provider()) as web:
            edge: Any = Edge(web.app, production=False)
            config = uvicorn.Config(edge, port=0, lifespan="off", access_log=False, log_level="error")
            server = uvicorn.Server(config)
            running = asyncio.create_task(server.serve())
            while not server.started:
                await asyncio.sleep(0.01)
            told.update(server=server, web=web, port=server.servers[0].sockets[0].getsockname()[1])
            up.set()
            await running

    thread = threading.Thread(target=asyncio.run, args=(main(),), daemon=True)
    thread.start()
    assert up.wait(30)
    yield f"http://127.0.0.1:{told['port']}", told["web"]
    told["server"].should_exit = True
    thread.join(30)


@dataclass(frozen=True, slots=True)
class Caller:
    """What somebody brings (in schemathesis' words), good bodies by path, and what must have worked for them.

    ``way`` is how they come in; they ask what is open to that way, and only that (``bearer``: everything). How others are
    refused there, the walls look at on every route.
    """

    rights: dict[str, Any]
    bodies: dict[str, dict[str, Any]]
    works: set[str]
    way: Literal["", "booking", "bearer"]

    def asks(self, told: dict[str, Any]) -> bool:
        """Whether it has any business with that operation."""
        ways = {name for way in told.get("security", [{}]) for name in way or {""}}
        return self.way == "bearer" or self.way in (ways or {""})


def somebody(web: Web, world: World, address: str) -> Caller:
    """Nobody in particular: may search, hold and book."""
    departure = {"departure_id": str(world.departure()), "passengers": 1}
    bodies = {HOLD: departure, BOOK: departure | {"contact": CONTACT}}
    works = {
        f"GET {SEARCH}",
        f"GET {PLACES}",
        f"POST {HOLD}",
        f"POST {BOOK}",
        "GET /api/csrf-token",
        "GET /health/ready",
    }
    return Caller({"auth": {"auto-signup": False}}, bodies, works, "")


def traveller(web: Web, world: World, address: str) -> Caller:
    """The traveller of a confirmed booking."""
    booking = made(address, world)
    decision = {"booking_id": booking["id"], "action": "confirm"}
    assert httpx.post(f"{address}{CONFIRM}", json=decision, headers=web.staff(world.main)).status_code == 200
    rights = {
        "auth": {"openapi": {"booking": {"api_key": f"Booking {booking['token']}"}}},
        "parameters": {"path.booking_id": booking["id"]},
    }
    own = "GET /api/transfers/bookings/{booking_id}"
    works = {own, f"{own}/cancellation", f"{own}/ticket.pdf", f"{own}/ticket.ics"}
    return Caller(rights, {}, works, "booking")


def canceller(web: Web, world: World, address: str) -> Caller:
    """The traveller of a booking, who gives it back."""
    booking = made(address, world)
    rights = {"auth": {"openapi": {"booking": {"api_key": f"Booking {booking['token']}"}}}}
    return Caller(rights, {CANCEL: {"booking_id": booking["id"], "reason": "пурга"}}, {f"POST {CANCEL}"}, "booking")


def staff(web: Web, world: World, address: str) -> Caller:
    """The owner of an operator with a booking to decide on."""
    token = web.staff(world.main)["Authorization"].removeprefix("Bearer ")
    bodies = {CONFIRM: {"booking_id": made(address, world)["id"], "action": "reject"}}
    works = {f"POST {CONFIRM}", "GET /api/payment-accounts", "GET /api/me", "PATCH /api/me"}
    return Caller({"auth": {"openapi": {"bearer": {"bearer": token}}}}, bodies, works, "bearer")


def made(address: str, world: World) -> dict[str, Any]:
    """A fresh booking, as replied."""
    body = {"departure_id": str(world.departure()), "passengers": 2, "contact": CONTACT}
    booking: dict[str, Any] = httpx.post(f"{address}{BOOK}", json=body).raise_for_status().json()
    return booking


def with_examples(document: dict[str, Any], bodies: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """The document with bodies and a search that fit the world of the test; nobody could guess their ids."""
    for path, body in bodies.items():
        document["paths"][path]["post"]["requestBody"]["content"]["application/json"]["example"] = body
    for parameter in document["paths"][SEARCH]["get"]["parameters"]:
        if parameter["name"] in ASKED:
            parameter["example"] = ASKED[parameter["name"]]
    return document


def requests_of(document: dict[str, Any], config: dict[str, Any]) -> tuple[list[str], dict[str, set[int]]]:
    """What does not conform, each with the request that shows it, and the statuses seen by operation."""
    schema = schemathesis.openapi.from_dict(document, config=SchemathesisConfig.from_dict(config))
    found: list[str] = []
    statuses: dict[str, set[int]] = {}
    for event in from_schema(schema).execute():
        if isinstance(event, events.NonFatalError | events.FatalError):
            found.append(str(event))
        if isinstance(event, events.ScenarioFinished):
            seen = statuses.setdefault(event.recorder.label, set())
            seen |= {sent.response.status_code for sent in event.recorder.interactions.values() if sent.response}
            found += [
                f"{check.name}: {told.failure.title}: {told.failure.message}\n{told.code_sample}"
                for checks in event.recorder.checks.values()
                for check in checks
                if check.status == Status.FAILURE and (told := check.failure_info)
            ]
    return found, statuses


@pytest.mark.timeout(900)
@pytest.mark.parametrize("kind", [somebody, traveller, canceller, staff])
def test_every_reply_is_one_that_is_documented(
    database_url: str,
    keys: KeyRing,
    clock: ManualClock,
    data_dir: Path,
    world: World,
    kind: Callable[[Web, World, str], Caller],
) -> None:
    with listening(database_url, keys, clock, data_dir) as (address, web):
        caller = kind(web, world, address)
        document = with_examples(httpx.get(f"{address}/api/openapi.json").json(), caller.bodies)
        document["paths"] = {
            path: methods
            for path, methods in document["paths"].items()
            if any(caller.asks(told) for told in methods.values())
        }
        config: dict[str, Any] = {
            "base-url": address,
            "seed": 3,
            "generation": {"max-examples": EXAMPLES, "deterministic": True, "no-shrink": True},
            "checks": {
                # Not everything can be said in a schema: a phone number may have the right length and still be none.
                "positive_data_acceptance": {"enabled": False},
                # Litestar tells OPTIONS the methods of the handler that a path got first.
                "allow_header_conformance": {"enabled": False},
            },
            "cache": {"enabled": False},
            **caller.rights,
        }
        phases = {name: {"enabled": False} for name in ("stateful", "coverage", "examples", "fuzzing")}
        by_chance = {**phases, "examples": {"enabled": True}, "fuzzing": {"enabled": True}}
        found, statuses = requests_of(document, {**config, "phases": by_chance})
        some = {**document, "paths": dict(list(document["paths"].items())[::BOUNDARIES_OF_EVERY])}
        more, _ = requests_of(some, {**config, "phases": {**phases, "coverage": {"enabled": True}}})
        found += more
    assert not found, f"{len(found)} faults:\n" + "\n\n".join(found[:40])
    assert caller.works <= {label for label, seen in statuses.items() if seen & {200, 201}}
    operations = {f"{method.upper()} {path}" for path, methods in document["paths"].items() for method in methods}
    assert operations <= statuses.keys()
