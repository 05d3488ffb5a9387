"""Search parameters as they come in."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

from pydantic import Field, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from kamhub.hub.departure.types import VehicleType
from kamhub.hub.search.types import SearchQuery
from kamhub.kit.text import mark
from kamhub.platform.i18n.form_errors import Fault
from kamhub.platform.web.schemas import MAX_AMOUNT, Date, Line, Query, Reference

MAX_PASSENGERS = 50
SAME_PLACE = "same_place"
_HORIZON = dt.timedelta(days=3 * 366)
_TOO_FAR = mark("This date is too far away.")


def another_place(value: str, info: ValidationInfo) -> str:
    """The destination, unless it is where the trip begins. Raises ``PydanticCustomError``."""
    if value == info.data.get("origin"):
        raise PydanticCustomError(SAME_PLACE, "from and to are the same place")
    return value


def same_place() -> Fault:
    """The same fault, found once both places are known."""
    return Fault("to", SAME_PLACE, mark("Choose two different places."))


class SearchParameters(Query):
    """Query of ``GET /api/transfers/search``. ``max_price`` is per seat in minor units, ``features`` comma-separated."""

    origin: Reference = Field(alias="from")
    destination: Reference = Field(alias="to")
    date: Date
    passengers: int = Field(default=1, ge=1, le=MAX_PASSENGERS)
    vehicle_type: VehicleType | None = None
    max_price: int | None = Field(default=None, ge=0, le=MAX_AMOUNT)
    features: Annotated[str, Field(max_length=300), Line] = ""

    _another_place = field_validator("destination")(another_place)

    @field_validator("date")
    @classmethod
    def _within_reach(cls, value: dt.date) -> dt.date:
        if abs(value - dt.datetime.now(dt.UTC).date()) > _HORIZON:
            raise ValueError(_TOO_FAR)
        return value

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
