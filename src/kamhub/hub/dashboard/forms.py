"""Which days are asked about."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from kamhub.kit.text import mark
from kamhub.platform.web.schemas import FIRST_DAY, LAST_DAY, Query, blank_is_none

_BACKWARDS = mark("The period ends before it begins.")
Day = Annotated[
    dt.date | None,
    Field(ge=FIRST_DAY, le=LAST_DAY),
    blank_is_none(dt.date | Literal[""] | None),
]


class PeriodParameters(Query):
    """``from`` and ``to`` both count in; without them the days around today, at most 92."""

    first: Annotated[Day, Field(alias="from")] = None
    last: Annotated[Day, Field(alias="to")] = None

    @model_validator(mode="after")
    def _forwards(self) -> Self:
        if self.first is not None and self.last is not None and self.last < self.first:
            raise ValueError(_BACKWARDS)
        return self
