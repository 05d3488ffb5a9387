"""Password reset and confirmation over HTTP and on pages."""

from __future__ import annotations

import re

import httpx
import pytest

from tests.asgi import Web
from tests.builders import PASSWORD, World
from tests.platform.mailed_link.support import Context, token_in
from tests.platform.session.support import Browser, bearer, tokens_of

OWNER = "owner@main.example"
NEW_PASSWORD = "тихий-фумарол-58"
UNWRITTEN = ("made-up", "", "x" * 200, "%00", "é")


@pytest.fixture
def context(web: Web, world: World) -> Context:
    assert world
    return Context(web.app.state.people)


async def reset_token(context: Context, web: Web) -> str:
    reply = await web.client.post("/api/auth/password-reset", json={"email": OWNER})
    assert reply.status_code == 202
    return token_in((await context.run_jobs())[-1])


async def confirmation_token(context: Context, web: Web) -> str:
    body = {"email": "anna@people.example", "password": "лавовый-мост-47", "name": "Анна"}
    assert (await web.client.post("/api/auth/signup", json=body)).status_code == 201
    return token_in((await context.run_jobs())[-1])


async def test_the_answer_tells_nothing(web: Web, context: Context) -> None:
    assert context
    replies = [
        await web.client.post("/api/auth/password-reset", json={"email": email})
        for email in (OWNER, OWNER.upper(), "nobody@main.example")
    ]
    assert {reply.status_code for reply in replies} == {202}
    assert len({reply.content for reply in replies}) == 1
    headers = [{name: value for name, value in each.headers.items() if name != "x-request-id"} for each in replies]
    assert headers[0] == headers[1] == headers[2]
    pages = []
    for email in (OWNER, "nobody@main.example"):
        page = await Browser(web).send("/password-reset", email=email)
        assert page.status_code == 202
        pages.append(re.sub(r'value="[0-9a-f]{64}"|[0-9a-f]{32}', "", page.text))
    assert pages[0] == pages[1]
    assert [mail.recipient for mail in await context.run_jobs()] == [OWNER] * 3


async def test_over_the_api(web: Web, context: Context) -> None:
    header = bearer((await tokens_of(web, OWNER))["access_token"])
    token = await reset_token(context, web)

    async def confirm(token: str, password: str) -> httpx.Response:
        return await web.client.post("/api/auth/password-reset/confirm", json={"token": token, "password": password})

    weak = await confirm(token, "password2026")
    assert (weak.status_code, [error["field"] for error in weak.json()["errors"]]) == (422, ["password"])
    assert (await confirm(token, "short")).status_code == 422
    assert (await confirm(token, NEW_PASSWORD)).status_code == 202
    assert (await web.client.get("/api/me", headers=header)).status_code == 401
    await tokens_of(web, OWNER, NEW_PASSWORD)
    for over in (token, token[:-1] + ("A" if token[-1] != "A" else "E"), "made-up"):
        refused = await confirm(over, NEW_PASSWORD)
        assert (refused.status_code, refused.json()["code"]) == (410, "link_over")

    confirmation = await confirmation_token(context, web)
    body = {"token": confirmation}
    assert (await web.client.post("/api/auth/email-confirmation", json=body)).status_code == 202
    again = await web.client.post("/api/auth/email-confirmation", json=body)
    assert (again.status_code, again.json()["code"]) == (410, "link_over")


