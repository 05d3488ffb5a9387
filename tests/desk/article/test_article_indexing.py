"""What can be found of articles: what is written, once, and nothing of a draft."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from kamhub.desk.article import actions
from kamhub.desk.article.jobs import JOBS
from kamhub.desk.article.types import Article, ArticleFacts
from kamhub.desk.embedding.types import EmbedderUnavailable
from kamhub.desk.knowledge.rules import pieces_of
from kamhub.desk.services import Desk, SayProgress
from kamhub.hub.services import Hub
from kamhub.platform.audit.types import Trail
from kamhub.platform.database.pool import Database
from kamhub.platform.file.folder import FolderFiles
from kamhub.platform.job.types import DONE
from kamhub.platform.outbound.guarded import GuardedFetcher
from kamhub.platform.person.types import Staff
from tests.builders import World
from tests.work import work_off

BODY = "# Лыжи\n\nЛыжи берём бесплатно.\n\n# Сноуборды\n\nСноуборд стоит 500 ₽."


class Embedding:
    """Does nothing, or what a test wants in the middle of it."""

    def __init__(self) -> None:
        self.asked = 0

    async def embed(self, database: Database, organisation_id: UUID, source: Any, say: SayProgress) -> None:
        """Count, and say so."""
        self.asked += 1
        await say(1, 1)


@pytest.fixture
def embedding() -> Embedding:
    return Embedding()


@pytest.fixture
def linked() -> list[tuple[UUID, UUID]]:
    """What was read into the graph."""
    return []


@pytest.fixture
def desk(hub: Hub, tmp_path: Path, embedding: Embedding, linked: list[tuple[UUID, UUID]]) -> Desk:
    async def read(*_: Any, **__: Any) -> Any:
        raise AssertionError("an article is no file")

    async def link(organisation_id: UUID, source: Any) -> None:
        linked.append((organisation_id, source.id))

    files, fetcher = FolderFiles(tmp_path), GuardedFetcher()
    return Desk(hub=hub, files=files, fetcher=fetcher, read=read, cut=pieces_of, embed=embedding.embed, link=link)


@pytest.fixture
def staff(world: World) -> Staff:
    return Staff(world.main.id, frozenset({"knowledge.write"}), Trail("system", None, "test"))


class Context:
    """What the job is handed."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk


async def work(desk: Desk) -> list[Any]:
    return list(await work_off(desk.hub.database, JOBS, Context(desk)))


async def published(desk: Desk, staff: Staff, body: str = BODY) -> Article:
    return await actions.add(desk.hub, staff, ArticleFacts("Снаряжение", body, None, "published"))


async def change(desk: Desk, staff: Staff, article: Article, **facts: Any) -> Article:
    return await actions.change(desk.hub, staff, article.id, lambda present: replace(present, **facts), None)


def found(world: World) -> dict[str, UUID]:
    """Ids of the chunks by their texts."""
    rows: list[Any] = world.rows("SELECT text, id FROM chunks ORDER BY ordinal")
    return dict(rows)


def indexed(world: World) -> object:
    return world.rows("SELECT indexed_version FROM articles")[0][0]


async def test_a_published_article_is_cut_by_its_headings(
    desk: Desk, staff: Staff, world: World, linked: list[tuple[UUID, UUID]]
) -> None:
    article = await published(desk, staff)
    assert await work(desk) == [DONE]
    assert linked == [(world.main.id, article.id)]
    assert len(found(world)) >= 1
    assert "Сноуборд стоит 500 ₽." in " ".join(found(world))
    assert indexed(world) == 1
    assert (await actions.article(desk.hub, staff, article.id)).searchable
    assert world.rows("SELECT DISTINCT title, article_id FROM chunks") == [("Снаряжение", article.id)]


async def test_a_new_version_replaces_what_was_found(desk: Desk, staff: Staff, world: World) -> None:
    article = await published(desk, staff)
    await work(desk)
    await change(desk, staff, article, body="Лыж не берём.")
    assert not (await actions.article(desk.hub, staff, article.id)).searchable
    await work(desk)
    assert (list(found(world)), indexed(world)) == (["Лыж не берём."], 2)


async def test_what_has_not_changed_keeps_its_id(desk: Desk, staff: Staff, world: World) -> None:
    article = await published(desk, staff)
    await work(desk)
    before = found(world)
    await change(desk, staff, article, status="draft")
    await change(desk, staff, article, status="published")
    await work(desk)
    assert (found(world), indexed(world)) == (before, 3)


async def test_a_draft_is_not_found_any_more(desk: Desk, staff: Staff, world: World) -> None:
    article = await published(desk, staff)
    await work(desk)
    await change(desk, staff, article, status="draft")
    await work(desk)
    assert (found(world), indexed(world)) == ({}, None)


async def test_a_save_in_the_middle_leaves_the_rest_to_its_own_job(
    desk: Desk, staff: Staff, world: World, embedding: Embedding
) -> None:
    article = await published(desk, staff)

    async def saved_meanwhile(*_: Any, **__: Any) -> None:
        await change(desk, staff, article, body="Иначе.")

    await work_off(desk.hub.database, JOBS, Context(replace(desk, embed=saved_meanwhile)))
    assert indexed(world) is None
    await work(desk)
    assert (list(found(world)), indexed(world), embedding.asked) == (["Иначе."], 2, 1)


async def test_a_save_while_it_is_cut_changes_nothing(desk: Desk, staff: Staff, world: World) -> None:
    article = await published(desk, staff)
    seen: list[str] = []

    def cut(document: Any, title: str) -> Any:
        seen.append(title)
        # As another process would, while this one is at work.
        world.execute("UPDATE articles SET version = version + 1, title = 'x' WHERE id = %s", article.id)
        return pieces_of(document, title)

    assert await work_off(desk.hub.database, JOBS, Context(replace(desk, cut=cut))) == [DONE]
    assert (seen, found(world), indexed(world)) == (["Снаряжение"], {}, None)


async def test_without_words_there_is_nothing_to_find(desk: Desk, staff: Staff, world: World) -> None:
    await published(desk, staff, "***")
    await work(desk)
    assert (found(world), indexed(world)) == ({}, 1)


async def test_one_that_was_removed_is_nobodys_work(desk: Desk, staff: Staff, world: World) -> None:
    article = await published(desk, staff)
    await actions.remove(desk.hub, staff, article.id, None)
    assert await work(desk) == [DONE]
    assert found(world) == {}


async def test_an_embedder_that_is_away_is_waited_for(desk: Desk, staff: Staff, world: World) -> None:
    await published(desk, staff)

    async def away(*_: Any, **__: Any) -> None:
        raise EmbedderUnavailable("closed")

    with pytest.raises(EmbedderUnavailable):
        await work_off(desk.hub.database, JOBS, Context(replace(desk, embed=away)))
    # The words are there already.
    assert (len(found(world)) > 0, indexed(world)) == (True, None)
    await work(desk)
    assert indexed(world) == 1
