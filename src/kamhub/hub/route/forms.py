"""What comes in from outside about routes."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from pydantic import Field

from kamhub.hub.route.types import LAST_MINUTE, MOST_STOPS, RouteChange, RouteQuery, StopWanted
from kamhub.platform.web.schemas import BlankIsNone, Flag, Form, Line, PageParameters

RouteName = Annotated[str, Field(min_length=1, max_length=100), Line]
SearchText = Annotated[str | None, Field(max_length=100), BlankIsNone, Line]


class StopForm(Form):
    """A stop: its place, own or of the catalogue, and the minutes from the first stop."""

    place_id: UUID
    offset_minutes: Annotated[int, Field(ge=0, le=LAST_MINUTE)]

    def wanted(self) -> StopWanted:
        """The same."""
        return StopWanted(self.place_id, self.offset_minutes)


Stops = Annotated[list[StopForm], Field(min_length=2, max_length=MOST_STOPS)]


class RouteForm(Form):
    """A route to add; the first stop is at minute 0, each later one after the one before, every place once."""

    name: RouteName
    stops: Stops

    def wanted(self) -> tuple[StopWanted, ...]:
        """The stops alone."""
        return tuple(stop.wanted() for stop in self.stops)


class RouteChangeForm(Form):
    """What is to change; a field that is left out stays as it is. ``archived: false`` brings a route back."""

    name: RouteName = Field(default_factory=str)
    stops: Stops = Field(default_factory=list)
    archived: Flag = Field(default_factory=bool)

    def change(self) -> RouteChange:
        """The same, to be applied to the route as it is found."""
        said = self.model_fields_set
        return RouteChange(
            name=self.name if "name" in said else None,
            stops=tuple(stop.wanted() for stop in self.stops) if "stops" in said else None,
            archived=self.archived if "archived" in said else None,
        )


class RouteParameters(PageParameters):
    """Filters and page; ``q`` is looked for in the name and in the names of the stops."""

    q: SearchText = None
    archived: bool = False

    def query(self) -> RouteQuery:
        """The filters alone."""
        return RouteQuery(self.q, self.archived)


class CopyForm(Form):
    """What the copy of a route is called."""

    name: RouteName
