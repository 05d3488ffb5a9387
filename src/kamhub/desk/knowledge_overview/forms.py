"""What comes in from outside about the overview."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from pydantic import Field

from kamhub.desk.extraction.types import Language
from kamhub.platform.web.schemas import BlankIsNone, Line, Query


class AskParameters(Query):
    """A question to what is known, and where to look; without ``q`` nothing is asked."""

    q: Annotated[str, Field(max_length=500), Line] = ""
    language: Annotated[Language | None, BlankIsNone] = None
    category_id: Annotated[UUID | None, BlankIsNone] = None
    agent_id: Annotated[UUID | None, BlankIsNone] = None
