"""The token of forms: ours, for one session, from our own pages; and how a browser comes by it."""

from __future__ import annotations

from collections.abc import Callable
from http.cookies import SimpleCookie
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kamhub.platform.crypto.keys import KeyRing
from kamhub.platform.session.cookie import csrf_binding
from kamhub.platform.web.csrf import Csrf
from kamhub.platform.web.problems import CsrfFailed
from tests.asgi import Web
from tests.builders import PASSWORD, World
from tests.platform.session.support import Browser

OWNER = "owner@main.example"
PROFILE = {"name": "Вера", "locale": "en"}
SESSION = "the token of a session"


@pytest.fixture
def csrf(keys: KeyRing) -> Csrf:
    return Csrf(keys, secure=True, origins=("https://hub.example", "https://Shop.example/"))


def request_with(cookie: str = "", session: str | None = None, host: str = "hub.example", **headers: str) -> Any:
    """What the check looks at of a request."""
    cookies = {"csrf_token": cookie} | ({"session": session} if session else {})
    state = SimpleNamespace(settings=SimpleNamespace(production=False))
    named = {name.replace("_", "-"): value for name, value in headers.items()} | {"host": host}
    return SimpleNamespace(cookies=cookies, headers=named, app=SimpleNamespace(state=state))


def test_a_token_is_genuine_in_its_own_session_alone(csrf: Csrf) -> None:
    bindings = [b"", csrf_binding(SESSION), csrf_binding("another session")]
    assert len(set(bindings)) == 3
    assert csrf_binding(None) == csrf_binding("") == b""
    for own in bindings:
        token = csrf.issue(own)
        assert [csrf.genuine(token, binding) for binding in bindings] == [binding == own for binding in bindings]
    assert len({csrf.issue() for _ in range(50)}) == 50


def test_a_token_made_elsewhere_or_changed_is_none(csrf: Csrf) -> None:
    token = csrf.issue()
    for place in range(0, len(token), 3):
        changed = token[:place] + ("0" if token[place] != "0" else "1") + token[place + 1 :]
        assert not csrf.genuine(changed)
    foreign = Csrf(KeyRing("a secret of somebody else, long enough"), secure=True, origins=()).issue()
    for other in ("", token[:-2], token + "00", token[:32], "zz" * 32, foreign, "é" * 64):
        assert not csrf.genuine(other)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(token=st.text(max_size=70))
def test_any_text_is_no_token(csrf: Csrf, token: str) -> None:
    assert not csrf.genuine(token)
    with pytest.raises(CsrfFailed):
        csrf.check(request_with(token), token)


def test_a_replaced_secret_is_still_read(keys: KeyRing, csrf: Csrf) -> None:
    assert keys
    both = KeyRing("a new secret of the tests, as long", ("a secret of the tests, long enough to be one",))
    assert Csrf(both, secure=True, origins=()).genuine(csrf.issue(b"x"), b"x")


def test_cookie_and_field_have_to_be_one(csrf: Csrf) -> None:
    token, other = csrf.issue(csrf_binding(SESSION)), csrf.issue(csrf_binding(SESSION))
    csrf.check(request_with(token, SESSION), token)
    for cookie, session, given_token in (
        ("", SESSION, token),
        (token, SESSION, ""),
        (token, SESSION, other),
        (token, SESSION, token.upper() + " "),
        (token, None, token),
        (token, "another session", token),
        ("", SESSION, ""),
    ):
        with pytest.raises(CsrfFailed):
            csrf.check(request_with(cookie, session), given_token)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"origin": "https://hub.example"},
        {"origin": "HTTPS://HUB.example"},
        {"origin": "https://shop.example"},
        {"referer": "https://hub.example/account?x=https://evil.example"},
        {"sec_fetch_site": "same-origin", "origin": "https://hub.example"},
        {"sec_fetch_site": "none"},
        {"referer": ""},
        {"referer": "about:blank"},
    ],
    ids=str,
)
def test_where_our_own_pages_come_from(csrf: Csrf, headers: dict[str, str]) -> None:
    token = csrf.issue()
    csrf.check(request_with(token, **headers), token)


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "https://hub.example.evil.example"},
        {"origin": "https://evil-hub.example"},
        {"origin": "https://hub.example:8443"},
        {"origin": "https://other.hub.example"},
        {"origin": "file://"},
        {"origin": "https://hub.example@evil.example"},
        {"referer": "https://evil.example/https://hub.example/"},
        {"referer": "https://hub.example@evil.example/"},
        {"origin": "https://evil.example", "referer": "https://hub.example/"},
        {"sec_fetch_site": "cross-site"},
        {"sec_fetch_site": "cross-site", "origin": "https://hub.example"},
        {"sec_fetch_site": "same-site", "origin": "https://other.hub.example"},
    ],
    ids=str,
)
def test_the_browsers_word_on_another_origin_is_believed(csrf: Csrf, headers: dict[str, str]) -> None:
    token = csrf.issue()
    with pytest.raises(CsrfFailed):
        csrf.check(request_with(token, **headers), token)


