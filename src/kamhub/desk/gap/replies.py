"""What is told of questions asked in vain, as the API documents it."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from kamhub.desk.extraction.types import Language
from kamhub.desk.gap.types import AskedIn
from kamhub.platform.web.schemas import ListReply, Reply


class GapReply(Reply):
    """A question that what the organisation knows has no answer to; personal data in it is masked."""

    id: UUID
    question: str
    language: Language
    asked: int
    asked_in: AskedIn
    first_asked_at: datetime
    last_asked_at: datetime


class GapListReply(ListReply[GapReply]):
    """Questions, the most asked first."""
