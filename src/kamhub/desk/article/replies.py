"""What is told of articles, as the API documents it; made by ``views``."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from kamhub.desk.article.types import ArticleStatus
from kamhub.platform.web.schemas import ListReply, Reply


class ArticleSummaryReply(Reply):
    """An article without its text; ``searchable``: what searches find is what is written."""

    id: UUID
    title: str
    category_id: UUID | None
    status: ArticleStatus
    searchable: bool
    version: int
    created_at: datetime
    changed_at: datetime
    changed_by: str


class ArticleReply(ArticleSummaryReply):
    """An article; ``body`` is Markdown."""

    body: str


class ArticleListReply(ListReply[ArticleSummaryReply]):
    """Articles, the last changed first."""


class ArticleVersionReply(Reply):
    """An article as it was saved then."""

    version: int
    title: str
    body: str
    status: ArticleStatus
    at: datetime
    by: str


class ArticleVersionListReply(ListReply[ArticleVersionReply]):
    """Versions, the latest first."""
