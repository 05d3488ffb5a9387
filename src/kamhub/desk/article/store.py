"""SQL of articles. In the tenant scope."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from kamhub.desk.article.types import Article, ArticleFacts, ArticleQuery, ArticleVersion
from kamhub.platform.database.pool import Connection

_ARTICLE = "SELECT id, title, body, category_id, status, version, indexed_version, created_at, changed_at, changed_by FROM articles"
_WANTED = """
WHERE organisation_id = %(organisation)s
  AND (%(text)s::text IS NULL OR position(lower(%(text)s) IN lower(title)) > 0)
  AND (%(category)s::uuid IS NULL OR category_id = %(category)s)
  AND (%(status)s::text IS NULL OR status = %(status)s)"""


async def articles(
    connection: Connection, organisation_id: UUID, query: ArticleQuery, *, offset: int, limit: int
) -> tuple[list[Article], int]:
    """A page of the articles, the last changed first, and how many there are."""
    wanted = {
        "organisation": organisation_id,
        "text": query.text,
        "category": query.category_id,
        "status": query.status,
        "offset": offset,
        "limit": limit,
    }
    order = "ORDER BY changed_at DESC, id DESC OFFSET %(offset)s LIMIT %(limit)s"
    rows = await connection.execute(f"{_ARTICLE} {_WANTED} {order}".encode(), wanted)
    found = [_article(row) for row in await rows.fetchall()]
    row = await (await connection.execute(f"SELECT count(*) FROM articles {_WANTED}".encode(), wanted)).fetchone()
    return found, row[0] if row else 0


async def find(connection: Connection, organisation_id: UUID, article_id: UUID) -> Article | None:
    """One of them."""
    return await _find(connection, organisation_id, article_id, "")


async def lock(connection: Connection, organisation_id: UUID, article_id: UUID) -> Article | None:
    """The same, locked."""
    return await _find(connection, organisation_id, article_id, " FOR UPDATE")


async def insert(
    connection: Connection, organisation_id: UUID, article_id: UUID, facts: ArticleFacts, by: str, now: datetime
) -> None:
    """Add an article as its first version."""
    await connection.execute(
        "INSERT INTO articles (organisation_id, id, title, body, category_id, status, created_at, changed_at, changed_by) "
        "VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
        (organisation_id, article_id, *_values(facts), now, now, by),
    )
    await _keep(connection, organisation_id, article_id)


async def update(
    connection: Connection, organisation_id: UUID, article_id: UUID, facts: ArticleFacts, by: str, now: datetime
) -> None:
    """Write a changed article as the next version."""
    await connection.execute(
        "UPDATE articles SET title = %s, body = %s, category_id = %s, status = %s, version = version + 1, "
        "changed_at = %s, changed_by = %s WHERE organisation_id = %s AND id = %s",
        (*_values(facts), now, by, organisation_id, article_id),
    )
    await _keep(connection, organisation_id, article_id)


async def note_indexed(connection: Connection, organisation_id: UUID, article_id: UUID, version: int | None) -> None:
    """Searches find that version now (None: not at all)."""
    await connection.execute(
        "UPDATE articles SET indexed_version = %s WHERE organisation_id = %s AND id = %s",
        (version, organisation_id, article_id),
    )


async def delete(connection: Connection, organisation_id: UUID, article_id: UUID) -> None:
    """Remove an article with its versions and chunks."""
    await connection.execute(
        "DELETE FROM articles WHERE organisation_id = %s AND id = %s", (organisation_id, article_id)
    )


async def versions(connection: Connection, organisation_id: UUID, article_id: UUID) -> list[ArticleVersion]:
    """Every version there was, the latest first."""
    rows = await connection.execute(
        "SELECT version, title, body, status, at, by_name FROM article_versions "
        "WHERE organisation_id = %s AND article_id = %s ORDER BY version DESC",
        (organisation_id, article_id),
    )
    return [ArticleVersion(*row) for row in await rows.fetchall()]


async def _keep(connection: Connection, organisation_id: UUID, article_id: UUID) -> None:
    await connection.execute(
        "INSERT INTO article_versions (organisation_id, article_id, version, title, body, status, at, by_name) "
        "SELECT organisation_id, id, version, title, body, status, changed_at, changed_by FROM articles "
        "WHERE organisation_id = %s AND id = %s",
        (organisation_id, article_id),
    )


async def _find(connection: Connection, organisation_id: UUID, article_id: UUID, locked: str) -> Article | None:
    rows = await connection.execute(
        f"{_ARTICLE} WHERE organisation_id = %s AND id = %s{locked}".encode(), (organisation_id, article_id)
    )
    row = await rows.fetchone()
    return _article(row) if row else None


def _values(facts: ArticleFacts) -> tuple[object, ...]:
    return facts.title, facts.body, facts.category_id, facts.status


def _article(row: Sequence[Any]) -> Article:
    article_id, title, body, category_id, status, *rest = row
    return Article(article_id, ArticleFacts(title, body, category_id, status), *rest)
