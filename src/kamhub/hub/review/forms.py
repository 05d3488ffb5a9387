"""What comes in from outside about reviews."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from kamhub.hub.review.types import ReviewQuery
from kamhub.platform.web.schemas import BlankIsNone, Form, PageForm, PageParameters, Text, blank_is_none

Rating = Annotated[int, Field(ge=1, le=5)]
# An answer of nothing takes the answer back.
Answer = Annotated[Annotated[str, Field(max_length=2000), Text] | None, BlankIsNone]


class ReviewParameters(PageParameters):
    """Filters and page of the reviews; what is left out does not narrow."""

    rating: Annotated[Rating | None, blank_is_none(Rating | None)] = None
    answered: Annotated[Literal["yes", "no"] | None, blank_is_none(Literal["yes", "no", ""] | None)] = None

    def wanted(self) -> ReviewQuery:
        """The filters alone."""
        return ReviewQuery(self.rating, None if self.answered is None else self.answered == "yes")


class ReviewPageForm(PageForm):
    """What the traveller says."""

    rating: Rating
    comment: Annotated[Annotated[str, Field(max_length=2000), Text] | None, BlankIsNone] = None


class ReviewAnswerForm(Form):
    """The operator's answer; null takes it back."""

    reply: Answer


class ReviewAnswerPageForm(PageForm):
    """The same from the page; ``version`` is the one the page was made from."""

    reply: Answer = None
    version: Annotated[int, Field(ge=1)]
