"""What the pages at the door send."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from kamhub.platform.web.schemas import Line, PageForm


class CodeForm(PageForm):
    """What was scanned or typed: a booking code, as the ticket's QR code has it or as people read it out."""

    code: Annotated[str, Field(min_length=1, max_length=60), Line]


class MissingForm(PageForm):
    """Whether the party did not come."""

    missing: Literal["yes", "no"]
