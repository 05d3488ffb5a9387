"""Sign-up, sign-in and oneself over HTTP, as the contract tells them."""

from __future__ import annotations

from uuid import UUID, uuid4

import httpx
import pytest

from kamhub.platform.access.permissions import permissions_of
from tests.asgi import Web
from tests.platform.person.support import PASSWORD
from tests.platform.session.support import bearer


def account(**fields: object) -> dict[str, object]:
    good = {"email": f"{uuid4().hex}@people.example", "password": PASSWORD, "name": "Анна"}
    return {name: value for name, value in (good | fields).items() if value is not ...}


@pytest.fixture
def client(web: Web) -> httpx.AsyncClient:
    return web.client


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
        "organisations": [session["organisation"] | {"role": "owner"}],
        "email_confirmed": False,
        "second_factor": False,
    }

    refreshed = await client.post("/api/auth/refresh", json={"refresh_token": signed_in.json()["refresh_token"]})
    assert refreshed.status_code == 200
    assert refreshed.json().keys() == session.keys()
    following = {"refresh_token": refreshed.json()["refresh_token"]}
    signed_out = await client.post("/api/auth/signout", json=following)
    assert (signed_out.status_code, signed_out.content) == (204, b"")
    ended = await client.post("/api/auth/refresh", json=following)
    assert (ended.status_code, ended.json()["code"]) == (401, "refresh_token_invalid")
    # A program is given no cookie, so it needs no token of forms.
    replies = (signed_up, signed_in, me, refreshed, signed_out)
    assert not [reply.url.path for reply in replies if "set-cookie" in reply.headers]
    assert {reply.headers.get("cache-control") for reply in replies[:-1]} == {"no-store"}


async def test_without_an_organisation(client: httpx.AsyncClient) -> None:
    session = (await client.post("/api/auth/signup", json=account())).json()
    assert session.keys() == {"user", "access_token", "refresh_token", "expires_in"}
    assert session["user"]["locale"] == "ru"
    header = bearer(session["access_token"])
    me = (await client.get("/api/me", headers=header)).json()
    assert me.keys() == {"user", "permissions", "organisations", "email_confirmed", "second_factor"}
    assert (me["user"], me["permissions"], me["organisations"]) == (session["user"], ["self"], [])
    answer = await client.get("/api/payment-accounts", headers=header)
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
        ({"email_confirmed_at": "2026-01-01T00:00:00Z"}, "email_confirmed_at", "extra_forbidden"),
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


async def test_one_changes_name_language_and_password(client: httpx.AsyncClient) -> None:
    sent = account(organisation_name="Вулкан")
    session = (await client.post("/api/auth/signup", json=sent)).json()
    header = bearer(session["access_token"])
    changed = await client.patch("/api/me", json={"name": " Вера ", "locale": "en"}, headers=header)
    assert (changed.status_code, changed.json()["user"]["name"]) == (200, "Вера")
    assert (await client.get("/api/me", headers=header)).json() == changed.json()
    for unwanted in ({"email": "x@people.example"}, {"role": "admin"}, {"second_factor": False}):
        body = {"name": "Вера", "locale": "ru", **unwanted}
        assert (await client.patch("/api/me", json=body, headers=header)).status_code == 422

    async def change(current: str, new: str) -> httpx.Response:
        body = {"current_password": current, "new_password": new}
        return await client.post("/api/me/password", json=body, headers=header)

    wrong = await change("not this one", "тихий-фумарол-58")
    assert (wrong.status_code, wrong.json()["code"]) == (422, "password_wrong")
    assert (await change(PASSWORD, "password2026")).status_code == 422
    assert (await change(PASSWORD, "тихий-фумарол-58")).status_code == 204
    old = await client.post("/api/auth/signin", json={"email": sent["email"], "password": PASSWORD})
    assert old.status_code == 401
    new = await client.post("/api/auth/signin", json={"email": sent["email"], "password": "тихий-фумарол-58"})
    assert new.status_code == 200
