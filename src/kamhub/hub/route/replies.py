"""What is told of routes, as the API documents it; made by ``views``."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from kamhub.platform.web.schemas import ListReply, NamesReply, Reply


class RouteStopReply(Reply):
    """A stop of a route, in minutes from the first."""

    position: int
    place_id: UUID
    slug: str
    name: NamesReply
    offset_minutes: int


class RouteReply(Reply):
    """A route with its stops in order; one ``in_use`` keeps them."""

    id: UUID
    name: str
    stops: list[RouteStopReply]
    in_use: bool
    archived: bool
    version: int
    created_at: datetime


class RouteListReply(ListReply[RouteReply]):
    """Routes by name."""
