"""What the search page is asked, as the browser sends it."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from litestar.datastructures import MultiDict
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from kamhub.hub.departure.types import VehicleType
from kamhub.hub.search.types import SearchQuery
from kamhub.kit.text import clean_line

MAX_PASSENGERS = 50
# Far enough for every timetable, and near enough for three more days to exist.
_FIRST_DAY, _LAST_DAY = date(2000, 1, 1), date(2100, 1, 1)


def _blank_is_none(value: object) -> object:
    return None if isinstance(value, str) and not value.strip() else value


_cleaned = BeforeValidator(lambda text: clean_line(str(text)))
Line = Annotated[str, Field(min_length=1, max_length=100), _cleaned]
Passengers = Annotated[int, Field(ge=1, le=MAX_PASSENGERS)]


class SearchForm(BaseModel):
    """``from`` and ``to`` are a slug, an id or whatever people type; ``max_price`` is per seat in roubles."""

    model_config = ConfigDict(frozen=True, populate_by_name=True)

    origin: Line = Field(alias="from")
    destination: Line = Field(alias="to")
    day: Annotated[date, Field(alias="date", ge=_FIRST_DAY, le=_LAST_DAY)]
    passengers: Passengers = 1
    vehicle_type: Annotated[VehicleType | None, BeforeValidator(_blank_is_none)] = None
    max_price: Annotated[Annotated[int, Field(ge=1, le=10_000_000)] | None, BeforeValidator(_blank_is_none)] = None
    features: Annotated[tuple[Annotated[str, _cleaned], ...], Field(max_length=20)] = ()

    @field_validator("destination")
    @classmethod
    def _another_place(cls, value: str, info: ValidationInfo) -> str:
        if value == info.data.get("origin"):
            raise PydanticCustomError("same_place", "from and to are the same place")
        return value

    def query(self, origin: str, destination: str) -> SearchQuery:
        """The search itself, between places already found by slug or id."""
        return SearchQuery(
            origin=origin,
            destination=destination,
            day=self.day,
            passengers=self.passengers,
            vehicle_type=self.vehicle_type,
            max_price=None if self.max_price is None else self.max_price * 100,
            features=self.features,
        )


def raw_search(sent: MultiDict[str]) -> dict[str, object]:
    """The query string as ``SearchForm`` takes it: the features are all values of one name."""
    fields: dict[str, object] = {name: sent[name] for name in sent if name != "features"}
    return fields | {"features": tuple(sent.getall("features", []))}
