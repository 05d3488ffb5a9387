"""What comes in from outside about drivers."""

from __future__ import annotations

from dataclasses import replace
from datetime import time
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, Field

from kamhub.hub.driver.types import DriverChange, DriverFacts, DriverQuery
from kamhub.platform.web.schemas import (
    BlankIsNone,
    Flag,
    Form,
    Line,
    PageParameters,
    PersonName,
    Phone,
    TimeOfDay,
    Version,
    blank_is_none,
)

Language = Annotated[
    str,
    Field(min_length=2, max_length=3, pattern="^[A-Za-z]{2,3}$", json_schema_extra={"examples": ["ru"]}),
    Line,
    AfterValidator(str.lower),
]
Languages = Annotated[list[Language], Field(max_length=20)]
Hour = Annotated[TimeOfDay | None, BlankIsNone]
SearchText = Annotated[str | None, Field(max_length=100), BlankIsNone, Line]
_HOURS = frozenset({"works_from", "works_to"})


def _time(text: str | None) -> time | None:
    return None if text is None else time.fromisoformat(text)


class DriverForm(Form):
    """A driver to add; hours go together, ``person_id`` is the member who signs in as this driver."""

    name: PersonName
    phone: Phone
    languages: Languages = Field(default_factory=list)
    works_from: Hour = None
    works_to: Hour = None
    person_id: Annotated[UUID | None, blank_is_none(UUID | Literal[""] | None)] = None

    def facts(self) -> DriverFacts:
        """The same, each language once."""
        return DriverFacts(
            self.name,
            self.phone,
            tuple(dict.fromkeys(self.languages)),
            _time(self.works_from),
            _time(self.works_to),
            self.person_id,
        )


class DriverChangeForm(Form):
    """What is to change; a field that is left out stays as it is. ``archived: false`` brings a driver back."""

    name: PersonName = Field(default_factory=str)
    phone: Phone = Field(default_factory=str)
    languages: Languages = Field(default_factory=list)
    works_from: Hour = None
    works_to: Hour = None
    person_id: Annotated[UUID | None, blank_is_none(UUID | Literal[""] | None)] = None
    archived: Flag = Field(default_factory=bool)

    def change(self) -> DriverChange:
        """The same, to be applied to the driver as found."""
        said: dict[str, object] = {name: getattr(self, name) for name in self.model_fields_set - {"archived"}}
        said |= {name: _time(getattr(self, name)) for name in _HOURS & self.model_fields_set}
        if "languages" in said:
            said["languages"] = tuple(dict.fromkeys(self.languages))
        archived = self.archived if "archived" in self.model_fields_set else None
        return DriverChange(lambda facts: replace(facts, **said), archived)  # type: ignore[arg-type]


class DriverParameters(PageParameters):
    """Filters and page; ``q`` is looked for in the name and the digits of the phone."""

    q: SearchText = None
    archived: bool = False

    def query(self) -> DriverQuery:
        """The filters alone."""
        return DriverQuery(self.q, self.archived)


class DriverEditForm(DriverForm):
    """The whole driver as the page sends it, with the version the page was made from."""

    version: Version
