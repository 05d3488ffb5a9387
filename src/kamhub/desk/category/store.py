"""SQL of categories. In the tenant scope."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.errors import UniqueViolation

from kamhub.desk.category.types import Category, CategoryFacts, CategoryNameTaken
from kamhub.platform.database.pool import Connection

_CATEGORY = """
SELECT c.id, c.name, c.parent_id, c.description, c.sort_order, c.version, c.created_at,
  (SELECT count(*) FROM articles a WHERE a.organisation_id = c.organisation_id AND a.category_id = c.id)
  + (SELECT count(*) FROM assets a WHERE a.organisation_id = c.organisation_id AND a.category_id = c.id)
FROM knowledge_categories c"""


async def categories(connection: Connection, organisation_id: UUID) -> list[Category]:
    """All there are, in no order."""
    rows = await connection.execute(f"{_CATEGORY} WHERE c.organisation_id = %s".encode(), (organisation_id,))
    return [_category(row) for row in await rows.fetchall()]


async def find(connection: Connection, organisation_id: UUID, category_id: UUID) -> Category | None:
    """One of them."""
    rows = await connection.execute(
        f"{_CATEGORY} WHERE c.organisation_id = %s AND c.id = %s".encode(), (organisation_id, category_id)
    )
    row = await rows.fetchone()
    return _category(row) if row else None


async def exists(connection: Connection, organisation_id: UUID, category_id: UUID) -> bool:
    """Whether there is such a category; it stays until the transaction ends."""
    rows = await connection.execute(
        "SELECT 1 FROM knowledge_categories WHERE organisation_id = %s AND id = %s FOR KEY SHARE",
        (organisation_id, category_id),
    )
    return await rows.fetchone() is not None


async def lock_tree(connection: Connection, organisation_id: UUID) -> dict[UUID, UUID | None]:
    """The parent of every category; nobody else moves one until the transaction ends."""
    # A tree may be empty: there is no row to lock.
    await connection.execute(
        "SELECT pg_advisory_xact_lock(hashtextextended('knowledge_categories:' || %s::text, 0))", (organisation_id,)
    )
    rows = await connection.execute(
        "SELECT id, parent_id FROM knowledge_categories WHERE organisation_id = %s", (organisation_id,)
    )
    return dict(await rows.fetchall())


async def insert(
    connection: Connection, organisation_id: UUID, category_id: UUID, facts: CategoryFacts, now: datetime
) -> None:
    """Add a category. Raises ``CategoryNameTaken``."""
    try:
        await connection.execute(
            "INSERT INTO knowledge_categories (organisation_id, id, name, parent_id, description, sort_order, created_at) "
            "VALUES (%s, %s, %s, %s, %s, %s, %s)",
            (organisation_id, category_id, *_values(facts), now),
        )
    except UniqueViolation:
        raise CategoryNameTaken from None


async def update(connection: Connection, organisation_id: UUID, category_id: UUID, facts: CategoryFacts) -> None:
    """Write a changed category as the next version. Raises ``CategoryNameTaken``."""
    try:
        await connection.execute(
            "UPDATE knowledge_categories SET name = %s, parent_id = %s, description = %s, sort_order = %s, "
            "version = version + 1 WHERE organisation_id = %s AND id = %s",
            (*_values(facts), organisation_id, category_id),
        )
    except UniqueViolation:
        raise CategoryNameTaken from None


async def delete(connection: Connection, organisation_id: UUID, category_id: UUID) -> None:
    """Remove a category that has nothing below it."""
    await connection.execute(
        "DELETE FROM knowledge_categories WHERE organisation_id = %s AND id = %s", (organisation_id, category_id)
    )


def _values(facts: CategoryFacts) -> tuple[object, ...]:
    return facts.name, facts.parent_id, facts.description, facts.sort_order


def _category(row: Sequence[Any]) -> Category:
    category_id, name, parent_id, description, sort_order, version, created_at, contents = row
    return Category(category_id, CategoryFacts(name, parent_id, description, sort_order), version, created_at, contents)
