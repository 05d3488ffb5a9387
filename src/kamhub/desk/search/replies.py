"""What is told of searches, as the API documents it."""

from __future__ import annotations

from uuid import UUID

from kamhub.desk.extraction.types import Language
from kamhub.desk.search.types import Arm
from kamhub.platform.web.schemas import Reply


class PlaceReply(Reply):
    """Where a piece stands in its document: the headings above it, and the pages or the sheet where there are such."""

    headings: list[str]
    first_block: int
    last_block: int
    page: int | None
    last_page: int | None
    sheet: str | None


class HitReply(Reply):
    """A piece that answers. ``score`` is from 0 to 1; ``found_by`` says how it was found."""

    chunk_id: UUID
    asset_id: UUID | None
    article_id: UUID | None
    title: str
    text: str
    language: Language
    score: float
    position: PlaceReply
    found_by: list[Arm]


class KnowledgeSearchReply(Reply):
    """The pieces that answer, the best first; none when what the organisation knows has no good answer."""

    items: list[HitReply]
    no_good_answer: bool
