"""What comes in from outside about the graph."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from kamhub.desk.graph.types import EntityQuery, EntityType, MergeState
from kamhub.platform.web.schemas import BlankIsNone, Line, PageParameters, Query, blank_is_none

Name = Annotated[Annotated[str, Field(max_length=200), Line] | None, BlankIsNone]
Type = Annotated[EntityType | None, blank_is_none(EntityType | None)]


class GraphParameters(Query):
    """Around what, how far and how much of it. ``around`` is an id or a name."""

    around: Name = None
    depth: Annotated[int, Field(ge=1, le=2)] = 1
    limit: Annotated[int, Field(ge=1, le=100)] = 50
    type: Type = None


class EntityParameters(PageParameters):
    """Filters and page of the entities; what is left out does not narrow."""

    q: Name = None
    type: Type = None

    def query(self) -> EntityQuery:
        """The filters alone."""
        return EntityQuery(self.q, self.type)


class MergeParameters(PageParameters):
    """Which proposals or decisions, and the page of them."""

    state: Annotated[MergeState, blank_is_none(MergeState)] = "proposed"


class GraphPageParameters(PageParameters):
    """What the page shows: around an entity, or what fits a name and a type."""

    around: Name = None
    q: Name = None
    type: Type = None
    page_size: Annotated[int, Field(ge=1, le=100)] = 20
