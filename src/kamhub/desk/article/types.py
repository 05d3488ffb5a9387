"""Articles, and what can be refused to those who write them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias
from uuid import UUID

from kamhub.kit.errors import Refusal
from kamhub.kit.text import mark

ArticleStatus: TypeAlias = Literal["draft", "published"]


@dataclass(frozen=True, slots=True)
class ArticleFacts:
    """What people write; ``body`` is Markdown."""

    title: str
    body: str
    category_id: UUID | None = None
    status: ArticleStatus = "draft"

    def as_json(self) -> dict[str, object]:
        """What the log keeps: all but the text itself."""
        return {
            "title": self.title,
            "category_id": None if self.category_id is None else str(self.category_id),
            "status": self.status,
            "characters": len(self.body),
        }


@dataclass(frozen=True, slots=True)
class Article:
    """An article as kept. ``indexed_version`` is the version that searches find, None while they find none."""

    id: UUID
    facts: ArticleFacts
    version: int
    indexed_version: int | None
    created_at: datetime
    changed_at: datetime
    changed_by: str

    @property
    def searchable(self) -> bool:
        """Whether what searches find is what is written."""
        return self.indexed_version == self.version


@dataclass(frozen=True, slots=True)
class ArticleVersion:
    """An article as it was saved then."""

    version: int
    title: str
    body: str
    status: ArticleStatus
    at: datetime
    by: str


@dataclass(frozen=True, slots=True)
class ArticleQuery:
    """Which articles: words of the title, category, status; None does not narrow."""

    text: str | None = None
    category_id: UUID | None = None
    status: ArticleStatus | None = None


# What becomes of the facts.
ArticleChange = Callable[[ArticleFacts], ArticleFacts]


class ArticleNotFound(Refusal):
    """An article of another organisation, or none at all."""

    code = "article_not_found"
    status = 404
    title = mark("There is no such article")


class VersionNotFound(Refusal):
    """An article that never had that version."""

    code = "version_not_found"
    status = 404
    title = mark("There is no such version")
