"""What comes in from outside about searches."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from kamhub.desk.extraction.types import Language
from kamhub.platform.web.schemas import Line, Query, blank_is_none

MOST_CHARACTERS = 500
_Id = Annotated[UUID | None, blank_is_none(UUID | None)]


class KnowledgeSearchParameters(Query):
    """A question and where to look. Without ``agent_id`` it is the whole organisation; a category has everything below it."""

    q: Annotated[str, Field(min_length=1, max_length=MOST_CHARACTERS), Line]
    agent_id: _Id = None
    category_id: _Id = None
    language: Annotated[Language | None, blank_is_none(Language | Literal[""] | None)] = None
    limit: Annotated[int, Field(ge=1, le=20)] = 5
