"""Search parameters as they come in."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator

from kamhub.hub.departure.types import VehicleType
from kamhub.hub.search.types import SearchQuery
from kamhub.kit.text import clean_line


def _line(value: object) -> object:
    return clean_line(value) if isinstance(value, str) else value


Line = BeforeValidator(_line)
Reference = Annotated[str, Line, Field(min_length=1, max_length=100)]
_HORIZON = dt.timedelta(days=3 * 366)


class SearchParameters(BaseModel):
    """Query of ``GET /api/transfers/search``. ``max_price`` is per seat in minor units, ``features`` comma-separated."""

    model_config = ConfigDict(extra="ignore", str_strip_whitespace=True, populate_by_name=True)

    origin: Reference = Field(alias="from")
    destination: Reference = Field(alias="to")
    date: dt.date
    passengers: int = Field(default=1, ge=1, le=50)
    vehicle_type: VehicleType | None = None
    max_price: int | None = Field(default=None, ge=0, le=10**12)
    features: Annotated[str, Line, Field(max_length=300)] = ""

    @field_validator("date")
    @classmethod
    def _within_reach(cls, value: dt.date) -> dt.date:
        if abs(value - dt.datetime.now(dt.UTC).date()) > _HORIZON:
            raise ValueError("the date is too far away")
        return value

    @model_validator(mode="after")
    def _two_places(self) -> SearchParameters:
        if self.origin == self.destination:
            raise ValueError("from and to are the same place")
        return self

    def query(self) -> SearchQuery:
        """What the search works with."""
        wanted = {word.strip().lower() for word in self.features.split(",") if word.strip()}
        return SearchQuery(
            origin=self.origin,
            destination=self.destination,
            day=self.date,
            passengers=self.passengers,
            vehicle_type=self.vehicle_type,
            max_price=self.max_price,
            features=tuple(sorted(wanted)),
        )


class PlaceParameters(BaseModel):
    """Query of ``GET /api/places``."""

    model_config = ConfigDict(extra="ignore", str_strip_whitespace=True)

    q: Annotated[str, Line, Field(max_length=100)] = ""
    limit: int = Field(default=20, ge=1, le=50)
