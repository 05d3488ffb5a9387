"""What the main operator's agents know, for tests that walk the table of routes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from kamhub.desk.asset.types import version_of
from kamhub.kit.ids import new_id
from tests.builders import Operator, World

if TYPE_CHECKING:
    from tests.walls.fields import Body
    from tests.walls.house import House


_DOCUMENT = "Прайс"


def furnish(world: World) -> dict[str, UUID]:
    """A category, an article, and a document that failed; by the names of path parameters."""
    things = {"category_id": category(world, world.main), "article_id": article(world, world.main)}
    return things | {"asset_id": asset(world), "gap_id": gap(world), "agent_id": agent(world)} | _graph(world)


def article(world: World, operator: Operator) -> UUID:
    """A draft of that operator's that was saved once."""
    article_id = new_id()
    world.execute(
        "INSERT INTO articles (organisation_id, id, title, body, status, created_at, changed_at, changed_by) "
        "VALUES (%s, %s, 'Лыжи', 'Лыжи берём.', 'draft', now(), now(), 'x')",
        operator.id, article_id,
    )  # fmt: skip
    _keep(world, article_id)
    return article_id


def _keep(world: World, article_id: UUID) -> None:
    """What the article says now is kept as its version."""
    world.execute(
        "INSERT INTO article_versions (organisation_id, article_id, version, title, body, status, at, by_name) "
        "SELECT organisation_id, id, version, title, body, status, changed_at, changed_by FROM articles WHERE id = %s",
        article_id,
    )


def agent(world: World) -> UUID:
    """An agent of the main operator's that knows everything."""
    agent_id = new_id()
    world.execute(
        "INSERT INTO agents (organisation_id, id, name, created_at) VALUES (%s, %s, 'Анна', now())",
        world.main.id, agent_id,
    )  # fmt: skip
    return agent_id


def gap(world: World) -> UUID:
    """A question that the main operator was asked in vain."""
    gap_id = new_id()
    world.execute(
        "INSERT INTO knowledge_gaps (organisation_id, id, digest, question, language, asked_in, first_asked_at, last_asked_at) "
        "VALUES (%s, %s, sha256(%s::text::bytea), 'Где мост?', 'ru', 'search', now(), now())",
        world.main.id, gap_id, gap_id,
    )  # fmt: skip
    return gap_id


def asset(world: World) -> UUID:
    """A document of the main operator's whose reading has failed."""
    asset_id = new_id()
    world.execute(
        "INSERT INTO assets (organisation_id, id, kind, name, digest, size, status, error, created_at, created_by, changed_at) "
        "VALUES (%s, %s, 'file', %s, sha256(%s::text::bytea), 1, 'failed', 'damaged', now(), 'x', now())",
        world.main.id, asset_id, _DOCUMENT, asset_id,
    )  # fmt: skip
    return asset_id


def prepared(house: House, action: str, template: str, body: Body) -> Body | None:
    """The body for a route about knowledge, with what it needs; None for an action of other rooms."""
    world, kind = house.world, action.partition(".")[0]
    if action == "entity.split":  # what was split is one again
        world.execute("UPDATE graph_merges SET state = 'same' WHERE key_a = 'pkc'")
        return body
    if action == "knowledge_gap.dismissed":
        house.main["gap_id"] = gap(world)
        return body
    if kind not in {"asset", "article", "knowledge_category"}:
        return None
    # Those before have changed or removed theirs.
    fresh = {
        "category_id": category(world, world.main),
        "article_id": article(world, world.main),
        "asset_id": asset(world),
    }
    house.main |= fresh
    if template.endswith("/bring-back"):  # there is an older version that says something else
        world.execute("UPDATE articles SET body = 'Лыжи не берём.', version = 2 WHERE id = %s", fresh["article_id"])
        _keep(world, fresh["article_id"])
        body = body | ({"number": 1, "version": 2} if "number" in body else {})
    if action == "asset.changed" and "version" in body:
        facts = {"name": _DOCUMENT, "url": None, "category_id": None, "reread_hours": None}
        body = body | {"version": version_of(facts)}
    return body | {name: str(fresh[name]) for name in fresh.keys() & body.keys()}


def _graph(world: World) -> dict[str, UUID]:
    """Two names in the graph that were made one, of which more may be decided."""
    organisation, one, other, third = world.main.id, new_id(), new_id(), new_id()
    for number, name, same in ((one, "аэропорт", None), (other, "pkc", one), (third, "порт", None)):
        world.execute(
            "INSERT INTO graph_entities (organisation_id, id, type, key, name, keys, sound, hub, confidence, same_as, created_at) "
            "VALUES (%s, %s, 'place', %s, %s, %s, %s, true, 1, %s, now())",
            organisation, number, name, name, f"|{name}|", name, same,
        )  # fmt: skip
    relation, merge = new_id(), new_id()
    world.execute(
        "INSERT INTO graph_relations (organisation_id, id, source_id, target_id, type, hub, confidence) "
        "VALUES (%s, %s, %s, %s, 'related_to', true, 1)",
        organisation, relation, one, third,
    )  # fmt: skip
    for number, first, second, state in (
        (new_id(), "pkc", "аэропорт", "same"),
        (merge, "аэропорт", "порт", "proposed"),
    ):
        world.execute(
            "INSERT INTO graph_merges (organisation_id, id, type, key_a, key_b, state, reason, confidence, created_at) "
            "VALUES (%s, %s, 'place', %s, %s, %s, 'declared', 0.9, now())",
            organisation, number, first, second, state,
        )  # fmt: skip
    return {"entity_id": other, "relation_id": relation, "merge_id": merge}


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
    if model in {"CategoryForm", "CategoryPageForm", "CategoryChangeForm"}:
        return {"name": f"Правила {new_id()}", "description": "слово", "sort_order": 1}
    if model in {"ArticleParameters", "AssetParameters", "EntityParameters", "GraphPageParameters"}:
        return {"page": 1}
    if model in {"CitationParameters", "ArticlePageParameters"}:
        return {"at": 0, "row": 0}
    if model == "GraphParameters":
        return {"depth": 2, "limit": 20}
    if model == "MergeParameters":
        return {"state": "proposed"}
    if model == "KnowledgeSearchParameters":
        return {"q": "Где мост?", "limit": 5}
    if model in {"UrlForm", "UrlPageForm"}:
        return {"url": f"https://example.com/{new_id()}", "reread_hours": 24}
    if model == "CategoryEditForm":
        return {"name": f"Правила {new_id()}", "sort_order": 1, "version": 1}
    if model == "AskParameters":
        return {"q": "лыжи"}
    return None
