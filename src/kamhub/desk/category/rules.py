"""Pure decisions about the tree of categories."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from uuid import UUID

from kamhub.desk.category.types import MOST_LEVELS, Branch, Category, CategoryMisplaced, CategoryNotFound


def tree(categories: Iterable[Category]) -> list[Branch]:
    """Every category in the order people read a tree: each before what is below it, siblings by their order, then name."""
    below: dict[UUID | None, list[Category]] = defaultdict(list)
    for category in categories:
        below[category.facts.parent_id].append(category)
    found: list[Branch] = []
    waiting: list[tuple[Category, tuple[str, ...]]] = [(category, ()) for category in _last_first(below[None])]
    while waiting:
        category, above = waiting.pop()
        branch = Branch(category, (*above, category.facts.name))
        found.append(branch)
        waiting += [(child, branch.path) for child in _last_first(below[category.id])]
    return found


def require_place(parents: Mapping[UUID, UUID | None], moved: UUID | None, parent_id: UUID | None) -> None:
    """Raise unless a category may stand below ``parent_id``.

    ``parents`` names the parent of every category, ``moved`` is the one that moves with all below it (None: a new one). Raises
    ``CategoryNotFound`` when the parent is not there, ``CategoryMisplaced`` when it would stand below itself or too deep.
    """
    if parent_id is None:
        return
    if parent_id not in parents:
        raise CategoryNotFound
    above = 0
    at: UUID | None = parent_id
    while at is not None:
        if at == moved:
            raise CategoryMisplaced
        above, at = above + 1, parents[at]
    if above + _height(parents, moved) > MOST_LEVELS:
        raise CategoryMisplaced


def _height(parents: Mapping[UUID, UUID | None], top: UUID | None) -> int:
    """Levels of a category with all that is below it; 1 for one that has nothing below it, or is new."""
    if top is None:
        return 1
    levels, row = 0, {top}
    while row:
        levels, row = levels + 1, {child for child, parent in parents.items() if parent in row}
    return levels


def _last_first(categories: list[Category]) -> list[Category]:
    return sorted(categories, key=lambda one: (one.facts.sort_order, one.facts.name, one.id), reverse=True)
