"""Categories, and what can be refused to those who keep them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from kamhub.kit.errors import Refusal
from kamhub.kit.text import mark

MOST_CATEGORIES = 500
MOST_LEVELS = 5


@dataclass(frozen=True, slots=True)
class CategoryFacts:
    """What people write down of a category; without ``parent_id`` it stands at the root. Siblings go by ``sort_order``, then name."""

    name: str
    parent_id: UUID | None = None
    description: str | None = None
    sort_order: int = 0

    def as_json(self) -> dict[str, object]:
        """The same, ready for JSON."""
        return {
            "name": self.name,
            "parent_id": None if self.parent_id is None else str(self.parent_id),
            "description": self.description,
            "sort_order": self.sort_order,
        }


@dataclass(frozen=True, slots=True)
class Category:
    """A category as kept; ``version`` counts the changes, ``contents`` the articles and assets in itself."""

    id: UUID
    facts: CategoryFacts
    version: int
    created_at: datetime
    contents: int = 0


@dataclass(frozen=True, slots=True)
class Branch:
    """A category where it stands in the tree: ``path`` are the names from the root down to it."""

    category: Category
    path: tuple[str, ...]

    @property
    def level(self) -> int:
        """1 at the root."""
        return len(self.path)


# What becomes of the facts.
CategoryChange = Callable[[CategoryFacts], CategoryFacts]


class CategoryNotFound(Refusal):
    """A category of another organisation, or none at all."""

    code = "category_not_found"
    status = 404
    title = mark("There is no such category")


class CategoryNameTaken(Refusal):
    """Its neighbours have that name already."""

    code = "name_taken"
    status = 409
    title = mark("There is a category of this name in the same place already")


class CategoryInUse(Refusal):
    """Something is in it or below it; ``extra`` says how much."""

    code = "in_use"
    status = 409
    title = mark("This category is not empty: move what is in it first")

    def __init__(self, contents: int, below: int) -> None:
        super().__init__(extra={"contents": contents, "categories": below})


class CategoryMisplaced(Refusal):
    """It would stand below itself, or too deep."""

    code = "category_misplaced"
    status = 409
    title = mark("A category cannot stand below itself, nor deeper than five levels")


class TooManyCategories(Refusal):
    """There is no room for one more."""

    code = "too_many_categories"
    status = 409
    title = mark("There are 500 categories already; remove some first")