async def test_a_script_gets_the_token_and_its_cookie(web: Web, world: World) -> None:
    assert world
    browser = Browser(web)
    first = await browser.get("/api/csrf-token")
    assert (first.status_code, first.headers["cache-control"]) == (200, "no-store")
    assert first.json() == {"csrf_token": browser.csrf}
    cookie = SimpleCookie(first.headers["set-cookie"])["csrf_token"]
    assert (cookie["samesite"], cookie["path"], cookie["domain"]) == ("lax", "/", "")
    assert not cookie["httponly"]  # a script of ours has to read it
    again = await browser.get("/api/csrf-token")
    assert again.json() == first.json()
    assert "set-cookie" not in again.headers
    await browser.signed_in(OWNER)
    inside = await browser.get("/api/csrf-token")
    assert inside.json() == {"csrf_token": browser.csrf} != first.json()
    # No page of another origin may read the reply.
    elsewhere = await browser.client.get("/api/csrf-token", headers={"Origin": "https://evil.example"})
    assert "access-control-allow-origin" not in elsewhere.headers


async def test_the_token_changes_with_sign_in_and_sign_out(web: Web, world: World) -> None:
    assert world
    browser = Browser(web)
    await browser.get("/signin")
    before = browser.csrf
    await browser.signed_in(OWNER)
    inside = browser.csrf
    await browser.send("/signout")
    after = browser.csrf
    assert len({before, inside, after}) == 3


Send = Callable[[str], dict[str, Any]]


def as_header(token: str) -> dict[str, Any]:
    return {"data": PROFILE, "headers": {"X-CSRF-Token": token}}


def as_field(token: str) -> dict[str, Any]:
    return {"data": PROFILE | {"csrf_token": token}}


@pytest.mark.parametrize("send", [as_header, as_field])
async def test_a_token_of_before_of_another_and_of_elsewhere_is_refused(web: Web, world: World, send: Send) -> None:
    browser = Browser(web)
    await browser.get("/signin")
    before = browser.csrf
    await browser.signed_in(OWNER)
    own = browser.csrf
    other = (await Browser(web).signed_in("viewer@main.example")).csrf
    same_person = (await Browser(web).signed_in(OWNER)).csrf

    async def post(token: str, cookie: str | None = None) -> httpx.Response:
        # With the cookie of the same value: as if somebody had planted it.
        browser.client.cookies.set("csrf_token", token if cookie is None else cookie, domain="hub.test", path="/")
        return await browser.client.post("/account/profile", **send(token))

    for token in (before, other, same_person, "", "00" * 32):
        refused = await post(token)
        assert refused.status_code == 403
        assert "This page has grown old" in refused.text
        assert (await post(token, own)).status_code == 403
    assert world.rows("SELECT name FROM people WHERE email = %s", OWNER) == [("Owner",)]
    assert (await post(own)).status_code == 303
    assert world.rows("SELECT name FROM people WHERE email = %s", OWNER) == [("Вера",)]
    await browser.send("/signout")
    assert (await post(own)).headers["location"] == "/signin"
    await browser.get("/signin")
    await browser.signed_in(OWNER, PASSWORD)
    assert (await post(own)).status_code == 403


async def test_a_token_in_the_address_is_none(web: Web, world: World) -> None:
    assert world
    browser = await Browser(web).signed_in(OWNER)
    reply = await browser.client.post("/account/profile", params={"csrf_token": browser.csrf}, data=PROFILE)
    assert reply.status_code == 403


async def test_every_page_with_a_form_carries_the_token_of_its_session(web: Web, world: World) -> None:
    assert world
    browser = await Browser(web).signed_in(OWNER)
    for path in ("/account", "/account/second-factor", "/booking"):
        page = await browser.get(path)
        assert page.status_code == 200
        assert page.text.count(f'name="csrf_token" value="{browser.csrf}"') == page.text.count('method="post"') > 0
