"""Which lines of the log a reader asks for."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, Field
from pydantic_core import PydanticCustomError

from kamhub.platform.audit import rules
from kamhub.platform.audit.types import AuditQuery
from kamhub.platform.web.schemas import FIRST_DAY, LAST_DAY, BlankIsNone, Line, PageParameters, blank_is_none

_DAY_LENGTH = len("2026-12-01")


def _day_or_moment(value: object) -> object:
    """A day of the organisation's calendar, or a moment with its zone."""
    if not isinstance(value, str):
        return value
    text = value.strip()
    if not text:
        return None
    try:
        bound = dt.date.fromisoformat(text) if len(text) == _DAY_LENGTH else dt.datetime.fromisoformat(text)
    except ValueError:
        raise PydanticCustomError("datetime_parsing", "This is neither a day nor a moment") from None
    if isinstance(bound, dt.datetime) and bound.tzinfo is None:
        raise PydanticCustomError("timezone_aware", "This moment has no zone")
    if not FIRST_DAY.year <= bound.year < LAST_DAY.year:
        raise PydanticCustomError("date_parsing", "This day is too far away")
    return bound


# Empty, as a form sends it, is no bound.
DayOrMoment = Annotated[
    dt.datetime | dt.date | None,
    BeforeValidator(_day_or_moment, json_schema_input_type=dt.datetime | dt.date | Literal[""] | None),
]


class AuditParameters(PageParameters):
    """Filters and page. ``from`` counts in; ``to`` as a day counts in, as a moment it does not."""

    actor_id: Annotated[UUID | None, blank_is_none(UUID | Literal[""] | None)] = None
    action: Annotated[str | None, Field(max_length=100), BlankIsNone, Line] = None
    object_id: Annotated[str | None, Field(max_length=100), BlankIsNone, Line] = None
    since: Annotated[DayOrMoment, Field(alias="from")] = None
    until: Annotated[DayOrMoment, Field(alias="to")] = None

    def query(self, zone: ZoneInfo) -> AuditQuery:
        """The same; days are those of that zone."""
        return AuditQuery(
            self.actor_id,
            self.action,
            self.object_id,
            rules.beginning(self.since, zone),
            rules.end(self.until, zone),
        )
