"""What comes in from outside about vehicles."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from kamhub.hub.departure.types import VehicleType
from kamhub.hub.vehicle.types import VehicleChange, VehicleFacts, VehicleQuery
from kamhub.platform.web.schemas import BlankIsNone, Flag, Form, Line, PageParameters, Version, blank_is_none

MOST_SEATS = 1000


def _word(text: str) -> str:
    """A feature as the search asks for it: ``Child seat`` and ``child-seat`` are ``child_seat``."""
    return re.sub(r"[\s,;-]+", "_", text.lower()).strip("_")


Model = Annotated[str, Field(min_length=1, max_length=100), Line]
Plate = Annotated[str, Field(min_length=1, max_length=20), Line, AfterValidator(str.upper)]
Capacity = Annotated[int, Field(ge=1, le=MOST_SEATS)]
Feature = Annotated[str, Field(min_length=1, max_length=40), Line, AfterValidator(_word)]
Features = Annotated[list[Feature], Field(max_length=30)]
SearchText = Annotated[str | None, Field(max_length=100), BlankIsNone, Line]


def _tidy(features: list[str]) -> tuple[str, ...]:
    return tuple(sorted({word for word in features if word}))


class VehicleForm(Form):
    """A vehicle to add."""

    type: VehicleType
    model: Model
    capacity: Capacity
    plate: Plate
    features: Features = Field(default_factory=list)

    def facts(self) -> VehicleFacts:
        """The same, each feature once."""
        return VehicleFacts(self.type, self.model, self.capacity, self.plate, _tidy(self.features))


class VehicleChangeForm(Form):
    """What is to change; a field that is left out stays as it is. ``archived: false`` brings a vehicle back."""

    type: VehicleType = Field(default_factory=lambda: "economy")
    model: Model = Field(default_factory=str)
    capacity: Capacity = Field(default_factory=int)
    plate: Plate = Field(default_factory=str)
    features: Features = Field(default_factory=list)
    archived: Flag = Field(default_factory=bool)

    def change(self) -> VehicleChange:
        """The same, to be applied to the vehicle as it is found."""
        said: dict[str, object] = {name: getattr(self, name) for name in self.model_fields_set - {"archived"}}
        if "features" in said:
            said["features"] = _tidy(self.features)
        archived = self.archived if "archived" in self.model_fields_set else None
        return VehicleChange(lambda facts: replace(facts, **said), archived)  # type: ignore[arg-type]


class VehicleParameters(PageParameters):
    """Filters and page; ``q`` is looked for in model and plate."""

    type: Annotated[VehicleType | None, blank_is_none(VehicleType | Literal[""] | None)] = None
    q: SearchText = None
    archived: bool = False

    def query(self) -> VehicleQuery:
        """The filters alone."""
        return VehicleQuery(self.type, self.q, self.archived)


class VehicleEditForm(VehicleForm):
    """The whole vehicle as its page sends it, with the version the page was made from."""

    version: Version
