"""What the search page is asked, as the browser sends it."""

from __future__ import annotations

from typing import Annotated

from litestar.datastructures import MultiDict
from pydantic import Field, field_validator

from kamhub.hub.departure.types import VehicleType
from kamhub.hub.search.forms import MAX_PASSENGERS, another_place
from kamhub.hub.search.types import SearchQuery
from kamhub.platform.web.schemas import BlankIsNone, Date, Line, Query, Reference

Feature = Annotated[str, Field(max_length=300), Line]


class SearchForm(Query):
    """``from`` and ``to`` are a slug, an id or whatever people type; ``max_price`` is per seat in roubles."""

    origin: Reference = Field(alias="from")
    destination: Reference = Field(alias="to")
    day: Date = Field(alias="date")
    passengers: Annotated[int, Field(ge=1, le=MAX_PASSENGERS)] = 1
    vehicle_type: Annotated[VehicleType | None, BlankIsNone] = None
    max_price: Annotated[Annotated[int, Field(ge=1, le=10_000_000)] | None, BlankIsNone] = None
    features: Annotated[tuple[Feature, ...], Field(max_length=20)] = ()

    _another_place = field_validator("destination")(another_place)

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
