"""Articles over HTTP."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from kamhub.kit.ids import new_id
from tests.asgi import Web
from tests.builders import World

PATH = "/api/knowledge/articles"
SKIS: dict[str, Any] = {"title": "Лыжи", "body": "# Лыжи\n\nЛыжи берём бесплатно."}


async def made(web: Web, world: World, **fields: object) -> dict[str, Any]:
    reply = await web.client.post(PATH, json=SKIS | fields, headers=web.staff(world.main, "manager"))
    assert reply.status_code == 201, reply.text
    found: dict[str, Any] = reply.json()
    return found


def category(world: World) -> str:
    category_id = new_id()
    world.execute(
        "INSERT INTO knowledge_categories (organisation_id, id, name, created_at) VALUES (%s, %s, 'Багаж', now())",
        world.main.id, category_id,
    )  # fmt: skip
    return str(category_id)


def waiting(world: World) -> list[tuple[str, int]]:
    """Which versions of which articles wait to be indexed."""
    rows: list[Any] = world.rows(
        "SELECT args -> 'with' FROM procrastinate_jobs WHERE task_name = 'article.index' ORDER BY id"
    )
    return [(row[0]["article_id"], row[0]["version"]) for row in rows]


async def test_an_article_is_written_as_a_draft_and_nobody_finds_it(web: Web, world: World) -> None:
    article = await made(web, world, category_id=category(world))
    assert (article["status"], article["searchable"], article["version"]) == ("draft", False, 1)
    assert article["body"] == SKIS["body"]
    assert waiting(world) == []
    headers = web.staff(world.main, "viewer")
    one = await web.client.get(f"{PATH}/{article['id']}", headers=headers)
    assert (one.json(), one.headers["etag"]) == (article, '"1"')
    listed = (await web.client.get(PATH, headers=headers)).json()["items"]
    assert listed == [{name: value for name, value in article.items() if name != "body"}]
    assert "Лыжи" in (await web.client.get(PATH, headers=headers | {"Accept": "text/csv"})).text


async def test_a_list_is_narrowed(web: Web, world: World) -> None:
    where = category(world)
    await made(web, world, category_id=where)
    await made(web, world, title="Дети", status="published")
    headers = web.staff(world.main)
    for query, total in (("", 2), ("q=лыж", 1), ("status=published", 1), (f"category_id={where}", 1), ("q=нет", 0)):
        assert (await web.client.get(f"{PATH}?{query}", headers=headers)).json()["total"] == total, query
    assert (await web.client.get(f"{PATH}?status=lost", headers=headers)).status_code == 422


async def test_what_can_be_found_follows_every_save_of_a_published_article(web: Web, world: World) -> None:
    article, headers = await made(web, world), web.staff(world.main)
    address = f"{PATH}/{article['id']}"
    steps: tuple[dict[str, object], ...] = (
        {"status": "published"},
        {"body": "Лыжи берём за деньги."},
        {"status": "draft"},
        {"title": "Лыжи и палки"},
    )
    for number, change in enumerate(steps, 2):
        changed = (await web.client.patch(address, json=change, headers=headers)).json()
        assert changed["version"] == number
    # The last one changes a draft: there is nothing to be found, nor was before.
    assert waiting(world) == [(article["id"], 2), (article["id"], 3), (article["id"], 4)]
    same = await web.client.patch(address, json={"title": "Лыжи и палки"}, headers=headers)
    assert same.json()["version"] == 5


async def test_a_stale_save_is_refused(web: Web, world: World) -> None:
    article, headers = await made(web, world), web.staff(world.main)
    reply = await web.client.patch(f"{PATH}/{article['id']}", json={"title": 1}, headers=headers | {"If-Match": '"9"'})
    assert (reply.status_code, reply.json()["code"]) == (412, "version_stale")


async def test_an_older_version_is_brought_back_as_the_next(web: Web, world: World) -> None:
    article, headers = await made(web, world, status="published"), web.staff(world.main)
    address = f"{PATH}/{article['id']}"
    await web.client.patch(address, json={"title": "Сноуборды", "body": "Иначе."}, headers=headers)
    back = (await web.client.post(f"{address}/bring-back", json={"version": 1}, headers=headers)).json()
    assert (back["title"], back["body"], back["version"], back["status"]) == ("Лыжи", SKIS["body"], 3, "published")
    versions = (await web.client.get(f"{address}/versions", headers=headers)).json()
    assert [(one["version"], one["title"]) for one in versions["items"]] == [(3, "Лыжи"), (2, "Сноуборды"), (1, "Лыжи")]
    none = await web.client.post(f"{address}/bring-back", json={"version": 9}, headers=headers)
    assert (none.status_code, none.json()["code"]) == (404, "version_not_found")


@pytest.mark.parametrize(
    ("field", "value"),
    [("title", ""), ("title", "x" * 201), ("body", " "), ("status", "lost"), ("category_id", "x"), ("other", 1)],
)
async def test_what_an_article_cannot_be(web: Web, world: World, field: str, value: object) -> None:
    reply = await web.client.post(PATH, json=SKIS | {field: value}, headers=web.staff(world.main))
    assert (reply.status_code, reply.json()["errors"][0]["field"]) == (422, field)


async def test_a_category_of_nobody_is_refused(web: Web, world: World) -> None:
    article, headers = await made(web, world), web.staff(world.main)
    for reply in (
        await web.client.post(PATH, json=SKIS | {"category_id": str(uuid4())}, headers=headers),
        await web.client.patch(f"{PATH}/{article['id']}", json={"category_id": str(uuid4())}, headers=headers),
    ):
        assert (reply.status_code, reply.json()["code"]) == (404, "category_not_found")


async def test_an_article_goes_with_its_versions_and_what_was_found_of_it(web: Web, world: World) -> None:
    article, headers = await made(web, world, status="published"), web.staff(world.main)
    world.execute(
        "INSERT INTO chunks (organisation_id, id, article_id, ordinal, digest, title, context, text, language, position) "
        "VALUES (%s, gen_random_uuid(), %s, 0, sha256('x'), 'x', '', 'x', 'ru', '{}')",
        world.main.id, article["id"],
    )  # fmt: skip
    address = f"{PATH}/{article['id']}"
    assert (await web.client.delete(address, headers=headers | {"If-Match": '"7"'})).status_code == 412
    assert (await web.client.delete(address, headers=headers)).status_code == 204
    assert (await web.client.get(f"{address}/versions", headers=headers)).status_code == 404
    assert world.rows("SELECT (SELECT count(*) FROM chunks), (SELECT count(*) FROM article_versions)") == [(0, 0)]


async def test_another_organisations_article_is_none(web: Web, world: World) -> None:
    article, theirs = await made(web, world), web.staff(world.other)
    address = f"{PATH}/{article['id']}"
    for call in (
        web.client.get(address, headers=theirs),
        web.client.patch(address, json={"title": "x"}, headers=theirs),
        web.client.delete(address, headers=theirs),
        web.client.get(f"{address}/versions", headers=theirs),
        web.client.post(f"{address}/bring-back", json={"version": 1}, headers=theirs),
    ):
        reply = await call
        assert (reply.status_code, reply.json()["code"]) == (404, "article_not_found")
    assert (await web.client.get(PATH, headers=theirs)).json()["total"] == 0
