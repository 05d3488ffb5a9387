"""Making what can be found of an article what is written, or nothing while it is a draft."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from kamhub.desk.article import store
from kamhub.desk.article.types import Article
from kamhub.desk.extraction.actions import read_markdown
from kamhub.desk.extraction.types import Unreadable
from kamhub.desk.knowledge import actions as knowledge
from kamhub.desk.knowledge.types import Piece, Source
from kamhub.desk.services import Desk
from kamhub.platform.database.pool import Connection
from kamhub.platform.job.run import Run
from kamhub.platform.job.types import DONE, Outcome


async def index(desk: Desk, run: Run[Any], article_id: UUID, version: int) -> Outcome:
    """Index that version, unless a newer one has been saved: its own job does it then.

    The words can be found as soon as they are cut, their meaning once this is done. Safe to run again: what is there stays.
    Raises ``EmbedderUnavailable``.
    """
    organisation = run.organisation
    async with run.transaction() as connection:
        article = await store.find(connection, organisation, article_id)
    if article is None or article.version != version:
        return DONE
    if article.facts.status == "published":
        pieces = await asyncio.to_thread(_pieces, desk, article)
        async with run.transaction() as connection:
            if not await _still(connection, organisation, article):
                return DONE
            await knowledge.replace(connection, organisation, source_of(article), pieces)
        await desk.embed(desk.hub.database, organisation, source_of(article), run.progress)
        await desk.link(organisation, source_of(article))
    async with run.transaction() as connection:
        if await _still(connection, organisation, article):
            if article.facts.status == "draft":
                await knowledge.remove(connection, organisation, source_of(article))
            found = version if article.facts.status == "published" else None
            await store.note_indexed(connection, organisation, article_id, found)
        return await run.finish(connection)


def source_of(article: Article) -> Source:
    """The article as a source of knowledge."""
    return Source("article", article.id, article.facts.title, article.facts.category_id)


def _pieces(desk: Desk, article: Article) -> Sequence[Piece]:
    try:
        document = read_markdown(article.facts.body)
    except Unreadable:
        return ()  # a ruler, or a picture without words: there is nothing to be found
    return desk.cut(document, article.facts.title)


async def _still(connection: Connection, organisation_id: UUID, article: Article) -> bool:
    """Whether nobody has saved it meanwhile; it stays so until the transaction ends."""
    now = await store.lock(connection, organisation_id, article.id)
    return now is not None and now.version == article.version
