"""What comes in from outside about categories."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from kamhub.desk.category.types import CategoryChange, CategoryFacts
from kamhub.platform.web.schemas import BlankIsNone, Form, Line, Text, Version, blank_is_none

CategoryName = Annotated[str, Field(min_length=1, max_length=100), Line]
Description = Annotated[str | None, Field(max_length=500), BlankIsNone, Text]
CategoryId = Annotated[UUID | None, blank_is_none(UUID | Literal[""] | None)]
SortOrder = Annotated[int, Field(strict=True, ge=-10_000, le=10_000)]


class CategoryForm(Form):
    """A category to add; without ``parent_id`` it stands at the root."""

    name: CategoryName
    parent_id: CategoryId = None
    description: Description = None
    sort_order: SortOrder = 0

    def facts(self) -> CategoryFacts:
        """The same."""
        return CategoryFacts(self.name, self.parent_id, self.description, self.sort_order)


class CategoryPageForm(CategoryForm):
    """The same as a page sends it, where every field is a text."""

    sort_order: Annotated[int, Field(ge=-10_000, le=10_000)] = 0


class CategoryEditForm(CategoryPageForm):
    """The whole category as its page sends it, with the version the page was made from."""

    version: Version


class CategoryChangeForm(Form):
    """What is to change; a field that is left out stays as it is."""

    name: CategoryName = Field(default_factory=str)
    parent_id: CategoryId = None
    description: Description = None
    sort_order: SortOrder = Field(default_factory=int)

    def change(self) -> CategoryChange:
        """The same, to be applied to the category as found."""
        said = {name: getattr(self, name) for name in self.model_fields_set}
        return lambda facts: replace(facts, **said)
