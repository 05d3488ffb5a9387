"""The cookie of a browser: what it may do, where it comes from, and that nobody can choose it for another."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from http.cookies import Morsel, SimpleCookie
from pathlib import Path
from uuid import UUID, uuid4

import httpx
import pytest

from kamhub.kit.clock import ManualClock
from kamhub.platform.crypto.keys import KeyRing
from kamhub.platform.session.tokens import digest
from kamhub.platform.settings import Settings
from tests.asgi import ORIGIN, Web, serve
from tests.builders import PASSWORD, World
from tests.hub.payment.support import Provider
from tests.platform.session.support import Browser, bearer, tokens_of

OWNER = "owner@main.example"
# Both operators have a person of this name; see ``join``.
BOTH = "viewer@main.example"
ENGLISH = {"name": "Вера", "locale": "en"}


def cookies_of(reply: httpx.Response) -> dict[str, Morsel[str]]:
    found: dict[str, Morsel[str]] = {}
    for header in reply.headers.get_list("set-cookie"):
        found |= SimpleCookie(header)
    return found


def join(world: World) -> None:
    """Make the viewer of the main operator a dispatcher of the other one."""
    world.execute(
        "INSERT INTO memberships (organisation_id, person_id, role, created_at) VALUES (%s, %s, 'dispatcher', %s)",
        world.other.id,
        world.main.people["viewer"],
        world.now.replace(year=2999),
    )


@pytest.fixture
async def production(
    database_url: str, keys: KeyRing, clock: ManualClock, data_dir: Path, service: Provider
) -> AsyncIterator[Web]:
    settings = Settings(env="production", rate_limits="off", allowed_origins=("https://shop.test",))
    async with serve(database_url, keys, clock, data_dir, provider=service, settings=settings) as running:
        yield running


async def test_the_cookie_in_development(web: Web, world: World) -> None:
    assert world
    reply = await Browser(web).sign_in(OWNER)
    assert (reply.status_code, reply.headers["cache-control"]) == (303, "no-store")
    cookies = cookies_of(reply)
    assert cookies.keys() == {"session", "csrf_token", "device"}
    session = cookies["session"]
    assert (session["httponly"], session["samesite"], session["path"], session["secure"]) == (True, "lax", "/", "")
    assert (session["domain"], session["max-age"]) == ("", str(30 * 24 * 3600))
    assert cookies["device"]["httponly"]
    assert (cookies["device"]["path"], cookies["device"]["samesite"]) == ("/signin", "lax")


async def test_the_cookie_in_production(production: Web, world: World) -> None:
    assert world
    browser = Browser(production, origin="https://hub.test")
    reply = await browser.sign_in(OWNER)
    assert reply.status_code == 303
    cookies = cookies_of(reply)
    assert cookies.keys() == {"__Host-session", "csrf_token", "device"}
    session = cookies["__Host-session"]
    # What the prefix promises, or browsers refuse the cookie (RFC 6265bis, 4.1.3.2).
    assert (session["secure"], session["path"], session["domain"]) == (True, "/", "")
    assert (session["httponly"], session["samesite"]) == (True, "lax")
    assert all(cookie["secure"] for cookie in cookies.values())
    assert (await browser.get("/account")).status_code == 200
    # The name without the promise is nobody's session there.
    token = browser.session
    plain = await Browser(production).client.get("/api/me", headers={"Cookie": f"session={token}"})
    assert plain.status_code == 401
    out = await browser.send("/signout")
    assert cookies_of(out)["__Host-session"]["max-age"] == "0"


async def test_the_token_is_stored_as_a_digest_only(web: Web, world: World) -> None:
    browser = await Browser(web).signed_in(OWNER)
    [(stored, row)] = world.rows("SELECT token_hash, sessions::text FROM sessions WHERE kind = 'browser'")
    assert browser.session is not None
    assert stored == digest(browser.session)
    assert browser.session not in str(row)


async def test_a_session_that_was_brought_along_never_becomes_ones_own(web: Web, world: World) -> None:
    assert world
    attacker = await Browser(web).signed_in("viewer@main.example")
    for planted in (attacker.session, "chosen-by-somebody-else"):
        victim = Browser(web)
        victim.client.cookies.set("session", planted or "", domain="hub.test", path="/")
        await victim.signed_in(OWNER)
        assert victim.session not in {planted, None}
        assert (await victim.get("/api/me")).json()["user"]["email"] == OWNER
    # It ends: the browser that brought it has begun another in its place.
    assert (await attacker.get("/api/me")).status_code == 401
    unknown = Browser(web)
    unknown.client.cookies.set("session", "chosen-by-somebody-else", domain="hub.test", path="/")
    assert (await unknown.get("/api/me")).status_code == 401


async def test_the_token_changes_at_every_sign_in_and_the_session_before_it_ends(web: Web, world: World) -> None:
    assert world
    browser = await Browser(web).signed_in(OWNER)
    first = browser.session
    await browser.signed_in("viewer@main.example")
    assert browser.session != first
    left = await Browser(web).client.get("/api/me", headers={"Cookie": f"session={first}"})
    assert left.status_code == 401


async def test_signing_out_ends_the_session_and_not_the_cookie_alone(web: Web, world: World) -> None:
    assert world
    browser = await Browser(web).signed_in(OWNER)
    kept = browser.session
    out = await browser.send("/signout")
    assert (out.status_code, out.headers["location"], out.headers["cache-control"]) == (303, "/signin", "no-store")
    assert browser.session is None
    thief = await Browser(web).client.get("/api/me", headers={"Cookie": f"session={kept}"})
    assert thief.status_code == 401
    assert (await browser.send("/signout")).status_code == 303


async def test_writes_by_cookie_need_the_token_of_forms_and_our_own_page(web: Web, world: World) -> None:
    browser = await Browser(web).signed_in(OWNER)
    right = {"X-CSRF-Token": browser.csrf}
    stranger = await Browser(web).signed_in("viewer@main.example")
    for headers in (
        {},
        {"X-CSRF-Token": ""},
        {"X-CSRF-Token": "00" * 32},
        {"X-CSRF-Token": stranger.csrf},
        right | {"Origin": "https://evil.example"},
        right | {"Origin": "null"},
        right | {"Sec-Fetch-Site": "cross-site"},
        right | {"Referer": "https://evil.example/hub.test"},
    ):
        refused = await browser.client.patch("/api/me", json=ENGLISH, headers=headers)
        assert (refused.status_code, refused.json()["code"]) == (403, "csrf_failed"), headers
    assert world.rows("SELECT name FROM people WHERE email = %s", OWNER) == [("Owner",)]
    for headers in (right, right | {"Origin": ORIGIN, "Sec-Fetch-Site": "same-origin", "Referer": f"{ORIGIN}/account"}):
        assert (await browser.client.patch("/api/me", json=ENGLISH, headers=headers)).status_code == 200
    assert (await browser.get("/api/me")).status_code == 200  # reading needs none


async def test_writes_by_token_need_none(web: Web, world: World) -> None:
    header = web.staff(world.main)
    elsewhere = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
    for headers in (header, header | elsewhere):
        assert (await web.client.patch("/api/me", json=ENGLISH, headers=headers)).status_code == 200


async def test_the_header_wins_over_the_cookie(web: Web, world: World) -> None:
    browser = await Browser(web).signed_in(OWNER)
    other = web.staff(world.other, "viewer")
    told = (await browser.client.get("/api/me", headers=other)).json()
    assert told["user"]["email"] == "viewer@other.example"
    # A bad token is refused and never made good by the cookie.
    for header in ({"Authorization": "Bearer x.y.z"}, {"Authorization": "Basic eDp5"}, {"Authorization": ""}):
        assert (await browser.client.get("/api/me", headers=header)).status_code == 401
        assert (await browser.client.patch("/api/me", json=ENGLISH, headers=header)).status_code == 401


async def test_a_session_cookie_is_no_bearer_token_and_the_other_way_round(web: Web, world: World) -> None:
    assert world
    browser = await Browser(web).signed_in(OWNER)
    signed_in = await tokens_of(web, OWNER)
    assert (await web.client.get("/api/me", headers=bearer(browser.session or ""))).status_code == 401
    for token in (signed_in["access_token"], signed_in["refresh_token"]):
        reply = await Browser(web).client.get("/api/me", headers={"Cookie": f"session={token}"})
        assert reply.status_code == 401
    session = {"refresh_token": browser.session}
    assert (await web.client.post("/api/auth/refresh", json=session)).status_code == 401
    assert (await browser.get("/api/me")).status_code == 200


async def test_going_on_in_another_of_ones_organisations(web: Web, world: World) -> None:
    join(world)
    browser = await Browser(web).signed_in(BOTH)
    before = browser.session, browser.csrf
    page = await browser.get("/account")
    assert "Work here" in page.text
    moved = await browser.send("/account/organisation", organisation_id=str(world.other.id))
    assert (moved.status_code, moved.headers["location"]) == (303, "/office")
    assert browser.session not in {before[0], None}
    assert browser.csrf != before[1]
    told = (await browser.get("/api/me")).json()
    assert (told["organisation"]["slug"], told["role"]) == ("other", "dispatcher")
    left = await Browser(web).client.get("/api/me", headers={"Cookie": f"session={before[0]}"})
    assert left.status_code == 401
    assert world.rows(
        "SELECT organisation_id FROM audit_events WHERE action = 'session.began' AND after = '{\"kind\": \"browser\"}' ORDER BY id"
    ) == [(world.main.id,), (world.other.id,)]


async def test_a_program_switches_by_a_further_session(web: Web, world: World) -> None:
    join(world)
    first = await tokens_of(web, BOTH)
    body = {"organisation_id": str(world.other.id)}
    switched = await web.client.post("/api/auth/switch", json=body, headers=bearer(first["access_token"]))
    assert (switched.status_code, switched.json()["organisation"]["slug"]) == (201, "other")
    for pair, organisation in ((first, "main"), (switched.json(), "other")):
        told = (await web.client.get("/api/me", headers=bearer(pair["access_token"]))).json()
        assert told["organisation"]["slug"] == organisation
        assert {place["slug"]: place["role"] for place in told["organisations"]} == {
            "main": "viewer",
            "other": "dispatcher",
        }


async def test_nobody_switches_to_an_organisation_of_others(web: Web, world: World) -> None:
    browser = await Browser(web).signed_in(OWNER)
    before = browser.session
    for organisation in (world.other.id, UUID(int=0), uuid4()):
        body = {"organisation_id": str(organisation)}
        program = await web.client.post("/api/auth/switch", json=body, headers=web.staff(world.main))
        assert (program.status_code, program.json()["code"]) == (404, "organisation_not_found")
        page = await browser.send("/account/organisation", **body)
        assert page.status_code == 404
    for rubbish in ("", "main", "x" * 5_000, "../other"):
        page = await browser.send("/account/organisation", organisation_id=rubbish)
        assert page.status_code == 404, rubbish[:20]
    assert browser.session == before
    assert (await browser.get("/api/me")).json()["organisation"]["slug"] == "main"


async def test_an_organisation_named_in_header_path_query_or_body_is_never_believed(web: Web, world: World) -> None:
    join(world)
    header = bearer((await tokens_of(web, BOTH))["access_token"])
    other = str(world.other.id)
    named = dict.fromkeys(("X-Org-Id", "X-Organisation-Id", "X-Organization-Id", "X-Tenant-Id", "X-Account-Id"), other)
    params = {"organisation_id": other, "org": other, "org_id": other}
    told = await web.client.get("/api/me", headers=header | named | {"Cookie": f"org={other}"}, params=params)
    assert told.json()["organisation"]["slug"] == "main"
    body = {"name": "Вера", "locale": "ru", "organisation_id": other}
    assert (await web.client.patch("/api/me", json=body, headers=header | named)).status_code == 422
    accounts = await web.client.get("/api/payment-accounts", headers=header | named, params=params)
    # Refused as unknown, or not read at all: in no case the other's.
    assert accounts.status_code in {200, 422}
    assert accounts.status_code == 422 or [item["mode"] for item in accounts.json()["items"]] == ["demo"]


@pytest.mark.parametrize(
    ("way_on", "there"),
    [
        ("/account", "/account"),
        ("/account?done=saved", "/account?done=saved"),
        ("", "/office"),
        ("https://evil.example/", "/"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("javascript:alert(1)", "/"),
        ("/\tevil", "/"),
        ("/x\r\nSet-Cookie: a=b", "/"),
    ],
)
async def test_the_way_on_stays_here(web: Web, world: World, way_on: str, there: str) -> None:
    assert world
    browser = Browser(web)
    page = await browser.client.get("/signin", params={"next": way_on})
    assert page.status_code == 200
    kept = re.findall(r'name="next" value="([^"]*)"', page.text)
    assert kept == ([there] if way_on else [])
    reply = await browser.sign_in(OWNER, PASSWORD, next=way_on)
    assert (reply.status_code, reply.headers["location"]) == (303, there)


async def test_a_page_asked_for_by_nobody_leads_to_sign_in_and_back(web: Web, world: World) -> None:
    assert world
    browser = Browser(web)
    reply = await browser.get("/account/second-factor")
    assert (reply.status_code, reply.headers["location"]) == (303, "/signin?next=%2Faccount%2Fsecond-factor")
    assert reply.headers["cache-control"] == "no-store"
    form = await browser.get(reply.headers["location"])
    assert 'value="/account/second-factor"' in form.text


async def test_whoever_is_signed_in_is_led_on_from_the_form(web: Web, world: World) -> None:
    assert world
    browser = await Browser(web).signed_in(OWNER)
    for asked, there in (("/signin", "/office"), ("/signin?next=/account", "/account"), ("/signin?next=//x", "/")):
        reply = await browser.get(asked)
        assert (reply.status_code, reply.headers["location"]) == (303, there)
    await browser.send("/signout")
    assert (await browser.get("/signin")).status_code == 200


@pytest.mark.parametrize(
    ("email", "password"),
    [("nobody@people.example", PASSWORD), ("no address", "x"), ("", ""), (OWNER, "wrong"), (OWNER, "x" * 300)],
)
async def test_whatever_is_wrong_the_page_is_the_same(web: Web, world: World, email: str, password: str) -> None:
    before = world.rows("SELECT count(*) FROM sessions")
    browser = Browser(web)
    reply = await browser.sign_in(email, password)
    assert reply.status_code == 401
    assert re.findall(r'role="alert">.*?<p>(.*?)</p>', reply.text, re.DOTALL) == [
        "The e-mail or the password is not right."
    ]
    assert "www-authenticate" not in reply.headers  # or the browser would ask by itself
    assert "session" not in cookies_of(reply)
    assert len(password) < 5 or password not in reply.text
    assert world.rows("SELECT count(*) FROM sessions") == before


async def test_a_form_from_elsewhere_is_refused(web: Web, world: World) -> None:
    assert world
    reply = await Browser(web).client.post("/signin", data={"email": OWNER, "password": PASSWORD})
    assert reply.status_code == 403
    assert "session" not in cookies_of(reply)
