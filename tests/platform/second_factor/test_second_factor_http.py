"""The second factor over HTTP and on pages."""

from __future__ import annotations

import re
from datetime import timedelta

import httpx
import pytest

from kamhub.kit.clock import ManualClock
from tests.asgi import Web
from tests.builders import PASSWORD, World
from tests.platform.second_factor.support import Authenticator
from tests.platform.session.support import Browser, bearer, tokens_of

OWNER = "owner@main.example"
FACTOR = "/api/me/second-factor"
PAGE = "/account/second-factor"


@pytest.fixture
async def owner(web: Web, world: World) -> dict[str, str]:
    assert world
    return bearer((await tokens_of(web, OWNER))["access_token"])


async def switch_on(web: Web, owner: dict[str, str], clock: ManualClock) -> tuple[Authenticator, list[str]]:
    refused = await web.client.post(FACTOR, json={"password": "not the password"}, headers=owner)
    assert (refused.status_code, refused.json()["code"]) == (422, "password_wrong")
    begun = await web.client.post(FACTOR, json={"password": PASSWORD}, headers=owner)
    assert (begun.status_code, begun.headers["cache-control"]) == (201, "no-store")
    assert begun.json()["secret"] in begun.json()["uri"]
    phone = Authenticator(begun.json()["secret"], clock)
    confirmed = await web.client.post(f"{FACTOR}/confirm", json={"code": phone.code()}, headers=owner)
    assert (confirmed.status_code, confirmed.headers["cache-control"]) == (200, "no-store")
    clock.advance(timedelta(seconds=30))
    codes: list[str] = confirmed.json()["recovery_codes"]
    return phone, codes


async def sign_in(web: Web, **more: str) -> httpx.Response:
    return await web.client.post("/api/auth/signin", json={"email": OWNER, "password": PASSWORD, **more})


async def test_from_on_to_off(web: Web, world: World, owner: dict[str, str], clock: ManualClock) -> None:
    phone, codes = await switch_on(web, owner, clock)
    assert len(set(codes)) == 10
    assert (await web.client.get("/api/me", headers=owner)).json()["second_factor"] is True
    asked = await sign_in(web)
    assert (asked.status_code, asked.json()["code"]) == (401, "second_factor_required")
    assert "challenge" not in asked.text
    wrong = await sign_in(web, code=phone.wrong())
    assert (wrong.status_code, wrong.json()["code"]) == (401, "second_factor_invalid")
    assert (await sign_in(web, code=phone.code())).status_code == 200
    assert (await sign_in(web, code=phone.code())).status_code == 401
    assert (await sign_in(web, code=codes[0])).status_code == 200
    for again in (FACTOR, f"{FACTOR}/confirm"):
        body = {"password": PASSWORD} if again == FACTOR else {"code": phone.code()}
        refused = await web.client.post(again, headers=owner, json=body)
        assert (refused.status_code, refused.json()["code"]) == (409, "second_factor_on")

    clock.advance(timedelta(seconds=30))
    renewed = await web.client.post(f"{FACTOR}/recovery-codes", json={"code": phone.code()}, headers=owner)
    assert renewed.status_code == 200
    fresh = renewed.json()["recovery_codes"]
    assert not set(fresh) & set(codes)

    async def off(password: str, code: str) -> tuple[int, str]:
        body = {"password": password, "code": code}
        reply = await web.client.post(f"{FACTOR}/disable", json=body, headers=owner)
        return reply.status_code, reply.json()["code"] if reply.content else ""

    assert await off("not the password", fresh[0]) == (422, "password_wrong")
    assert await off(PASSWORD, phone.wrong()) == (422, "code_not_right")
    assert await off(PASSWORD, fresh[0]) == (204, "")
    assert await off(PASSWORD, fresh[1]) == (409, "second_factor_off")
    assert (await sign_in(web)).status_code == 200
    told = {
        row[0]
        for row in world.rows("SELECT action FROM audit_events WHERE object_id = %s", str(world.main.people["owner"]))
    }
    assert {f"second_factor.{what}" for what in ("begun", "enabled", "codes_renewed", "disabled")} <= told


async def test_a_code_where_none_is_needed_does_no_harm(web: Web, owner: dict[str, str]) -> None:
    assert owner
    assert (await sign_in(web, code="123456")).status_code == 200


