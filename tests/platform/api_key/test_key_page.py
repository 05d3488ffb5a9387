"""The page of keys in a browser."""

import re

from tests.asgi import Web
from tests.builders import World
from tests.platform.session.support import Browser

PAGE = "/office/keys"


async def post(browser: Browser, path: str, **fields: str | list[str]) -> tuple[int, str]:
    reply = await browser.client.post(path, data={"csrf_token": browser.csrf, **fields})
    return reply.status_code, reply.text


async def test_a_key_is_shown_on_the_reply_page_alone(web: Web, world: World) -> None:
    browser = await Browser(web).signed_in("owner@main.example")
    empty = await browser.get(PAGE)
    assert "No program has a key yet." in empty.text
    reply = await browser.client.post(
        PAGE,
        data={
            "csrf_token": browser.csrf,
            "name": "Partner site",
            "scopes": ["octo", "bookings.read"],
            "expires_in_days": "90",
        },
    )
    assert reply.status_code == 201, reply.text
    assert reply.headers["cache-control"] == "no-store"
    found = re.search(r"kamhub_[\w-]{43}", reply.text)
    assert found
    assert (await web.client.get("/api/key", headers={"Authorization": f"Bearer {found[0]}"})).status_code == 200
    page = (await browser.get(PAGE)).text
    assert found[0] not in page
    assert "Partner site" in page
    assert f"…{found[0][-4:]}" in page
    assert "Read bookings" in page
    assert "works until 22 February 2027" in page


async def test_what_is_missing_is_said_at_its_field(web: Web, world: World) -> None:
    browser = await Browser(web).signed_in("owner@main.example")
    status, page = await post(browser, PAGE, name="", expires_in_days="90")
    assert status == 422
    assert "Fill this in, please." in page
    assert "Choose at least one right." in page
    status, page = await post(browser, PAGE, name="Partner <b>", scopes=["octo"], expires_in_days="a while")
    assert status == 422
    assert "Partner &lt;b&gt;" in page
    assert re.search(r'value="octo" checked', page)
    status, page = await post(browser, PAGE, name="Partner", scopes=["organisation.manage"], expires_in_days="90")
    assert status == 422
    assert world.rows("SELECT FROM api_keys") == []


async def test_too_many_is_said_on_the_page(web: Web, world: World) -> None:
    world.execute(
        "INSERT INTO api_keys (organisation_id, id, name, key_hash, hint, scopes, created_by, created_at) "
        "SELECT %s, gen_random_uuid(), 'Partner', uuid_send(gen_random_uuid()), 'abcd', '{octo}', %s, now() "
        "FROM generate_series(1, 60)",
        world.main.id,
        world.main.people["owner"],
    )
    browser = await Browser(web).signed_in("owner@main.example")
    status, page = await post(browser, PAGE, name="One more", scopes=["octo"], expires_in_days="never")
    assert status == 409
    assert "There are too many keys; revoke one that is not needed." in page
    assert 'rel="next"' in page
    assert "Page 2 of 2" in (await browser.get(f"{PAGE}?page=2")).text


async def test_revoking_asks_first_and_says_that_it_is_done(web: Web, world: World) -> None:
    browser = await Browser(web).signed_in("owner@main.example")
    await post(browser, PAGE, name="Partner", scopes=["octo"], expires_in_days="never")
    page = (await browser.get(PAGE)).text
    action = re.search(r'action="(/office/keys/[\w-]+/revoke)"', page)
    assert action
    assert "works without end" in page
    assert page.index("<summary") < page.index(action[1])
    reply = await browser.send(action[1])
    assert (reply.status_code, reply.headers["location"]) == (303, f"{PAGE}?done=revoked")
    page = (await browser.get(reply.headers["location"])).text
    assert "The key does not work any more." in page
    assert "revoked on 24 November 2026" in page


async def test_only_who_manages_the_organisation_sees_it(web: Web, world: World) -> None:
    browser = await Browser(web).signed_in("manager@main.example")
    assert (await browser.get(PAGE)).status_code == 403
    assert (await post(browser, PAGE, name="Partner", scopes=["octo"]))[0] == 403
    signed_out = await Browser(web).get(PAGE)
    assert signed_out.status_code in {303, 401}


async def test_a_form_without_its_token_makes_nothing(web: Web, world: World) -> None:
    browser = await Browser(web).signed_in("owner@main.example")
    reply = await browser.client.post(PAGE, data={"name": "Partner", "scopes": "octo"})
    assert reply.status_code == 403
    assert world.rows("SELECT FROM api_keys") == []
