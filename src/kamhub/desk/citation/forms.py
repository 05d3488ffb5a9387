"""What comes in from outside about places."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from pydantic import Field

from kamhub.platform.web.schemas import BlankIsNone, Query

Number = Annotated[int, Field(ge=0, le=10_000_000)]


class CitationParameters(Query):
    """Where a text is opened: at a chunk, or from a block (and a row of its table) on."""

    chunk: Annotated[UUID | None, BlankIsNone] = None
    at: Annotated[Number | None, BlankIsNone] = None
    row: Number = 0
