"""CSRF tokens, bodies of JSON, and the table of routes, by themselves."""

from __future__ import annotations

from typing import Annotated, Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from litestar import Litestar, Request, Response, delete, get, post
from litestar.datastructures import State
from pydantic import BaseModel, Field, field_validator

from kamhub.kit.errors import Refusal
from kamhub.platform.crypto.keys import KeyRing
from kamhub.platform.settings import Settings
from kamhub.platform.web.csrf import COOKIE, Csrf, csrf_guard
from kamhub.platform.web.json import parse_json, validate
from kamhub.platform.web.problems import BodyUnreadable, FieldError, InputInvalid, document, reply
from kamhub.platform.web.rules import RouteWithoutRule, handlers_of, route_table, rule

KEYS = KeyRing("a secret of the tests, long enough to be one")
CSRF = Csrf(KEYS, secure=True, origins=("https://Hub.example/",))


class Form(BaseModel):
    name: Annotated[str, Field(max_length=3)]
    inner: dict[str, int] = {}

    @field_validator("name")
    @classmethod
    def _not_bob(cls, value: str) -> str:
        if value == "bob":
            raise ValueError("anybody but Bob")
        return value


@post("/form", status_code=200, opt=rule(access="page", rate="none", csrf="form", body="none", reply="page"))
async def form(request: Request[Any, Any, Any]) -> Response[Any]:
    """A form: the guard read its body, and the handler still can."""
    return Response(dict(await request.form()))


@get("/form", opt=rule(access="page", rate="none", reply="page"))
async def page() -> None:
    """Nothing to guard."""


def refused(_: Request[Any, Any, Any], refusal: Refusal) -> Response[bytes]:
    return reply(refusal)


@pytest.fixture
def client() -> httpx.AsyncClient:
    app = Litestar(
        [form, page],
        guards=[csrf_guard],
        state=State({"csrf": CSRF, "settings": Settings(env="development")}),
        exception_handlers={Refusal: refused},
        openapi_config=None,
    )
    transport = httpx.ASGITransport(app)  # type: ignore[arg-type]
    return httpx.AsyncClient(transport=transport, base_url="http://hub.test", cookies={COOKIE: CSRF.issue()})


async def test_the_field_or_the_header_opens_the_form(client: httpx.AsyncClient) -> None:
    token = client.cookies[COOKIE]
    opened = await client.post("/form", data={COOKIE: token, "name": "Анна"})
    assert (opened.status_code, opened.json()["name"]) == (200, "Анна")
    assert (await client.post("/form", data={"name": "Анна"}, headers={"X-CSRF-Token": token})).status_code == 200
    assert (await client.post("/form", files={COOKIE: (None, token)})).status_code == 200
    assert (await client.get("/form")).status_code == 200


async def test_bodies_that_are_no_form_are_refused_as_one_without_a_token(client: httpx.AsyncClient) -> None:
    for body, kind in (
        (b"{}", "application/json"), (b"", ""), (b"--x", "multipart/form-data; boundary=x"), (b"\xff\x00", "text/plain"),
        (b"\xff=\xff", "application/x-www-form-urlencoded"), (b"a=%zz%ff", "application/x-www-form-urlencoded"),
        (b"--x\r\n\r\n", "multipart/form-data"),
    ):  # fmt: skip
        answered = await client.post("/form", content=body, headers={"Content-Type": kind} if kind else {})
        assert answered.status_code in (400, 403), (body, kind, answered.text)


@pytest.mark.parametrize(
    "origin", ["https://hub.example", "HTTPS://HUB.EXAMPLE", "http://hub.test", "https://hub.test"]
)
async def test_our_own_origins(client: httpx.AsyncClient, origin: str) -> None:
    headers = {"Origin": origin, "X-CSRF-Token": client.cookies[COOKIE]}
    assert (await client.post("/form", headers=headers)).status_code == 200


@pytest.mark.parametrize(
    "origin", ["https://hub.example.evil.test", "null", "https://evil.test", "hub.test", "http://hub.test:81"]
)
async def test_other_origins(client: httpx.AsyncClient, origin: str) -> None:
    headers = {"Origin": origin, "X-CSRF-Token": client.cookies[COOKIE]}
    assert (await client.post("/form", headers=headers)).status_code == 403


def test_a_token_belongs_to_what_it_was_made_for() -> None:
    token = CSRF.issue(b"session 1")
    assert CSRF.genuine(token, b"session 1")
    assert not CSRF.genuine(token)
    assert not CSRF.genuine(token, b"session 2")
    assert not CSRF.genuine("")
    assert CSRF.issue() != CSRF.issue()


@given(st.text(alphabet="0123456789abcdefABCDEF \x00ж", max_size=80))
def test_no_token_is_guessed(text: str) -> None:
    assert not CSRF.genuine(text)


@pytest.mark.parametrize(
    ("body", "field", "message", "code"),
    [
        (b"{}", "name", "Fill this in, please.", "missing"),
        (b'{"name": "long"}', "name", "At most 3 characters.", "string_too_long"),
        (b'{"name": "bob"}', "name", "anybody but Bob", "value_error"),
        (b'{"name": "a", "inner": {"b": "x"}}', "inner.b", None, "int_parsing"),
        (b"[]", "body", None, "model_type"),
    ],
)
def test_what_is_wrong_with_which_field(body: bytes, field: str, message: str | None, code: str) -> None:
    with pytest.raises(InputInvalid) as refusal:
        parse_json(body, Form)
    errors: Any = document(refusal.value)["errors"]
    [error] = errors
    assert (error["field"], error["code"]) == (field, code)
    assert message is None or error["message"] == message


def test_values_of_a_query_and_bytes_that_are_no_json() -> None:
    assert validate(Form, {"name": "ann"}).name == "ann"
    with pytest.raises(InputInvalid):
        validate(Form, {"name": "long"})
    with pytest.raises(BodyUnreadable):
        parse_json(b"{", Form)


def test_a_long_list_of_errors_is_summed_up_but_told_whole() -> None:
    refusal = InputInvalid([FieldError(f"f{n}", "bad", "bad") for n in range(9)])
    assert refusal.detail.count(";") == 4
    assert len(document(refusal)["errors"]) == 9  # type: ignore[arg-type]


@get("/bare")
async def bare() -> None:
    """Says nothing."""


@delete("/unguarded", opt=rule(access="public", rate="public"))
async def unguarded() -> None:
    """Changes something and says "safe"."""


@get("/staff", opt=rule(access="staff", rate="api"))
async def nameless() -> None:
    """For staff with a right that is not named."""


@pytest.mark.parametrize(("handler", "reason"), [(bare, "no rule"), (unguarded, "CSRF"), (nameless, "permission")])
def test_a_route_that_forgets_something_keeps_the_program_from_starting(handler: Any, reason: str) -> None:
    with pytest.raises(RouteWithoutRule, match=reason):
        route_table(Litestar([handler], openapi_config=None))


def test_the_table_says_everything_once() -> None:
    app = Litestar([form, page], openapi_config=None)
    assert [(row.method, row.path, row.csrf) for row in route_table(app)] == [
        ("GET", "/form", "safe"),
        ("POST", "/form", "form"),
    ]
    assert {path for path, _ in handlers_of(app)} == {"/form"}