async def test_on_pages(web: Web, context: Context, world: World) -> None:
    signed_in = await Browser(web).signed_in(OWNER)
    browser = Browser(web)
    token = await reset_token(context, web)
    address = f"/password-reset/new?token={token}"
    before = world.rows("SELECT used_at FROM mailed_links"), world.rows("SELECT password_hash FROM people ORDER BY id")
    for _ in range(3):
        page = await browser.get(address)
        assert page.status_code == 200
        # The link must not travel on: neither to other sites, nor into a cache.
        assert page.headers.get_list("referrer-policy") == ["same-origin"]
        assert page.headers["cache-control"] == "no-store"
        assert page.text.count(token) == 1  # in the form, and not in the links to switch the language
    head = await browser.client.head(address)
    assert head.status_code == 200
    assert before == (
        world.rows("SELECT used_at FROM mailed_links"),
        world.rows("SELECT password_hash FROM people ORDER BY id"),
    )
    weak = await browser.send("/password-reset/new", token=token, password="password2026")
    assert weak.status_code == 422
    assert 'aria-invalid="true"' in weak.text
    assert weak.headers.get_list("referrer-policy") == ["same-origin"]
    done = await browser.send("/password-reset/new", token=token, password=NEW_PASSWORD)
    assert done.status_code == 200
    assert token not in done.text
    assert browser.session is None  # the second step may be due yet
    assert (await signed_in.get("/account")).status_code == 303
    assert (await browser.sign_in(OWNER, PASSWORD)).status_code == 401
    await browser.signed_in(OWNER, NEW_PASSWORD)
    for over in (
        await browser.get(address),
        await browser.send("/password-reset/new", token=token, password=NEW_PASSWORD),
    ):
        assert over.status_code == 410
        assert "/password-reset" in over.text


async def test_the_page_of_a_confirmation_changes_nothing_until_it_is_sent(
    web: Web, context: Context, world: World
) -> None:
    token = await confirmation_token(context, web)
    confirmed = "SELECT email_confirmed_at IS NOT NULL FROM people WHERE email = 'anna@people.example'"
    browser = Browser(web)
    for _ in range(2):
        page = await browser.get(f"/email-confirmation?token={token}")
        assert page.status_code == 200
        assert page.headers.get_list("referrer-policy") == ["same-origin"]
        assert page.headers["cache-control"] == "no-store"
        assert page.text.count(token) == 1
    assert world.rows(confirmed) == [(False,)]
    assert (await browser.send("/email-confirmation", token=token)).status_code == 200
    assert world.rows(confirmed) == [(True,)]
    assert (await browser.send("/email-confirmation", token=token)).status_code == 410
    assert (await browser.get(f"/email-confirmation?token={token}")).status_code == 410


@pytest.mark.parametrize("path", ["/password-reset/new", "/email-confirmation"])
async def test_links_that_nobody_wrote(web: Web, context: Context, path: str) -> None:
    assert context
    browser = Browser(web)
    for token in UNWRITTEN:
        assert (await browser.client.get(path, params={"token": token})).status_code == 410
    assert (await browser.get(path)).status_code == 410
    for token in (*UNWRITTEN, "x" * 5_000):
        reply = await browser.send(path, token=token, password=NEW_PASSWORD)
        assert reply.status_code in {410, 422}, token[:20]


async def test_an_address_that_is_none_is_told_beside_its_field(web: Web, context: Context) -> None:
    for email in ("", "anna", "<script>alert(1)</script>", "a@b\r\nBcc: x@y.example"):
        page = await Browser(web).send("/password-reset", email=email)
        assert page.status_code == 422
        assert 'aria-invalid="true"' in page.text
        assert "<script>alert(1)" not in page.text
    assert await context.run_jobs() == []


async def test_asked_again_by_its_person(web: Web, context: Context, world: World) -> None:
    world.execute("UPDATE people SET email_confirmed_at = NULL WHERE email = %s", OWNER)
    browser = await Browser(web).signed_in(OWNER)
    assert OWNER in (await browser.get("/account")).text
    sent = await browser.send("/account/email-confirmation")
    assert (sent.status_code, sent.headers["location"]) == (303, "/account?done=mailed")
    api = await web.client.post("/api/me/email-confirmation", headers=web.staff(world.main))
    assert api.status_code == 202
    mails = await context.run_jobs()
    assert [mail.recipient for mail in mails] == [OWNER] * 2
    assert (await browser.send("/email-confirmation", token=token_in(mails[0]))).status_code == 200
    # It takes the other link with it, and there is nothing more to ask for.
    assert (await browser.send("/email-confirmation", token=token_in(mails[1]))).status_code == 410
    assert (await browser.send("/account/email-confirmation")).status_code == 303
    assert await context.run_jobs() == []
