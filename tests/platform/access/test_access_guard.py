"""The wall before routes of staff and keys: who is let in, and for which organisation."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import jwt
import pytest
from litestar import Litestar, Request, Response, get, post
from litestar.datastructures import State
from litestar.di import Provide
from litestar.types import ASGIApp

from kamhub.kit.clock import ManualClock
from kamhub.kit.errors import Refusal
from kamhub.kit.ids import new_id
from kamhub.platform.access.guard import access_guard, current_identity, current_staff
from kamhub.platform.api_key.rules import digest, new_key
from kamhub.platform.limit.guard import caller_of
from kamhub.platform.person.services import People
from kamhub.platform.person.types import ROLES, Role, Staff
from kamhub.platform.session.tokens import issue_access_token
from kamhub.platform.session.types import Identity
from kamhub.platform.settings import Settings
from kamhub.platform.web.csrf import Csrf
from kamhub.platform.web.edge import Edge
from kamhub.platform.web.json import json_reply
from kamhub.platform.web.problems import reply
from kamhub.platform.web.rules import rule
from tests.builders import Operator, World
from tests.platform.session.support import bearer

STAFF = "/api/test/bookings"
SELF = "/api/test/self"
KEYS = "/api/test/keys"
OPEN = "/api/test/open"


@get(STAFF, opt=rule(access="staff", rate="api", permission="bookings.read", reply="json"))
async def bookings(request: Request[Any, Any, Any], staff: Staff) -> ASGIApp:
    trail = staff.trail
    return json_reply(
        {
            "organisation_id": str(staff.organisation_id),
            "role": staff.role,
            "person_id": str(staff.person_id),
            "permissions": sorted(staff.permissions),
            "trail": [trail.actor_kind, str(trail.actor_id), trail.actor_name, trail.address, trail.user_agent],
            "caller": caller_of(request),
        }
    )


@get(SELF, opt=rule(access="staff", rate="api", permission="self", reply="json"))
async def oneself(request: Request[Any, Any, Any]) -> ASGIApp:
    identity = await current_identity(request)
    return json_reply({"person_id": str(identity.person_id), "role": identity.role})


@get("/api/test/misspelt", opt=rule(access="staff", rate="api", permission="bookings.raed", reply="none"))
async def misspelt() -> None:
    """Name a permission that is not in the table."""


@get(KEYS, opt=rule(access="key", rate="api", permission="octo", reply="json"))
async def for_keys(staff: Staff) -> ASGIApp:
    return json_reply({"organisation_id": str(staff.organisation_id), "kind": staff.trail.actor_kind})


@get(OPEN, opt=rule(access="public", rate="public", reply="none"))
async def open_to_all() -> None:
    """Ask for nobody."""


@get("/api/test/unguarded", opt=rule(access="public", rate="public", reply="none"))
async def unguarded(staff: Staff) -> None:
    """Want a person on a route that lets everybody in."""


@post("/api/test/unguarded-self", opt=rule(access="public", rate="public", csrf="anonymous", body="none", reply="none"))
async def unguarded_self(request: Request[Any, Any, Any]) -> None:
    await current_identity(request)


def refused(_: Request[Any, Any, Any], refusal: Refusal) -> Response[bytes]:
    return reply(refusal)


@dataclass
class Called:
    """The small application with these routes alone."""

    client: httpx.AsyncClient
    people: People

    def header(self, operator: Operator, role: Role = "owner", *, claimed: Role | None = None) -> dict[str, str]:
        identity = Identity(operator.people[role], operator.id, claimed or role, operator.sessions[role])
        return bearer(issue_access_token(self.people.keys, identity, self.people.clock.now()))


@pytest.fixture
async def called(people: People, world: World) -> AsyncIterator[Called]:
    assert world
    handlers = [bookings, oneself, misspelt, for_keys, open_to_all, unguarded, unguarded_self]
    state = {
        "people": people,
        "settings": Settings(),
        "limiter": None,
        "csrf": Csrf(people.keys, secure=False, origins=()),
    }
    app = Litestar(
        handlers,
        guards=[access_guard],
        exception_handlers={Refusal: refused},
        dependencies={"staff": Provide(current_staff)},
        state=State(state),
        openapi_config=None,
    )
    transport = httpx.ASGITransport(Edge(app, production=False))  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url="http://hub.example") as opened:
        yield Called(opened, people)


def make_key(world: World, operator: Operator, scopes: list[str], **columns: object) -> tuple[UUID, str]:
    """A key of that operator; returns its id and itself."""
    key_id, key = new_id(), new_key()
    values = {"expires_at": None, "revoked_at": None, "last_used_at": None} | columns
    world.execute(
        "INSERT INTO api_keys (organisation_id, id, name, key_hash, hint, scopes, created_by, created_at, expires_at, "
        "revoked_at, last_used_at) VALUES (%s, %s, 'shop', %s, %s, %s, %s, %s, %s, %s, %s)",
        operator.id,
        key_id,
        digest(key),
        key[-4:],
        scopes,
        operator.people["owner"],
        world.now,
        *values.values(),
    )
    return key_id, key


@pytest.mark.parametrize("role", ROLES)
async def test_the_permission_of_the_role_is_asked_for(called: Called, world: World, role: Role) -> None:
    header = called.header(world.main, role)
    assert (await called.client.get(STAFF, headers=header)).status_code == (403 if role == "driver" else 200)
    assert (await called.client.get(SELF, headers=header)).json() == {
        "person_id": str(world.main.people[role]),
        "role": role,
    }
    assert (await called.client.get("/api/test/misspelt", headers=header)).status_code == 403
    # No role is a key.
    assert (await called.client.get(KEYS, headers=header)).status_code == 401


async def test_the_organisation_is_that_of_the_session(called: Called, world: World) -> None:
    other = str(world.other.id)
    answer = await called.client.request(
        "GET",
        STAFF,
        params={"organisation_id": other, "org": other},
        json={"organisation_id": other},
        headers=called.header(world.main, "viewer")
        | {"X-Org-Id": other, "X-Organisation-Id": other, "X-Tenant": other, "X-Role": "owner", "User-Agent": "curl"},
    )
    person = str(world.main.people["viewer"])
    told = answer.json()
    assert (told["organisation_id"], told["role"], told["person_id"]) == (str(world.main.id), "viewer", person)
    assert told["trail"] == ["person", person, "Viewer", "127.0.0.1", "curl"]
    assert told["caller"] == f"person:{person}"


async def test_the_role_is_that_of_the_membership_now_whatever_the_token_says(called: Called, world: World) -> None:
    header = called.header(world.main, "driver", claimed="owner")
    assert (await called.client.get(STAFF, headers=header)).status_code == 403
    owner = called.header(world.main)
    world.execute("UPDATE memberships SET role = 'driver' WHERE person_id = %s", world.main.people["owner"])
    assert (await called.client.get(STAFF, headers=owner)).status_code == 403
    world.execute("UPDATE memberships SET role = 'viewer' WHERE person_id = %s", world.main.people["owner"])
    assert (await called.client.get(STAFF, headers=owner)).json()["role"] == "viewer"


@pytest.mark.parametrize("change", ["person", "organisation", "nobody", "no organisation"])
async def test_a_token_that_is_not_of_its_session_is_refused(called: Called, world: World, change: str) -> None:
    """Only we sign tokens; one that contradicts the stored session is refused all the same."""
    main, other = world.main, world.other
    identity = {
        "person": Identity(main.people["owner"], main.id, "owner", main.sessions["viewer"]),
        "organisation": Identity(main.people["owner"], other.id, "owner", main.sessions["owner"]),
        "nobody": Identity(uuid4(), main.id, "owner", uuid4()),
        "no organisation": Identity(main.people["owner"], None, None, main.sessions["owner"]),
    }[change]
    token = issue_access_token(called.people.keys, identity, called.people.clock.now())
    assert (await called.client.get(SELF, headers=bearer(token))).status_code == 401


@pytest.mark.parametrize(
    "authorization",
    [
        "",
        "Bearer",
        "Bearer ",
        "Bearer x.y.z",
        "Basic eDp5",
        "Token {good}",
        "{good}",
        "Bearer {good}x",
        "Bearer {good} {good}",
        "Bearer é",
        "Booking {good}",
        "Bearer kamhub_",
        "Bearer kamhub_{good}",
    ],
)
async def test_anything_but_a_good_bearer_token_is_401(called: Called, world: World, authorization: str) -> None:
    good = called.header(world.main)["Authorization"].removeprefix("Bearer ")
    header = authorization.format(good=good).encode("latin-1")
    for path in (STAFF, SELF, KEYS, "/api/test/misspelt"):
        answer = await called.client.get(path, headers={b"Authorization": header})
        assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated"), path
        assert answer.headers["www-authenticate"] == "Bearer"
        assert (await called.client.get(path)).status_code == 401
    assert (await called.client.get(OPEN, headers={b"Authorization": header})).status_code == 200


async def test_the_scheme_is_read_in_any_case(called: Called, world: World) -> None:
    token = called.header(world.main)["Authorization"].removeprefix("Bearer ")
    for scheme in ("bearer", "BEARER"):
        answer = await called.client.get(STAFF, headers={"Authorization": f"{scheme} {token}"})
        assert answer.status_code == 200


async def test_expired_tampered_and_none_tokens_are_401(called: Called, world: World, clock: ManualClock) -> None:
    header = called.header(world.main)
    assert (await called.client.get(STAFF, headers=header)).status_code == 200
    good = header["Authorization"].removeprefix("Bearer ")
    claims = jwt.decode(good, options={"verify_signature": False})
    unsigned = jwt.encode(claims, "", algorithm="none")
    head, body, signature = good.split(".")
    forged = f"{head}.{jwt.encode(claims | {'role': 'admin'}, 'x' * 32).split('.')[1]}.{signature}"
    for token in (unsigned, forged, f"{head}.{body}."):
        assert (await called.client.get(STAFF, headers=bearer(token))).status_code == 401
    clock.advance(timedelta(minutes=15))
    assert (await called.client.get(STAFF, headers=header)).status_code == 401


async def test_a_handler_that_wants_staff_where_nobody_is_asked_gets_nobody(called: Called, world: World) -> None:
    header = called.header(world.main)
    assert (await called.client.get("/api/test/unguarded", headers=header)).status_code == 401
    assert (await called.client.post("/api/test/unguarded-self", headers=header)).status_code == 401


async def test_a_key_has_its_scopes_in_its_organisation_and_no_more(called: Called, world: World) -> None:
    key_id, key = make_key(world, world.other, ["bookings.read"])
    told = (await called.client.get(STAFF, headers=bearer(key) | {"X-Org-Id": str(world.main.id)})).json()
    assert (told["organisation_id"], told["role"], told["person_id"]) == (str(world.other.id), None, "None")
    assert told["permissions"] == ["bookings.read"]
    assert told["trail"][:3] == ["key", str(key_id), "shop"]
    assert told["caller"] == f"key:{key_id}"
    for path in (SELF, KEYS):
        answer = await called.client.get(path, headers=bearer(key))
        assert (answer.status_code, answer.json()["code"]) == (403, "permission_missing")
    _, interface = make_key(world, world.other, ["octo"])
    assert (await called.client.get(KEYS, headers=bearer(interface))).json() == {
        "organisation_id": str(world.other.id),
        "kind": "key",
    }
    assert (await called.client.get(STAFF, headers=bearer(interface))).status_code == 403


async def test_a_key_over_revoked_or_of_an_archived_organisation_opens_nothing(called: Called, world: World) -> None:
    for when in ({"revoked_at": world.now}, {"expires_at": world.now}):
        _, key = make_key(world, world.main, ["bookings.read"], **when)
        assert (await called.client.get(STAFF, headers=bearer(key))).status_code == 401
    _, key = make_key(world, world.main, ["bookings.read"], expires_at=world.now + timedelta(seconds=1))
    assert (await called.client.get(STAFF, headers=bearer(key))).status_code == 200
    changed = key[:-1] + ("A" if key[-1] != "A" else "B")
    assert (await called.client.get(STAFF, headers=bearer(changed))).status_code == 401
    world.execute("UPDATE organisations SET archived_at = now() WHERE id = %s", world.main.id)
    assert (await called.client.get(STAFF, headers=bearer(key))).status_code == 401


async def test_the_use_of_a_key_is_noted_at_most_once_a_minute(
    called: Called, world: World, clock: ManualClock
) -> None:
    _, key = make_key(world, world.main, ["bookings.read"])
    seen: list[object] = []
    for seconds in (0, 59, 1):
        clock.advance(timedelta(seconds=seconds))
        assert (await called.client.get(STAFF, headers=bearer(key))).status_code == 200
        seen += world.rows("SELECT last_used_at FROM api_keys")[0]
    assert seen == [world.now, world.now, world.now + timedelta(seconds=60)]
