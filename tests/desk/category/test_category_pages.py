"""The pages of categories in a browser without a script."""

from __future__ import annotations

import re

import httpx

from tests.asgi import Web
from tests.builders import World
from tests.platform.session.support import Browser

PAGE = "/office/knowledge/categories"


async def post(browser: Browser, path: str, **fields: object) -> httpx.Response:
    return await browser.client.post(path, data={"csrf_token": browser.csrf, **fields})


async def signed_in(web: Web, role: str = "manager") -> Browser:
    return await Browser(web).signed_in(f"{role}@main.example")


async def made(browser: Browser, world: World, name: str, parent_id: str = "", **fields: object) -> str:
    reply = await post(browser, PAGE, name=name, parent_id=parent_id, **fields)
    assert reply.status_code == 303, reply.text
    [[category_id]] = world.rows("SELECT id FROM knowledge_categories WHERE name = %s", name)
    return str(category_id)


async def test_a_tree_is_planted_moved_and_cut(web: Web, world: World) -> None:
    browser = await signed_in(web)
    assert "No category yet." in (await browser.get(PAGE)).text
    rules = await made(browser, world, "Правила", description="Что можно и нельзя", sort_order="2")
    luggage = await made(browser, world, "Багаж", rules)
    page = (await browser.get(f"{PAGE}?done=added")).text
    assert "The category is added." in page
    assert "Что можно и нельзя" in page
    assert [found.start() for found in re.finditer('data-level="2"', page)], "it stands below the other"
    # Up to the top, and by another name.
    moved = await post(browser, f"{PAGE}/{luggage}", name="Вещи", parent_id="", version="1")
    assert moved.headers["location"] == f"{PAGE}/{luggage}?done=changed"
    assert "The changes are saved." in (await browser.get(moved.headers["location"])).text
    assert 'data-level="2"' not in (await browser.get(PAGE)).text
    gone = await post(browser, f"{PAGE}/{luggage}/remove", version="2")
    assert gone.headers["location"] == f"{PAGE}?done=removed"
    assert "Вещи" not in (await browser.get(PAGE)).text


async def test_what_is_wrong_is_said_at_its_field(web: Web, world: World) -> None:
    browser = await signed_in(web)
    wrong = await post(browser, PAGE, name="", description="слово", sort_order="many")
    assert wrong.status_code == 422
    assert wrong.text.count('class="error"') == 2
    assert 'value="слово"' in wrong.text
    top = await made(browser, world, "Правила")
    taken = await post(browser, PAGE, name="Правила")
    assert (taken.status_code, "There is a category of this name" in taken.text) == (409, True)
    below = await made(browser, world, "Багаж", top)
    # It is not offered as a place for itself, and who asks for it all the same is told.
    assert f'<option value="{below}"' not in (await browser.get(f"{PAGE}/{top}")).text
    circle = await post(browser, f"{PAGE}/{top}", name="Правила", parent_id=below, version="1")
    assert (circle.status_code, "cannot stand below itself" in circle.text) == (409, True)
    nameless = await post(browser, f"{PAGE}/{top}", name="", version="1")
    assert nameless.status_code == 422
    stale = await post(browser, f"{PAGE}/{top}", name="Порядок", version="7")
    assert (stale.status_code, 'value="Порядок"' in stale.text) == (412, True)
    lost = await post(browser, PAGE, name="Дети", parent_id=str(world.main.id))
    assert (lost.status_code, "There is no such category" in lost.text) == (404, True)


async def test_a_category_with_something_in_it_stays(web: Web, world: World) -> None:
    browser = await signed_in(web)
    top = await made(browser, world, "Правила")
    await made(browser, world, "Багаж", top)
    page = (await browser.get(f"{PAGE}/{top}")).text
    assert "It can be removed once nothing is in it or below it." in page
    refused = await post(browser, f"{PAGE}/{top}/remove", version="1")
    assert (refused.status_code, "move what is in it first" in refused.text) == (409, True)


async def test_who_only_reads_sees_no_forms(web: Web, world: World) -> None:
    top = await made(await signed_in(web), world, "Правила", description="слова")
    reader = await signed_in(web, "viewer")
    for path in (PAGE, f"{PAGE}/{top}"):
        page = await reader.get(path)
        assert page.status_code == 200
        assert 'name="sort_order"' not in page.text
    assert (await post(reader, PAGE, name="Ещё")).status_code == 403
    stranger = await Browser(web).signed_in("manager@other.example")
    assert (await stranger.get(f"{PAGE}/{top}")).status_code == 404
