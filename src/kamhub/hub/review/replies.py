"""What is told of reviews, as the API documents it; made by ``views``."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from kamhub.platform.web.schemas import ListReply, Reply


class ReviewReply(Reply):
    """A review. ``author`` is a first name with an initial, empty when they asked to be forgotten."""

    id: UUID
    booking_id: UUID
    booking_code: str
    departs_at: datetime
    rating: int
    comment: str | None
    author: str
    created_at: datetime
    reply: str | None
    replied_at: datetime | None
    replied_by: str | None
    version: int


class ReviewListReply(ListReply[ReviewReply]):
    """Reviews, the newest first."""
