"""What is told of categories, as the API documents it; made by ``views``."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from kamhub.platform.web.schemas import ListReply, Reply


class CategoryReply(Reply):
    """A category; ``path`` are the names from the root down to it, ``contents`` counts articles and assets in itself."""

    id: UUID
    name: str
    parent_id: UUID | None
    description: str | None
    sort_order: int
    path: list[str]
    contents: int
    version: int
    created_at: datetime


class CategoryListReply(ListReply[CategoryReply]):
    """Categories in the order people read a tree."""
