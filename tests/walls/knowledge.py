"""What the main operator's agents know, for tests that walk the table of routes."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from kamhub.kit.ids import new_id
from tests.builders import Operator, World


def furnish(world: World) -> dict[str, UUID]:
    """A category with an article in it; by the names of path parameters."""
    organisation = world.main.id
    things = {"category_id": category(world, world.main), "article_id": new_id()}
    world.execute(
        "INSERT INTO articles (organisation_id, id, title, body, status, created_at, changed_at, changed_by) "
        "VALUES (%s, %s, 'Лыжи', 'Лыжи берём.', 'draft', now(), now(), 'x')",
        organisation, things["article_id"],
    )  # fmt: skip
    world.execute(
        "INSERT INTO article_versions (organisation_id, article_id, version, title, body, status, at, by_name) "
        "SELECT organisation_id, id, version, title, body, status, changed_at, changed_by FROM articles WHERE id = %s",
        things["article_id"],
    )  # fmt: skip
    return things


def category(world: World, operator: Operator) -> UUID:
    """A category of that operator's, with a name of its own."""
    category_id = new_id()
    world.execute(
        "INSERT INTO knowledge_categories (organisation_id, id, name, created_at) VALUES (%s, %s, %s, now())",
        operator.id, category_id, str(category_id),
    )  # fmt: skip
    return category_id


def body(model: str) -> dict[str, Any] | None:
    """Something the forms of this room take that could not be told from their fields alone."""
    if model in {"CategoryForm", "CategoryChangeForm"}:
        return {"name": f"Правила {new_id()}", "description": "слово", "sort_order": 1}
    if model == "ArticleParameters":
        return {"page": 1}
    return None
