"""Sign-up, sign-in and the guard over HTTP."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import jwt
import pytest
from litestar import Litestar, Request, Response, get
from litestar.datastructures import State
from litestar.di import Provide
from litestar.types import ASGIApp

from kamhub.kit.clock import ManualClock
from kamhub.kit.errors import Refusal
from kamhub.platform.person import api
from kamhub.platform.person.guard import current_staff, staff_guard
from kamhub.platform.person.permissions import permissions_of
from kamhub.platform.person.services import People
from kamhub.platform.person.tokens import issue_access_token
from kamhub.platform.person.types import ROLES, Identity, Role, Staff
from kamhub.platform.web.edge import Edge
from kamhub.platform.web.json import json_reply
from kamhub.platform.web.problems import reply
from kamhub.platform.web.rules import route_table, rule

STAFF = "/api/test/bookings"
OPEN = "/api/test/open"
PASSWORD = "лавовый-мост-47"


@get(STAFF, opt=rule(access="staff", rate="api", permission="bookings.read"))
async def bookings(staff: Staff) -> ASGIApp:
    return json_reply({"organisation_id": str(staff.organisation_id), "role": staff.role})


@get("/api/test/misspelt", opt=rule(access="staff", rate="api", permission="bookings.raed"))
async def misspelt() -> None:
    """Name a permission that is not in the table."""


@get(OPEN, opt=rule(access="public", rate="public"))
async def open_to_all() -> None:
    """Ask for nobody."""


@get("/api/test/unguarded", opt=rule(access="public", rate="public"))
async def unguarded(staff: Staff) -> None:
    """Want a person on a route that lets everybody in."""


def refused(_: Request[Any, Any, Any], refusal: Refusal) -> Response[bytes]:
    return reply(refusal)


def make_app(people: People) -> Litestar:
    async def provide_people() -> People:
        return people

    return Litestar(
        [*api.HANDLERS, bookings, misspelt, open_to_all, unguarded],
        guards=[staff_guard],
        exception_handlers={Refusal: refused},
        dependencies={"people": Provide(provide_people), "staff": Provide(current_staff)},
        state=State({"people": people}),
        openapi_config=None,
    )


@pytest.fixture
async def client(people: People) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(Edge(make_app(people), production=False))  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url="http://hub.example") as opened:
        yield opened


def account(**fields: object) -> dict[str, object]:
    good = {"email": f"{uuid4().hex}@people.example", "password": PASSWORD, "name": "Анна"}
    return {name: value for name, value in (good | fields).items() if value is not ...}


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def token_for(people: People, role: Role) -> str:
    return issue_access_token(people.keys, Identity(uuid4(), uuid4(), role), people.clock.now())


async def test_every_route_declares_a_whole_rule(people: People) -> None:
    rows = [row for row in route_table(make_app(people)) if not row.path.startswith("/api/test")]
    assert [(row.method, row.path, row.access, row.csrf, row.permission) for row in rows] == [
        ("POST", "/api/auth/refresh", "public", "token", None),
        ("POST", "/api/auth/signin", "public", "anonymous", None),
        ("POST", "/api/auth/signout", "public", "token", None),
        ("POST", "/api/auth/signup", "public", "anonymous", None),
        ("GET", "/api/me", "staff", "safe", "self"),
    ]


async def test_from_sign_up_to_sign_out(client: httpx.AsyncClient) -> None:
    organisation_name = f"Вулкан {uuid4().hex}"
    sent = account(
        email=f"  {uuid4().hex.upper()}@People.Example ",
        name="  Анна   Ключевская ",
        organisation_name=organisation_name,
        locale="en",
    )
    signed_up = await client.post("/api/auth/signup", json=sent)
    assert signed_up.status_code == 201
    session = signed_up.json()
    assert session.keys() == {"user", "organisation", "access_token", "refresh_token", "expires_in"}
    assert session["user"] == {
        "id": session["user"]["id"],
        "email": str(sent["email"]).strip().lower(),
        "name": "Анна Ключевская",
        "locale": "en",
    }
    assert UUID(session["user"]["id"]).version == 7
    assert session["organisation"].keys() == {"id", "slug", "name"}
    assert session["organisation"]["name"] == {"ru": organisation_name, "en": organisation_name}
    assert session["expires_in"] == 900
    assert signed_up.headers["cache-control"] == "no-store"

    credentials = {"email": sent["email"], "password": PASSWORD}
    signed_in = await client.post("/api/auth/signin", json=credentials)
    assert signed_in.status_code == 200
    assert signed_in.json().keys() == session.keys()

    me = await client.get("/api/me", headers=bearer(signed_in.json()["access_token"]))
    assert me.status_code == 200
    assert me.json() == {
        "user": session["user"],
        "organisation": session["organisation"],
        "role": "owner",
        "permissions": sorted(permissions_of("owner")),
    }

    refresh_token = {"refresh_token": signed_in.json()["refresh_token"]}
    refreshed = await client.post("/api/auth/refresh", json=refresh_token)
    assert refreshed.status_code == 200
    assert refreshed.json().keys() == session.keys()
    following = {"refresh_token": refreshed.json()["refresh_token"]}
    signed_out = await client.post("/api/auth/signout", json=following)
    assert (signed_out.status_code, signed_out.content) == (204, b"")
    ended = await client.post("/api/auth/refresh", json=following)
    assert (ended.status_code, ended.json()["code"]) == (401, "refresh_token_invalid")


async def test_without_an_organisation(client: httpx.AsyncClient) -> None:
    session = (await client.post("/api/auth/signup", json=account())).json()
    assert session.keys() == {"user", "access_token", "refresh_token", "expires_in"}
    assert session["user"]["locale"] == "ru"
    me = await client.get("/api/me", headers=bearer(session["access_token"]))
    assert me.json() == {"user": session["user"], "permissions": ["self"]}
    answer = await client.get(STAFF, headers=bearer(session["access_token"]))
    assert (answer.status_code, answer.json()["code"]) == (403, "permission_missing")


async def test_the_language_is_that_of_the_reader_when_none_is_chosen(client: httpx.AsyncClient) -> None:
    session = await client.post("/api/auth/signup", json=account(), headers={"Accept-Language": "en-GB"})
    assert session.json()["user"]["locale"] == "en"


async def test_a_taken_email(client: httpx.AsyncClient) -> None:
    sent = account()
    await client.post("/api/auth/signup", json=sent)
    again = await client.post("/api/auth/signup", json=sent | {"email": str(sent["email"]).upper()})
    assert (again.status_code, again.json()["code"]) == (409, "email_taken")


async def test_wrong_credentials_are_one_answer(client: httpx.AsyncClient) -> None:
    sent = account()
    await client.post("/api/auth/signup", json=sent)
    wrong = await client.post("/api/auth/signin", json={"email": sent["email"], "password": "another-47"})
    unknown = await client.post("/api/auth/signin", json={"email": "x@people.example", "password": PASSWORD})
    assert wrong.status_code == unknown.status_code == 401
    assert wrong.json()["code"] == "invalid_credentials"
    assert wrong.content == unknown.content
    headers = [{k: v for k, v in r.headers.items() if k != "x-request-id"} for r in (wrong, unknown)]
    assert headers[0] == headers[1]


@pytest.mark.parametrize(
    ("changes", "field", "code"),
    [
        ({"email": "anna"}, "email", "email"),
        ({"email": ...}, "email", "missing"),
        ({"password": "коротко-9"}, "password", "string_too_short"),
        ({"password": "д" * 257}, "password", "string_too_long"),
        ({"password": "Password2026!"}, "password", "password_common"),
        ({"email": "kluchevskaya@people.example", "password": "Kluchevskaya"}, "password", "password_common"),
        ({"password": 1234567890}, "password", "string_type"),
        ({"name": " А "}, "name", "string_too_short"),
        ({"name": "а" * 101}, "name", "string_too_long"),
        ({"organisation_name": "  "}, "organisation_name", "string_too_short"),
        ({"locale": "de"}, "locale", "literal_error"),
        ({"role": "owner"}, "role", "extra_forbidden"),
        ({"organisation_id": str(uuid4())}, "organisation_id", "extra_forbidden"),
    ],
)
async def test_input_that_is_not_right(
    client: httpx.AsyncClient, changes: dict[str, object], field: str, code: str
) -> None:
    answer = await client.post("/api/auth/signup", json=account(**changes))
    assert answer.status_code == 422
    assert [(error["field"], error["code"]) for error in answer.json()["errors"]] == [(field, code)]
    if isinstance(changes.get("password"), str):
        assert str(changes["password"]) not in answer.text


@pytest.mark.parametrize("path", ["signup", "signin", "refresh", "signout"])
async def test_bodies_that_cannot_be_read(client: httpx.AsyncClient, path: str) -> None:
    assert (await client.post(f"/api/auth/{path}", content=b"{")).status_code == 400
    assert (await client.post(f"/api/auth/{path}", json={"unknown": 1})).status_code == 422
    form = await client.post(f"/api/auth/{path}", data={"email": "x"})
    assert form.status_code == 415


@pytest.mark.parametrize("role", ROLES)
async def test_the_guard_asks_for_the_permission(client: httpx.AsyncClient, people: People, role: Role) -> None:
    answer = await client.get(STAFF, headers=bearer(token_for(people, role)))
    assert answer.status_code == (403 if role == "driver" else 200)
    misspelling = await client.get("/api/test/misspelt", headers=bearer(token_for(people, role)))
    assert misspelling.status_code == 403


async def test_the_organisation_is_that_of_the_token(client: httpx.AsyncClient, people: People) -> None:
    identity = Identity(uuid4(), uuid4(), "viewer")
    token = issue_access_token(people.keys, identity, people.clock.now())
    other = str(uuid4())
    answer = await client.get(
        STAFF,
        params={"organisation_id": other},
        headers=bearer(token) | {"X-Org-Id": other, "X-Organisation-Id": other, "X-Role": "owner"},
    )
    assert answer.json() == {"organisation_id": str(identity.organisation_id), "role": "viewer"}


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
    ],
)
async def test_anything_but_a_good_bearer_token_is_401(
    client: httpx.AsyncClient, people: People, authorization: str
) -> None:
    header = authorization.format(good=token_for(people, "owner")).encode("latin-1")
    for path in (STAFF, "/api/me", "/api/test/misspelt"):
        answer = await client.get(path, headers={b"Authorization": header})
        assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")
        assert answer.headers["www-authenticate"] == "Bearer"
    assert (await client.get(STAFF)).status_code == 401
    assert (await client.get(OPEN, headers={b"Authorization": header})).status_code == 200


async def test_the_scheme_is_read_in_any_case(client: httpx.AsyncClient, people: People) -> None:
    header = {"Authorization": f"bearer {token_for(people, 'owner')}"}
    assert (await client.get(STAFF, headers=header)).status_code == 200


async def test_expired_tampered_and_none_tokens_are_401(
    client: httpx.AsyncClient, people: People, clock: ManualClock
) -> None:
    good = token_for(people, "owner")
    assert (await client.get(STAFF, headers=bearer(good))).status_code == 200
    claims = jwt.decode(good, options={"verify_signature": False})
    unsigned = jwt.encode(claims, "", algorithm="none")
    head, body, signature = good.split(".")
    forged = f"{head}.{jwt.encode(claims | {'role': 'admin'}, 'x' * 32).split('.')[1]}.{signature}"
    for token in (unsigned, forged, f"{head}.{body}."):
        assert (await client.get(STAFF, headers=bearer(token))).status_code == 401
    clock.advance(timedelta(minutes=15))
    assert (await client.get(STAFF, headers=bearer(good))).status_code == 401


async def test_a_handler_that_wants_staff_where_nobody_is_asked_gets_nobody(
    client: httpx.AsyncClient, people: People
) -> None:
    answer = await client.get("/api/test/unguarded", headers=bearer(token_for(people, "owner")))
    assert answer.status_code == 401


async def test_me_of_a_person_who_is_not_there_any_more(client: httpx.AsyncClient, people: People) -> None:
    identity = replace(Identity(uuid4(), None, None), organisation_id=None)
    token = issue_access_token(people.keys, identity, people.clock.now())
    assert (await client.get("/api/me", headers=bearer(token))).status_code == 401