async def test_on_pages(web: Web, world: World, clock: ManualClock) -> None:
    assert world
    browser = await Browser(web).signed_in(OWNER)
    assert (await browser.get(PAGE)).status_code == 200
    refused = await browser.send(f"{PAGE}/begin", password="not the password")
    assert refused.status_code == 422
    assert "This is not your password." in refused.text
    begun = await browser.send(f"{PAGE}/begin", password=PASSWORD)
    assert (begun.status_code, begun.headers["location"]) == (303, PAGE)
    page = await browser.get(PAGE)
    assert page.headers["cache-control"] == "no-store"
    assert "<svg" in page.text
    [secret] = re.findall(r"<code[^>]*>([A-Z2-7]{32})</code>", page.text)
    phone = Authenticator(secret, clock)
    wrong = await browser.send(f"{PAGE}/confirm", code=phone.wrong())
    assert wrong.status_code == 422
    assert "This code is not right or has been used." in wrong.text
    on = await browser.send(f"{PAGE}/confirm", code=phone.code())
    assert (on.status_code, on.headers["cache-control"]) == (200, "no-store")
    codes = re.findall(r">([a-z2-9]{5}-[a-z2-9]{5})<", on.text)
    assert len(set(codes)) == 10
    shown = await browser.get(PAGE)
    assert secret not in shown.text  # shown while it was to be scanned, and never again
    assert codes[0] not in shown.text
    assert (await browser.send(f"{PAGE}/begin", password=PASSWORD)).status_code == 303
    assert secret not in (await browser.get(PAGE)).text

    clock.advance(timedelta(seconds=30))
    renewed = await browser.send(f"{PAGE}/recovery-codes", code=phone.code())
    assert renewed.status_code == 200
    fresh = re.findall(r">([a-z2-9]{5}-[a-z2-9]{5})<", renewed.text)
    assert len(fresh) == 10
    assert (await browser.send(f"{PAGE}/disable", password="x", code=fresh[0])).status_code == 422
    assert (await browser.send(f"{PAGE}/disable", password=PASSWORD, code=codes[0])).status_code == 422
    assert (await browser.send(f"{PAGE}/disable", password=PASSWORD, code="")).status_code == 422
    off = await browser.send(f"{PAGE}/disable", password=PASSWORD, code=fresh[0])
    assert (off.status_code, off.headers["location"]) == (303, "/account?done=factor_off")


async def test_a_browser_signs_in_by_two_steps(
    web: Web, world: World, owner: dict[str, str], clock: ManualClock
) -> None:
    phone, codes = await switch_on(web, owner, clock)
    before = world.rows("SELECT count(*) FROM sessions")
    browser = Browser(web)
    first = await browser.sign_in(OWNER, PASSWORD, next="/account")
    assert (first.status_code, first.headers["cache-control"]) == (200, "no-store")
    assert browser.session is None
    assert world.rows("SELECT count(*) FROM sessions") == before
    [challenge] = re.findall(r'name="challenge" value="([^"]+)"', first.text)
    for wrong in (phone.wrong(), "", "1", "x" * 500):
        again = await browser.send("/signin/code", challenge=challenge, code=wrong, next="/account")
        assert again.status_code == 401
        assert challenge in again.text
    assert browser.session is None
    done = await browser.send("/signin/code", challenge=challenge, code=phone.code(), next="/account")
    assert (done.status_code, done.headers["location"]) == (303, "/account")
    assert (await browser.get("/account")).status_code == 200

    # The page that was left open: its code is spent, and in ten minutes it is no page any more.
    other = Browser(web)
    spent = await other.send("/signin/code", challenge=challenge, code=phone.code())
    assert spent.status_code == 401
    clock.advance(timedelta(minutes=11))
    for over in (challenge, "made up", ""):
        late = await other.send("/signin/code", challenge=over, code=codes[0])
        assert late.status_code in {303, 401}
        assert late.headers.get("location") in {"/signin", None}
    assert other.session is None


async def test_the_second_step_leads_nowhere_else(
    web: Web, world: World, owner: dict[str, str], clock: ManualClock
) -> None:
    assert world
    _, codes = await switch_on(web, owner, clock)
    for code, way_on in zip(codes, ("//evil.example", "https://evil.example", "/\\evil.example"), strict=False):
        browser = Browser(web)
        page = await browser.sign_in(OWNER, PASSWORD, next=way_on)
        [challenge] = re.findall(r'name="challenge" value="([^"]+)"', page.text)
        done = await browser.send("/signin/code", challenge=challenge, code=code, next=way_on)
        assert (done.status_code, done.headers["location"]) == (303, "/")


async def test_a_password_set_anew_in_between_closes_the_second_step(
    web: Web, world: World, owner: dict[str, str], clock: ManualClock
) -> None:
    assert world
    phone, _ = await switch_on(web, owner, clock)
    browser = Browser(web)
    page = await browser.sign_in(OWNER)
    [challenge] = re.findall(r'name="challenge" value="([^"]+)"', page.text)
    body = {"current_password": PASSWORD, "new_password": "тихий-фумарол-58"}
    assert (await web.client.post("/api/me/password", json=body, headers=owner)).status_code == 204
    late = await browser.send("/signin/code", challenge=challenge, code=phone.code())
    assert (late.status_code, late.headers["location"]) == (303, "/signin")
    assert browser.session is None
