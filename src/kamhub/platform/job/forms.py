"""What comes in from outside about jobs."""

from __future__ import annotations

from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import Field, model_validator

from kamhub.kit.text import mark
from kamhub.platform.job.actions import Chosen
from kamhub.platform.job.store.lists import JobFilter
from kamhub.platform.job.types import JobStatus
from kamhub.platform.web.schemas import BlankIsNone, Form, Line, PageParameters, Text, blank_is_none

MOST_IDS = 200
_ONE_WAY = mark("Choose by ids or by kind, one of the two.")
Name = Annotated[str | None, Field(max_length=100), BlankIsNone, Line]
Reason = Annotated[str, Field(min_length=3, max_length=500), Text]
UNSAID = "not said"


class JobParameters(PageParameters):
    """Filters and page of the list of jobs; what is left out does not narrow."""

    status: Annotated[JobStatus | None, blank_is_none(JobStatus | Literal[""] | None)] = None
    kind: Name = None
    queue: Name = None

    def wanted(self) -> JobFilter:
        """The filters alone."""
        return JobFilter(status=self.status, kind=self.kind, queue=self.queue)


class DeadParameters(PageParameters):
    """Filters and page of the dead letters; ``q`` is looked for in kind, error and id."""

    kind: Name = None
    q: Name = None

    def wanted(self) -> JobFilter:
        """The filters alone."""
        return JobFilter(kind=self.kind, text=self.q)


class ChoiceForm(Form):
    """Dead letters: by their ids, or all of a kind."""

    ids: Annotated[tuple[UUID, ...], Field(max_length=MOST_IDS)] = ()
    kind: Name = None

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if bool(self.ids) is (self.kind is not None):
            raise ValueError(_ONE_WAY)
        return self

    def chosen(self) -> Chosen:
        """The same, each id once."""
        return Chosen(tuple(dict.fromkeys(self.ids)), self.kind)


class DiscardForm(Form):
    """Why a dead letter is given up; kept for a year with who said so. A program need not say."""

    reason: Reason = UNSAID


class DiscardChoiceForm(ChoiceForm):
    """The same of several."""

    reason: Reason
