"""Real replies against the models that document them: every field there, none that is not told of."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import BaseModel, ValidationError

from kamhub.app.asgi import WebConfig
from kamhub.app.refusals import API_PREFIXES
from kamhub.hub.booking.replies import BookedReply, BookingReply, CancelledReply, HeldReply, QuoteReply
from kamhub.hub.payment.replies import PaymentAccountListReply
from kamhub.hub.place.replies import PlaceListReply
from kamhub.hub.search.replies import SearchReply
from kamhub.platform.crypto.keys import KeyRing
from kamhub.platform.settings import Settings
from kamhub.platform.web.api import CsrfTokenReply
from kamhub.platform.web.rules import handlers_of, rule_of
from tests.app.support import BOOK, CANCEL, CONFIRM, CONTACT, PLACES, SEARCH, bearer_of, booked, held
from tests.asgi import Web, routed
from tests.builders import World

UNKNOWN = {"organisation_id": "x"}
BOUNDS = {"maxLength", "enum", "const"}
FORMATS = {"uuid", "date", "date-time", "time"}


def conforms(reply: httpx.Response | dict[str, Any], model: type[BaseModel]) -> None:
    """The reply is that model, and a field more than it would be noticed."""
    told: dict[str, Any] = reply if isinstance(reply, dict) else reply.json()
    model.model_validate(told, extra="forbid")
    with pytest.raises(ValidationError):
        model.model_validate(told | UNKNOWN, extra="forbid")


async def test_bookings(web: Web, client: httpx.AsyncClient, world: World) -> None:
    hold = await held(client, world.departure(), 2)
    conforms(hold, HeldReply)
    party = [{"name": "Анна Ёлкина", "document": "7701 123456"}, {"name": "Ждан", "kind": "child"}]
    body = {"booking_id": hold["id"], "contact": CONTACT, "passenger_list": party, "special_requests": "лыжи"}
    conforms(await client.post(BOOK, json=body, headers=bearer_of(hold)), BookedReply)
    conforms(await booked(client, world.departure()), BookedReply)
    address = f"/api/transfers/bookings/{hold['id']}"
    decision = {"booking_id": hold["id"], "action": "confirm", "message": "ждём"}
    conforms(await client.post(CONFIRM, json=decision, headers=web.staff(world.main)), BookingReply)
    conforms(await client.get(address, headers=bearer_of(hold)), BookingReply)
    conforms(await client.get(f"{address}/cancellation", headers=bearer_of(hold)), QuoteReply)
    conforms(await client.post(CANCEL, json={"booking_id": hold["id"]}, headers=bearer_of(hold)), CancelledReply)


async def test_the_rest(web: Web, client: httpx.AsyncClient, world: World) -> None:
    world.departure()
    asked = {"from": "airport", "to": "springs", "date": "2026-11-27"}
    found = await client.get(SEARCH, params=asked)
    assert found.json()["items"]
    conforms(found, SearchReply)
    conforms(await client.get(SEARCH, params=asked | {"date": "2026-11-25"}), SearchReply)
    conforms(await client.get(PLACES), PlaceListReply)
    conforms(await client.get("/api/payment-accounts", headers=web.staff(world.main)), PaymentAccountListReply)
    conforms(await client.get("/api/csrf-token"), CsrfTokenReply)


@pytest.fixture
def inputs(keys: KeyRing, tmp_path: Path) -> dict[tuple[str, str], type[BaseModel]]:
    """``(method and path, access)`` → what comes in, of every route."""
    app = routed(WebConfig(Settings(env="development"), "", keys, "http://hub.test", tmp_path))
    return {
        (f"{method} {path}", declared.access): declared.body_model
        for path, handler in handlers_of(app)
        if (declared := rule_of(handler)) and declared.body_model
        for method in handler.http_methods - {"OPTIONS", "HEAD"}
    }


def unbounded(schema: dict[str, Any], *, closed: bool) -> list[str]:
    """What of a schema lets in texts or lists of any length, or objects (when ``closed``) with any field."""
    definitions = schema.get("$defs", {})
    faults = []
    left = [("body", schema)]
    while left:
        path, part = left.pop()
        if "$ref" in part:
            part = definitions[part["$ref"].rsplit("/", 1)[1]]
        if fault := fault_of(part, closed=closed):
            faults.append(f"{path} {fault}")
        left += [(path, each) for kind in ("anyOf", "oneOf", "allOf") for each in part.get(kind, [])]
        left += [(f"{path}.{name}", each) for name, each in part.get("properties", {}).items()]
        left += [(f"{path}[]", part["items"])] if "items" in part else []
    return faults


def fault_of(part: dict[str, Any], *, closed: bool) -> str | None:
    """What is open about one part of a schema."""
    match part.get("type"):
        case "string" if not part.keys() & BOUNDS and part.get("format") not in FORMATS:
            return "is a text of any length"
        case "array" if "maxItems" not in part:
            return "is a list of any length"
        case "object" if closed and part.get("additionalProperties") is not False:
            return "takes fields that nobody asked for"
    return None


def test_whatever_comes_in_is_bounded(inputs: dict[tuple[str, str], type[BaseModel]]) -> None:
    assert len(inputs) > 10
    found = {}
    for (route, access), model in inputs.items():
        # The provider's notifications may grow a field any day; they are read field by field.
        closed = not route.startswith("GET") and access != "webhook"
        if faults := unbounded(model.model_json_schema(), closed=closed):
            found[route, model.__name__] = faults
    assert not found


def test_the_walk_sees_what_is_open() -> None:
    class Inner(BaseModel):
        words: list[str]

    class Outer(BaseModel):
        inner: Inner | None = None

    assert unbounded(Outer.model_json_schema(), closed=True) == [
        "body takes fields that nobody asked for",
        "body.inner takes fields that nobody asked for",
        "body.inner.words is a list of any length",
        "body.inner.words[] is a text of any length",
    ]


def test_every_api_route_that_replies_json_names_a_model(keys: KeyRing, tmp_path: Path) -> None:
    app = routed(WebConfig(Settings(env="development"), "", keys, "http://hub.test", tmp_path))
    nameless = {
        path
        for path, handler in handlers_of(app)
        if path.startswith(API_PREFIXES) and (declared := rule_of(handler)) and declared.reply == "json"
    }
    # Documents without a fixed shape: this one, and everything that is held about a person.
    assert nameless == {"/api/openapi.json", "/api/personal-data/export"}
