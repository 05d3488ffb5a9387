"""The pages of articles in a browser without a script."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import httpx
from psycopg.types.json import Jsonb

from kamhub.kit.ids import new_id
from tests.asgi import Web
from tests.builders import World
from tests.platform.session.support import Browser

PAGE = "/office/knowledge/articles"
SKIS: dict[str, Any] = {"title": "Лыжи", "body": "# Лыжи\n\nЛыжи берём бесплатно.", "status": "draft"}


async def post(browser: Browser, path: str, **fields: object) -> httpx.Response:
    return await browser.client.post(path, data={"csrf_token": browser.csrf, **fields})


async def signed_in(web: Web, role: str = "manager") -> Browser:
    return await Browser(web).signed_in(f"{role}@main.example")


async def written(browser: Browser, **fields: object) -> str:
    """The address of a new article."""
    reply = await post(browser, PAGE, **SKIS | fields)
    assert reply.status_code == 303, reply.text
    return str(reply.headers["location"]).partition("?")[0]


def chunk(world: World, article_id: str, first_block: int, text: str) -> UUID:
    chunk_id = new_id()
    position = {"headings": [], "first_block": first_block, "last_block": first_block, "page": None, "sheet": None}
    world.execute(
        "INSERT INTO chunks (organisation_id, id, article_id, ordinal, digest, title, context, text, language, position) "
        "VALUES (%s, %s, %s, 0, sha256('x'), 'Лыжи', '', %s, 'ru', %s)",
        world.main.id, chunk_id, article_id, text, Jsonb(position),
    )  # fmt: skip
    return chunk_id


async def test_an_article_is_written_changed_brought_back_and_removed(web: Web, world: World) -> None:
    browser = await signed_in(web)
    assert "No article yet." in (await browser.get(PAGE)).text
    assert 'value="Можно с лыжами?"' in (await browser.get(f"{PAGE}/new?title=Можно с лыжами?")).text
    added = await post(browser, PAGE, **SKIS)
    page = (await browser.get(added.headers["location"])).text
    address = str(added.headers["location"]).partition("?")[0]
    assert "The article is saved." in page
    assert "Лыжи берём бесплатно." in page
    assert "<h3" in page
    assert "Лыжи берём бесплатно." in (await browser.get(f"{address}/edit")).text
    changed = await post(browser, address, **SKIS | {"body": "Только зимой.", "status": "published"}, version="1")
    assert changed.headers["location"] == f"{address}?done=changed"
    page = (await browser.get(address)).text
    assert "published, being prepared for search" in page
    older = (await browser.get(f"{address}?version=1")).text
    assert "Лыжи берём бесплатно." in older
    assert "version 1 of 2" in older
    back = await post(browser, f"{address}/bring-back", number="1", version="2")
    assert back.headers["location"] == f"{address}?done=brought_back"
    assert "Лыжи берём бесплатно." in (await browser.get(address)).text
    gone = await post(browser, f"{address}/remove", version="3")
    assert gone.headers["location"] == f"{PAGE}?done=removed"
    assert (await browser.get(address)).status_code == 404


async def test_a_list_is_narrowed(web: Web, world: World) -> None:
    browser = await signed_in(web)
    await written(browser)
    await written(browser, title="Дети", status="published")
    for query, shown in (("", "ЛД"), ("q=лыж", "Л"), ("status=published", "Д"), ("q=&status=&category_id=", "ЛД")):
        page = (await browser.get(f"{PAGE}?{query}")).text
        assert ("Л" in shown, "Д" in shown) == (">Лыжи</a>" in page, ">Дети</a>" in page), query
    assert "Nothing fits these filters." in (await browser.get(f"{PAGE}?q=нет")).text
    assert (await browser.get(f"{PAGE}?status=lost")).status_code == 422


async def test_a_text_is_looked_at_before_it_is_saved(web: Web, world: World) -> None:
    browser = await signed_in(web)
    table = "| Вещь | Цена |\n|---|---|\n| Лыжи | 500 ₽ |"
    page = await post(browser, f"{PAGE}/preview", **SKIS | {"body": table})
    assert page.status_code == 200
    assert "<td>500 ₽</td>" in page.text
    assert "Nothing is saved yet." in page.text
    assert world.rows("SELECT count(*) FROM articles") == [(0,)]
    address = await written(browser)
    known = {"article_id": address.rpartition("/")[2], "version": "1"}
    page = await post(browser, f"{PAGE}/preview", **SKIS | {"title": "Иначе"}, **known)
    assert f'action="{address}"' in page.text
    assert 'value="Иначе"' in page.text
    wrong = await post(browser, f"{PAGE}/preview", **SKIS | {"body": ""}, **known)
    assert (wrong.status_code, f'action="{address}"' in wrong.text) == (422, True)
    for of in (known, {}):
        wrong = await post(browser, f"{PAGE}/preview", **SKIS | {"category_id": str(world.main.id)}, **of)
        assert (wrong.status_code, "There is no such category" in wrong.text) == (422, True), of
    empty = await post(browser, f"{PAGE}/preview", **SKIS | {"body": "---"})
    assert "There is no text in it that could be found." in empty.text
    for lost in (str(world.main.id), "x"):
        reply = await post(browser, f"{PAGE}/preview", **SKIS, article_id=lost)
        assert reply.status_code in {404, 422}, lost
    assert (await post(browser, f"{PAGE}/preview", **SKIS | {"title": ""}, article_id="x")).status_code == 404


async def test_what_is_wrong_is_said_at_its_field(web: Web, world: World) -> None:
    browser = await signed_in(web)
    wrong = await post(browser, PAGE, **SKIS | {"title": ""})
    assert wrong.status_code == 422
    assert "Лыжи берём бесплатно." in wrong.text
    lost = await post(browser, PAGE, **SKIS, category_id=str(world.main.id))
    assert "There is no such category." in lost.text
    address = await written(browser)
    stale = await post(browser, address, **SKIS | {"title": "Моё"}, version="9")
    assert (stale.status_code, 'value="Моё"' in stale.text) == (412, True)
    for path, fields in (("remove", {"version": "9"}), ("bring-back", {"number": "1", "version": "9"})):
        refused = await post(browser, f"{address}/{path}", **fields)
        assert (refused.status_code, "Somebody has changed this" in refused.text) == (412, True), path
    never = await post(browser, f"{address}/bring-back", number="7", version="1")
    assert (never.status_code, "There is no such version" in never.text) == (404, True)
    assert (await browser.get(f"{address}?version=7")).status_code == 404


async def test_a_citation_opens_the_article_at_its_place(web: Web, world: World) -> None:
    browser = await signed_in(web)
    address = await written(browser, body="\n\n".join(f"Абзац {number}." for number in range(200)), status="published")
    place = chunk(world, address.rpartition("/")[2], 150, "Абзац 150.")
    page = (await browser.get(f"{address}?chunk={place}")).text
    assert page.count("data-marked") == 1
    assert 'id="place" data-marked tabindex="-1"' in page
    assert "Абзац 149." in page
    assert "Абзац 10." not in page, "a long text is not shown as a whole"
    assert f'href="{address}?at=84&chunk={place}#text"' in page.replace("&amp;", "&")
    moved = (await browser.get(f"{address}?chunk={new_id()}")).text
    assert "This place has changed since the answer was given." in moved
    other = chunk(world, (await written(browser, title="Дети")).rpartition("/")[2], 0, "Абзац 0.")
    assert "data-marked" not in (await browser.get(f"{address}?chunk={other}")).text
    assert (await browser.get(f"{address}?chunk=x")).status_code == 200


async def test_who_only_reads_changes_nothing(web: Web, world: World) -> None:
    address = await written(await signed_in(web))
    reader = await signed_in(web, "viewer")
    page = await reader.get(address)
    assert (page.status_code, "Edit" in page.text) == (200, False)
    assert (await reader.get(f"{address}/edit")).status_code == 403
    assert (await post(reader, address, **SKIS, version="1")).status_code == 403
    stranger = await Browser(web).signed_in("manager@other.example")
    assert (await stranger.get(address)).status_code == 404
